"""The pages of deliveries in Chromium: times, replay with one click, axe, width."""

import base64
import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page

from tests.support.chromium import VIEWPORTS, expect_accessible
from tests.support.chromium_fixtures import OpenPage
from tests.support.server_reports import send
from tests.support.servers import SECRET, DashboardServer

OPEN = {"Authorization": "Basic " + base64.b64encode(f"any:{SECRET}".encode()).decode()}
LONG = "a-very-long-name-" * 12
DIALECTS = ("github", "gitlab", "gitea", "bitbucket", "jenkins", "cdevents", "buildbot")


def fill(server: DashboardServer) -> list[str]:
    """Post deliveries of every verdict and dialect; return the ids of one that changed much and one that was cut."""
    step = {"name": LONG, "status": "running"}
    send(server, project="shop", run_id="1", status="running", steps=[step])
    answer = send(server, project="shop", run_id="1", status="failed", error=LONG, steps=[{**step, "status": "failed"}])
    for key in ("1", "2"):
        server.post({"project": "shop", "run_id": key}, Idempotency_Key="shop")
    server.post({"project": "shop", "run_id": "1"}, Idempotency_Key="shop-2")
    server.post({"project": "shop", "run_id": "1"}, Idempotency_Key="shop-2")
    for dialect in DIALECTS:
        path = f"/api/webhook/deployment/{dialect}"
        headers = {"Authorization": f"Bearer {SECRET}", "X-GitHub-Event": LONG, "X-Gitlab-Event": "Push Hook"}
        for body in (b'{"a": 1}', b"{"):
            assert server.request(path, body, headers)[0] == 200
    assert server.request("/api/webhook/deployment", b'{"a": "' + b"y" * 9000, {"User-Agent": LONG})[0] == 401
    cut = list_items(server, "verdict=rejected")[0]
    return [answer["delivery_id"], cut]


def list_items(server: DashboardServer, query: str) -> list[str]:
    """Return the ids of the deliveries that match."""
    status, answer = server.get(f"/api/deliveries?{query}", **OPEN)
    assert status == 200
    return [item["id"] for item in answer["items"]]


def list_paths(ids: list[str]) -> list[str]:
    """Return the URLs of the pages of deliveries in each of their states."""
    lists = [
        "",
        "?verdict=failed&replayed=3&skipped=1&failed=2&applied=1&left=a",
        "?q=nothing",
        "?verdict=x&since=never",
    ]
    return (
        [f"/deliveries{query}" for query in lists]
        + [f"/deliveries/{one}" for one in ids]
        + [f"/deliveries/{ids[0]}?replayed=1"]
    )


def unfold_each(open_page: OpenPage, paths: list[str], width: int, **options: str) -> Iterator[Page]:
    """Yield each page with everything unfolded. What one complains of is that the answer to a bad filter is a 400."""
    look = {"viewport": {"width": width, "height": 900}, "extra_http_headers": OPEN, **options}
    right, wrong = open_page(None, **look), open_page(None, outage=True, **look)
    for path in paths:
        page = wrong if "never" in path else right
        page.goto(path)
        page.evaluate("() => document.querySelectorAll('main details').forEach((details) => { details.open = true; })")
        yield page


@pytest.mark.parametrize(("width", "theme", "locale"), VIEWPORTS)
def test_axe_finds_nothing(
    open_page: OpenPage, dashboard_server: DashboardServer, width: int, theme: str, locale: str
) -> None:
    paths = list_paths(fill(dashboard_server))
    for page in unfold_each(open_page, paths, width, color_scheme=theme, locale=locale):
        expect_accessible(page)


def test_no_page_is_wider_than_the_window_and_no_card_is_clipped(
    open_page: OpenPage, dashboard_server: DashboardServer
) -> None:
    for page in unfold_each(open_page, list_paths(fill(dashboard_server)), 390):
        for width in (390, 760, 1000, 1280, 2560):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("() => document.documentElement.scrollWidth") <= width
            cut = page.locator("main .card").evaluate_all(
                "cards => cards.filter((card) => card.scrollWidth > card.clientWidth + 1).map((card) => card.outerHTML)"
            )
            assert cut == [], f"{page.url} at {width}"


def test_times_are_in_the_zone_of_the_visitor(open_page: OpenPage, dashboard_server: DashboardServer) -> None:
    answer = send(dashboard_server, project="zones", run_id="1")
    page = open_page(f"/deliveries/{answer['delivery_id']}", extra_http_headers=OPEN, locale="en-GB")
    shown = page.locator("main header time")
    utc = shown.get_attribute("title")
    assert utc is not None
    assert utc.endswith(" UTC")
    assert shown.inner_text() != utc
    assert int(shown.inner_text()[-8:-6]) == (int(utc[11:13]) + 8) % 24


@pytest.mark.parametrize("javascript", [True, False])
def test_one_click_replays_the_matching_deliveries(
    open_page: OpenPage, dashboard_server: DashboardServer, javascript: bool
) -> None:
    name = f"clicked-{javascript}"
    for number in (1, 2):
        send(dashboard_server, project=name, run_id=str(number))
    path = f"/deliveries?project={name.lower()}&verdict=applied"
    page = open_page(path, extra_http_headers=OPEN, java_script_enabled=javascript, locale="en-GB")
    page.get_by_role("button", name="Replay all matches").click()
    page.get_by_role("status").get_by_text("2 deliveries replayed:").wait_for()
    assert page.locator("tbody tr").count() == 2
    page.locator("tbody a.name").first.click()
    page.get_by_role("button", name="Replay").click()
    page.get_by_text("Replayed. This is the new result.").wait_for()


def test_empty_filters_are_left_out_of_the_url(open_page: OpenPage, dashboard_server: DashboardServer) -> None:
    page = open_page("/deliveries", extra_http_headers=OPEN, locale="en-GB")
    page.get_by_label("Verdict").select_option("applied")
    page.get_by_role("button", name="Filter", exact=True).click()
    page.wait_for_url("**/deliveries?*")
    assert parse_qs(urlsplit(page.url).query) == {"verdict": ["applied"]}


def test_a_page_of_another_site_cannot_replay(open_page: OpenPage, dashboard_server: DashboardServer) -> None:
    """The address by number and by name are two origins of one site, which share the password."""
    answer = send(dashboard_server, project="forged", run_id="1")
    page = open_page("/deliveries", outage=True, extra_http_headers=OPEN)
    target = dashboard_server.url.replace("127.0.0.1", "localhost") + f"/api/deliveries/{answer['delivery_id']}/replay"
    page.evaluate(f"() => fetch({json.dumps(target)}, {{method: 'POST', mode: 'no-cors'}}).catch(() => null)")
    status, delivery = dashboard_server.get(f"/api/deliveries/{answer['delivery_id']}", **OPEN)
    assert (status, delivery["replayed_at"]) == (200, None)

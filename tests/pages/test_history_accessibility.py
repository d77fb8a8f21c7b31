"""axe finds nothing on the history and on the page of a project, and no page is wider than the window."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.support.chromium import VIEWPORTS, expect_accessible, wait_connection
from tests.support.chromium_fixtures import OpenPage
from tests.support.server_reports import send
from tests.support.servers import DashboardServer

LONG = "a-very-long-name-" * 8
PATHS = (
    "/deployments",
    "/deployments?project=past&state=failed&branch=main",
    "/deployments?q=nothing",
    "/deployments?state=gone&since=never&until=never&project=nobody",
    "/projects/past",
    "/projects/fresh",
)


def fill(server: DashboardServer) -> None:
    """Report deployments that ended in every way, in several environments, and one that has only begun."""
    step = {"name": "build", "started_at": "2024-01-01T00:00:00Z", "completed_at": "2024-01-01T00:00:09Z"}
    named = {"project": "past", "commit_hash": LONG, "triggered_by": LONG, "branch": "main"}
    for number, status in enumerate(("success", "failed", "cancelled", "running")):
        steps = [{**step, "status": status}, {**step, "name": LONG, "status": status}]
        environment = LONG if number % 2 else "测试环境"
        send(server, run_id=str(number), status=status, environment=environment, steps=steps, **named)
    send(server, project="fresh", run_id="1")


def unfold_each(open_page: OpenPage, width: int, **options: str) -> Iterator[Page]:
    """Yield each page with everything unfolded. What one complains of is that the answer to a bad filter is a 400."""
    look = {"viewport": {"width": width, "height": 900}, **options}
    right, wrong = open_page(None, **look), open_page(None, outage=True, **look)
    for path in PATHS:
        page = wrong if "gone" in path else right
        page.goto(path)
        if page is right:
            wait_connection(page, "live")
        page.evaluate("() => document.querySelectorAll('main details').forEach((details) => { details.open = true; })")
        yield page


@pytest.mark.parametrize(("width", "theme", "locale"), VIEWPORTS)
def test_axe_finds_nothing(
    open_page: OpenPage, dashboard_server: DashboardServer, width: int, theme: str, locale: str
) -> None:
    fill(dashboard_server)
    for page in unfold_each(open_page, width, color_scheme=theme, locale=locale):
        expect_accessible(page)


def test_no_page_is_wider_than_the_window_and_no_card_is_clipped(
    open_page: OpenPage, dashboard_server: DashboardServer
) -> None:
    fill(dashboard_server)
    for page in unfold_each(open_page, 390):
        for width in (390, 760, 1280, 2560):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("() => document.documentElement.scrollWidth") <= width
            cut = page.locator("main .card:not(.running-card)").evaluate_all(
                "cards => cards.filter((card) => card.scrollWidth > card.clientWidth + 1).map((card) => card.outerHTML)"
            )
            assert cut == [], f"{page.url} at {width}"

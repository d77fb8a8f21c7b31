"""The pages of deliveries without a browser: the list with its filters, one delivery, replay by a form."""

import re
from html import unescape
from http import HTTPStatus
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.servers import SECRET
from tests.support.webhook_client import BEARER, make_payload, post

AS_BROWSER = {**BEARER, "Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


def read(client: FlaskClient, path: str, status: int = HTTPStatus.OK) -> str:
    response = client.get(path, headers=BEARER)
    assert response.status_code == status, response.text
    return response.text


def list_shown(page: str) -> list[str]:
    """Return the ids of the deliveries in the order of the rows."""
    return re.findall(r'<tr data-key="([0-9a-f-]{36})">', page)


def follow(page: str, relation: str) -> str | None:
    """Return the address of a link to another page of the list."""
    found = re.search(rf'rel="{relation}" href="([^"]+)"', page)
    return unescape(found[1]) if found else None


def deliver(client: FlaskClient, count: int, **payload: Any) -> list[str]:
    """Post deliveries; return their ids, newest first."""
    answers = [post(client, make_payload(run_id=str(n), **payload)).get_json() for n in range(count)]
    return [answer["delivery_id"] for answer in answers[::-1]]


@pytest.mark.parametrize("path", ["/deliveries", "/deliveries/00000000-0000-0000-0000-000000000000"])
def test_browsers_are_asked_for_the_secret_on_this_machine_too(client: FlaskClient, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        page = client.get(path, headers=headers)
        assert (page.status_code, page.mimetype) == (HTTPStatus.UNAUTHORIZED, "text/html")
        assert page.headers["WWW-Authenticate"].startswith("Basic ")
    assert client.get(f"{path}?token={SECRET}").status_code == HTTPStatus.UNAUTHORIZED


def test_a_row_shows_verdict_sender_event_reason_and_deployment(client: FlaskClient) -> None:
    number = post(client, make_payload()).get_json()["deployment_id"]
    post(client, {"zen": "z"}, {**BEARER, "X-GitHub-Event": "ping"})
    post(client, b"{}", {})
    rejected, ignored, applied = read(client, "/deliveries").split("<tbody>")[1].split("<tr ")[1:]
    assert 'data-state="partial"' in rejected
    assert '<span class="word">rejected</span>' in rejected
    assert "not authenticated" in rejected
    assert "Authentication failed: no bearer token or signature." in rejected
    assert '<span class="word">ignored</span>' in ignored
    assert "<code>ping</code>" in ignored
    assert '<span class="word">applied</span>' in applied
    assert f'href="/deployments/{number}">#{number}</a>' in applied


@pytest.mark.parametrize(
    ("query", "verdicts"),
    [
        ("", ["ignored", "rejected", "applied"]),
        ("?verdict=&dialect=&q=", ["ignored", "rejected", "applied"]),
        ("?verdict=rejected", ["rejected"]),
        ("?dialect=github", ["ignored"]),
        ("?source=default&event=ping", ["ignored"]),
        ("?project=shop", ["applied"]),
        ("?q=bearer", ["rejected"]),
        ("?since=2024-01-01&verdict=applied", ["applied"]),
        ("?until=2024-01-01", []),
        ("?deployment=999", []),
    ],
)
def test_filters_narrow_the_list(client: FlaskClient, query: str, verdicts: list[str]) -> None:
    post(client, make_payload())
    post(client, b"{}", {})
    post(client, {"zen": "z"}, {**BEARER, "X-GitHub-Event": "ping"})
    rows = read(client, f"/deliveries{query}").split("<tbody>")[1].split("</tbody>")[0]
    assert re.findall(r'<span class="word">(\w+)</span>', rows) == verdicts


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("verdict=maybe", "Unknown verdict “maybe”."),
        ("dialect=klingon", "Unknown dialect “klingon”."),
        ("project=nobody", "Project “nobody” does not exist."),
        ("deployment=x", "“x” is not a deployment number. Example: 12."),
        ("deployment=9223372036854775808", "“9223372036854775808” is not a deployment number. Example: 12."),
        ("since=yesterday", "“yesterday” is not a date. Example: 2024-01-31."),
        ("q=" + "x" * 301, "At most 300 characters."),
    ],
)
def test_an_invalid_filter_is_explained_at_its_field(client: FlaskClient, query: str, message: str) -> None:
    page = read(client, f"/deliveries?{query}", HTTPStatus.BAD_REQUEST)
    assert f">{message}</p>" in page
    assert 'id="results"' not in page


def test_pages_show_each_delivery_once_and_link_back(client: FlaskClient) -> None:
    ids = deliver(client, 120)
    pages = [read(client, "/deliveries?verdict=applied")]
    while older := follow(pages[-1], "next"):
        pages.append(read(client, older))
    assert [list_shown(page) for page in pages] == [ids[:50], ids[50:100], ids[100:]]
    assert follow(pages[0], "prev") is None
    back = read(client, follow(pages[2], "prev") or "")
    assert list_shown(back) == ids[50:100]
    assert follow(back, "next") == follow(pages[1], "next")
    first = read(client, follow(back, "prev") or "")
    assert list_shown(first) == ids[:50]
    assert follow(first, "prev") is None


def test_empty_lists_explain_what_to_do(client: FlaskClient) -> None:
    assert "No deliveries yet." in read(client, "/deliveries")
    assert "No matching deliveries." in read(client, "/deliveries?q=nothing")
    assert "Replay all matches" not in read(client, "/deliveries?q=nothing")


def test_an_invalid_cursor_is_refused(client: FlaskClient) -> None:
    for name in ("cursor", "newer"):
        read(client, f"/deliveries?{name}=bad", HTTPStatus.UNPROCESSABLE_ENTITY)


def test_a_delivery_shows_its_changes_headers_and_body(client: FlaskClient) -> None:
    post(client, make_payload(status="running"))
    answer = post(client, make_payload(status="failed", password="hunter2"), {**BEARER, "User-Agent": "curl/8"})
    page = read(client, f"/deliveries/{answer.get_json()['delivery_id']}")
    cells = r"<td>deployment</td><td><code>state</code></td><td><code>running</code></td><td><code>failed</code></td>"
    assert re.search(cells, page)
    assert "<code>curl/8</code>" in page
    assert "&#34;password&#34;: &#34;••••••&#34;" in page
    assert "hunter2" not in page


def test_an_unknown_delivery_is_404(client: FlaskClient) -> None:
    read(client, "/deliveries/00000000-0000-0000-0000-000000000000", HTTPStatus.NOT_FOUND)


def test_a_delivery_that_cannot_be_replayed_has_a_reason_and_no_button(client: FlaskClient) -> None:
    post(client, b"x" * 9000, {})
    (delivery_id,) = list_shown(read(client, "/deliveries"))
    page = read(client, f"/deliveries/{delivery_id}")
    assert "Cannot be replayed: the request was not authenticated." in page
    assert "only the first 4 KiB of 8.8 KiB were stored" in page
    assert ">Replay</button>" not in page


HOSTILE = "<script>alert(1)</script><b>\u202e\"'"


def test_hostile_text_is_escaped(client: FlaskClient) -> None:
    headers = {**BEARER, "X-GitHub-Event": "<script>alert(1)</script>", "User-Agent": "<img src=x onerror=alert(1)>"}
    answer = post(client, make_payload(note=HOSTILE), headers, path="/api/webhook/deployment/github").get_json()
    post(client, make_payload(project=HOSTILE, message=HOSTILE, steps=[{"name": HOSTILE, "status": "ok"}]))
    newest, _ = list_shown(read(client, "/deliveries"))
    query = "?replayed=%3Cscript%3E&left=%22%3E%3Cscript%3E&q=%3Cscript%3E"
    paths = ["/deliveries", f"/deliveries{query}", f"/deliveries/{newest}", f"/deliveries/{answer['delivery_id']}"]
    for path in (*paths, f"/deliveries/{newest}?refused=%3Cscript%3E"):
        page = read(client, path)
        assert "<script>" not in page
        assert "<img" not in page
        assert "\u202e" not in re.sub("<option.*?</option>", "", page)


def test_a_form_replays_one_delivery_and_shows_the_result(client: FlaskClient) -> None:
    (delivery_id,) = deliver(client, 1)
    action = re.search(r'method="post" action="([^"]+/replay)"', read(client, f"/deliveries/{delivery_id}"))
    assert action is not None
    answer = client.post(action[1], headers=AS_BROWSER)
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert "Replayed. This is the new result." in read(client, answer.location)
    assert '<span class="tag">replayed</span>' in read(client, "/deliveries")


def read_form(page: str) -> tuple[str, dict[str, str]]:
    """Return the address and the hidden fields of the form that replays."""
    form = re.search(r'<form class="replay" method="post" action="([^"]+)">(.*?)</form>', page, re.DOTALL)
    assert form is not None
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form[2])
    return unescape(form[1]), {name: unescape(value) for name, value in fields}


def test_a_form_replays_all_matching_deliveries_and_returns_to_the_list(client: FlaskClient) -> None:
    deliver(client, 3, status="running")
    post(client, b"{}", {})
    shown = "/deliveries?verdict=applied&since=2024-01-01&until=2999-12-31&project=shop"
    action, fields = read_form(read(client, shown))
    assert fields == {"verdict": "applied", "since": "2024-01-01", "until": "2999-12-31", "project": "shop"}
    answer = client.post(action, headers=AS_BROWSER, data=fields)
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert answer.location.startswith("/deliveries?verdict=applied&")
    page = read(client, answer.location)
    assert "3 deliveries replayed:" in page
    assert len(list_shown(page)) == 3


def test_the_remaining_deliveries_are_replayed_by_another_form(client: FlaskClient) -> None:
    deliver(client, 3)
    cursor = client.post("/api/deliveries/replay?limit=2", headers=BEARER).get_json()["next_cursor"]
    page = read(client, f"/deliveries?verdict=applied&replayed=2&skipped=0&applied=2&left={cursor}")
    assert "Replay the next batch" in page
    action, fields = read_form(page)
    answer = client.post(action, headers=AS_BROWSER, data=fields)
    assert "1 delivery replayed:" in read(client, answer.location)


def test_the_page_of_a_deployment_links_to_its_deliveries(client: FlaskClient) -> None:
    number = post(client, make_payload()).get_json()["deployment_id"]
    post(client, make_payload(run_id="2"))
    assert f'href="/deliveries?deployment={number}"' in read(client, f"/deployments/{number}")
    assert len(list_shown(read(client, f"/deliveries?deployment={number}"))) == 1

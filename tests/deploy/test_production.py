"""Production through nginx and below a prefix: what a sender, a page and an operator get."""

import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg2
import pytest

from tests.support.fixtures import StartProduction
from tests.support.production import ProductionShape
from tests.support.servers import SECRET, open_url, read_metric, wait_until
from tests.support.socketio_client import SocketIOClient

PREFIX = "/project-dashboard"


@pytest.fixture(scope="module")
def shape(start_production: StartProduction) -> ProductionShape:
    """Give a shape that all tests here share: each leaves everything running."""
    return start_production(DASHBOARD_URL_PREFIX=PREFIX)


@pytest.fixture
def pages(shape: ProductionShape) -> Iterator[list[SocketIOClient]]:
    """Give two pages; nginx connects each to another live process."""
    opened = [SocketIOClient(shape.url), SocketIOClient(shape.url)]
    yield opened
    for page in opened:
        page.close()


def make_payload(run_id: str, **fields: object) -> dict[str, object]:
    """Return a delivery about one deployment."""
    return {"project": "shop", "run_id": run_id, "status": "running", **fields}


def list_upstreams(shape: ProductionShape, **fields: str) -> list[str]:
    """Return who answered the requests with these fields, as nginx logs it a moment after; empty for nginx itself."""
    lines = [line for line in shape.read_access_log() if line.items() >= fields.items()]
    return [line["upstream"].rpartition("/")[2] for line in lines]


@contextmanager
def without_table(shape: ProductionShape, table: str) -> Iterator[None]:
    """Hide a table of the database while the block runs."""
    connection = psycopg2.connect(shape.database_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO hidden")
        yield
        cursor.execute(f"ALTER TABLE hidden RENAME TO {table}")
    connection.close()


def test_a_delivery_reaches_pages_at_both_live_processes(shape: ProductionShape, pages: list[SocketIOClient]) -> None:
    for page in pages:
        page.subscribe("overview")
    metric = "dashboard_fanout_receivers_total"
    before = read_metric(open_url(f"{shape.url}/metrics")[2], metric)
    posted: set[int] = set()
    for number in range(20):
        status, receipt = shape.post(make_payload(f"live {number}"))
        assert status == 200
        assert receipt["url"] == f"{shape.url}/deployments/{receipt['deployment_id']}"
        posted.add(receipt["deployment_id"])
    for page in pages:
        awaited = set(posted)  # in any order: the frames of several deployments go out together
        while awaited:
            awaited.discard(page.take_frame()[1]["deployment_id"])
    # Several messages may go out together, and the count follows the writing.
    wait_until(lambda: read_metric(open_url(f"{shape.url}/metrics")[2], metric) >= before + len(pages))


def test_pages_are_spread_over_the_live_processes(shape: ProductionShape) -> None:
    def count_sockets() -> float:
        return read_metric(shape.ask("web", "/metrics")[2], "dashboard_sockets")

    wait_until(lambda: count_sockets() == 0)
    opened = [SocketIOClient(shape.url, {"User-Agent": "spread"}) for _ in range(4)]
    assert count_sockets() == 4
    for page in opened:
        page.close()
    wait_until(lambda: count_sockets() == 0)
    wait_until(lambda: len(list_upstreams(shape, agent="spread")) == 4)
    assert sorted(list_upstreams(shape, agent="spread")) == ["live-1.sock"] * 2 + ["live-2.sock"] * 2


def test_each_role_answers_only_its_own_routes(shape: ProductionShape) -> None:
    for path in ("/", "/deployments", "/api/projects", "/api/webhook/deployment", "/static/x/app.js"):
        status, headers, _ = shape.ask("live-1", path)
        assert (status, headers["Content-Type"]) == (404, "application/problem+json"), path
    assert shape.ask("web", "/socket.io/?EIO=4&transport=websocket")[0] == 404
    for name in shape.backends:
        assert [shape.ask(name, path)[0] for path in ("/health", "/ready", "/metrics")] == [200, 200, 200]


def test_a_unix_socket_peer_without_a_forwarded_address_needs_the_secret(shape: ProductionShape) -> None:
    assert shape.ask("web", "/api/projects")[0] == 200
    assert shape.ask("web", "/api/projects", **{"X-Forwarded-For": ""})[0] == 401
    bearer = {"Authorization": f"Bearer {SECRET}"}
    assert shape.ask("web", "/api/projects", **{"X-Forwarded-For": "203.0.113.9"}, **bearer)[0] == 200


@pytest.mark.parametrize("path", ["/", "/api/projects", "/metrics"])
def test_a_remote_visitor_needs_the_secret_through_nginx_too(shape: ProductionShape, path: str) -> None:
    assert open_url(shape.url + path)[0] == 200
    assert open_url(shape.url + path, X_Forwarded_For="203.0.113.9")[0] == 401
    assert open_url(shape.url + path, Host="dashboard.example.org")[0] == 401


def test_a_body_over_the_limit_of_the_dashboard_is_a_problem_document(shape: ProductionShape) -> None:
    too_large = b"x" * (2 * 1024**2 + 1)
    bearer = {"Authorization": f"Bearer {SECRET}", "Content_Type": "application/json"}
    status, headers, text = open_url(f"{shape.url}/api/webhook/deployment", too_large, **bearer)
    assert (status, headers["Content-Type"]) == (413, "application/problem+json")
    assert "The body is larger than 2097152 bytes." in text


@pytest.mark.parametrize(("sender", "expected"), [({}, 413), ({"X_Gitlab_Event": "Job Hook"}, 503)])
def test_a_body_over_the_limit_of_nginx_is_a_problem_document(
    shape: ProductionShape, sender: dict[str, str], expected: int
) -> None:
    status, headers, text = open_url(f"{shape.url}/api/webhook/deployment", b"x" * (4 * 1024**2 + 1), **sender)
    assert (status, headers["Content-Type"]) == (expected, "application/problem+json")
    assert f'"status":{expected}' in text
    assert headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        ("GET /api/projects HTTP/1.1\r\nHost: localhost\r\nX-Token: a\0b\r\n\r\n", 400),
        ("GARBAGE\r\n\r\n", 400),
        (f"GET /api/projects HTTP/1.1\r\nHost: localhost\r\nX-Token: {'x' * 20_000}\r\n\r\n", 400),
        ("TRACE /api/projects HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        (f"GET /{'x' * 20_000} HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
    ],
)
def test_what_nginx_refuses_itself_is_a_problem_document(
    shape: ProductionShape, request_text: str, status: int
) -> None:
    with socket.create_connection(("127.0.0.1", shape.port), timeout=10) as connection:
        connection.sendall(request_text.encode())
        with http.client.HTTPResponse(connection) as answer:
            answer.begin()
            problem = json.loads(answer.read())
    assert (answer.status, problem["status"]) == (status, status)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Request-ID"]


def test_a_multipart_body_and_an_address_with_a_slash_reach_the_dashboard_through_nginx(shape: ProductionShape) -> None:
    bearer = {"Authorization": f"Bearer {SECRET}", "Content_Type": "application/json"}
    address = f"{shape.url}/api/webhook/deployment/"
    status, headers, _ = open_url(address, b"--x--", **{**bearer, "Content_Type": "multipart/form-data; boundary=x"})
    assert (status, headers["Content-Type"]) == (415, "application/problem+json")
    assert headers["X-Request-ID"]
    assert open_url(address, json.dumps(make_payload("slash")).encode(), **bearer)[0] == 200


def test_delivery_answer_and_access_log_share_one_id(shape: ProductionShape) -> None:
    body = b'{"project": "shop", "run_id": "ids", "status": "running"}'
    sent = {"Authorization": f"Bearer {SECRET}", "Content_Type": "application/json", "X_Request_ID": "a" * 32}
    status, headers, text = open_url(f"{shape.url}/api/webhook/deployment?token=not-for-logs", body, **sent)
    assert status == 200
    request_id = headers["X-Request-ID"]
    assert f'"delivery_id":"{request_id}"' in text.replace(" ", "")
    wait_until(lambda: request_id in [line["request_id"] for line in shape.read_access_log()])
    assert "not-for-logs" not in str(shape.read_access_log())
    bearer = {"Authorization": f"Bearer {SECRET}"}
    assert shape.get(f"/api/deliveries/{request_id}", **bearer)[1]["id"] == request_id


def test_rejected_delivery_has_the_id_of_its_answer(shape: ProductionShape) -> None:
    status, headers, _ = open_url(f"{shape.url}/api/webhook/deployment", b"{}", Authorization="Bearer wrong")
    assert status == 401
    kept = shape.get(f"/api/deliveries/{headers['X-Request-ID']}", Authorization=f"Bearer {SECRET}")
    assert kept[1]["verdict"] == "rejected"


def test_errors_are_logged_as_json_with_the_request_id_of_the_answer(shape: ProductionShape) -> None:
    body = b'{"project": "not-for-logs", "run_id": "1", "status": "running"}'
    sent = {"Authorization": f"Bearer {SECRET}", "Content_Type": "application/json"}
    with without_table(shape, "deliveries"):
        status, headers, _ = open_url(f"{shape.url}/api/webhook/deployment?token=not-for-logs", body, **sent)
    assert status == 500
    lines = [line for line in shape.read_log("web") if line.get("request_id") == headers["X-Request-ID"]]
    assert {line["level"] for line in lines} == {"ERROR"}
    assert "Traceback" in lines[-1]["exc_info"]
    assert "not-for-logs" not in str(lines)
    assert SECRET not in str(shape.read_log("web"))


def test_metrics_add_up_the_counts_of_all_processes(shape: ProductionShape, pages: list[SocketIOClient]) -> None:
    for page in pages:
        page.subscribe("overview")
    names = [
        'dashboard_deliveries_total{dialect="native",verdict="applied"}',
        "dashboard_delivery_seconds_count",
        "dashboard_batch_deliveries_sum",
    ]
    assert shape.post(make_payload("a counter has no line before it counts"))[0] == 200
    before = open_url(f"{shape.url}/metrics")[2]
    with ThreadPoolExecutor(16) as senders:
        answers = list(senders.map(lambda number: shape.post(make_payload(f"counted {number}")), range(60)))
    assert {status for status, _ in answers} == {200}
    # Every process answers the same, through nginx or directly.
    for after in (open_url(f"{shape.url}/metrics")[2], *(shape.ask(name, "/metrics")[2] for name in shape.backends)):
        assert [read_metric(after, name) - read_metric(before, name) for name in names] == [60, 60, 60]
        assert read_metric(after, "dashboard_pool_size") == 4 * 10
        assert read_metric(after, "dashboard_queue_deliveries") == 0
    # The live processes learn of a delivery after its sender was answered.
    sent = "dashboard_fanout_messages_total"
    wait_until(lambda: sent in (text := open_url(f"{shape.url}/metrics")[2]) and read_metric(text, sent) > 0)


def test_static_files_come_from_the_cache_of_nginx(shape: ProductionShape) -> None:
    page = open_url(shape.url + "/")[2]
    address = page.split(f'href="{PREFIX}/static/')[1].split('"')[0]
    url = f"{shape.url}/static/{address}"
    first = open_url(url)
    assert first[0] == 200

    def comes_from_cache() -> bool:
        again = open_url(url)
        assert again[::2] == first[::2]
        assert "immutable" in again[1]["Cache-Control"]
        return "" in list_upstreams(shape, path=f"{PREFIX}/static/{address}")

    wait_until(comes_from_cache)

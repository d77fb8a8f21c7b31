"""With a real server: chunked bodies, their maximum size, and the log."""

import http.client
import json
import socket
from collections.abc import Iterable
from typing import Any

import pytest

from tests.support.fixtures import StartDashboard
from tests.support.servers import SECRET, DashboardServer
from tests.support.webhook_client import BEARER, PATH, make_payload, sign_hub


@pytest.fixture(scope="module")
def small_server(start_dashboard: StartDashboard) -> DashboardServer:
    """Give a dashboard that reads bodies of one kibibyte at most."""
    return start_dashboard(DASHBOARD_MAX_BODY_BYTES="1024")


def exchange(server: DashboardServer, headers: dict[str, str], *parts: bytes) -> tuple[int, str, dict[str, Any]]:
    """Send a POST as these very bytes; return status, media type and answer."""
    head = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "localhost", **headers}.items())
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(f"POST {PATH} HTTP/1.1\r\n{head}\r\n".encode() + b"".join(parts))
        with http.client.HTTPResponse(connection, method="POST") as response:
            response.begin()
            return response.status, response.headers.get_content_type(), json.loads(response.read())


def chunk(*parts: bytes) -> Iterable[bytes]:
    """Return the parts in chunked transfer encoding, with the end."""
    return (b"%x\r\n%b\r\n" % (len(part), part) for part in (*parts, b""))


JSON_CHUNKS = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}


def test_body_in_chunks_is_accepted(small_server: DashboardServer) -> None:
    body = json.dumps(make_payload(branch="分支"), ensure_ascii=False).encode()
    parts = chunk(*(body[place : place + 5] for place in range(0, len(body), 5)))
    status, _, answer = exchange(small_server, {**BEARER, **JSON_CHUNKS}, *parts)
    assert (status, answer["verdict"]) == (200, "applied")
    assert small_server.get(f"/api/deployments/{answer['deployment_id']}")[1]["branch"] == "分支"


def test_the_signature_of_a_chunked_body_excludes_the_framing(small_server: DashboardServer) -> None:
    body = json.dumps(make_payload()).encode()
    signed = {"X-Hub-Signature-256": sign_hub(body)}
    assert exchange(small_server, {**signed, **JSON_CHUNKS}, *chunk(body[:7], body[7:]))[0] == 200
    assert exchange(small_server, {**signed, **JSON_CHUNKS}, *chunk(body[7:], body[:7]))[0] == 401


@pytest.mark.parametrize("credentials", [{}, BEARER])
def test_too_large_body_in_chunks_is_413(small_server: DashboardServer, credentials: dict[str, str]) -> None:
    status, media_type, problem = exchange(small_server, {**credentials, **JSON_CHUNKS}, *chunk(b" " * 1024, b" "))
    assert (status, media_type, problem["status"]) == (413, "application/problem+json", 413)


def test_a_chunked_body_of_the_maximum_size_is_read(small_server: DashboardServer) -> None:
    assert exchange(small_server, {**BEARER, **JSON_CHUNKS}, *chunk(b" " * 1000, b" " * 24))[0] == 400


@pytest.mark.parametrize("credentials", [{}, BEARER])
def test_a_too_large_body_is_413_before_it_is_sent(small_server: DashboardServer, credentials: dict[str, str]) -> None:
    status, media_type, _ = exchange(small_server, {**credentials, "Content-Length": "1025"})
    assert (status, media_type) == (413, "application/problem+json")


def test_a_body_that_ends_early_is_refused(small_server: DashboardServer) -> None:
    body = json.dumps(make_payload(project="ends-early")).encode()
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {SECRET}\r\n"
    with socket.create_connection(("127.0.0.1", small_server.port), timeout=10) as connection:
        connection.sendall(f"{head}Content-Length: {len(body) + 1}\r\n\r\n".encode() + body)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(65536)
    assert b" 200 " not in answer.split(b"\r\n")[0]
    assert small_server.get("/api/projects/ends-early")[0] == 404


def test_the_log_contains_no_secret_and_no_query_string(
    start_dashboard: StartDashboard, capfd: pytest.CaptureFixture[str]
) -> None:
    server = start_dashboard()
    server.post(make_payload())
    server.post(make_payload(), Authorization="Bearer wrong-token-5150")
    server.post(b"{broken-body-5150", X_Hub_Signature_256=sign_hub(b"{broken-body-5150"))
    server.get("/api/deployments?q=query-5150&cursor=bad-5150")
    server.get("/api/deliveries?token=query-5150", Authorization=f"Bearer {SECRET}")
    server.get("/api/none?token=query-5150")
    server.stop()
    out, err = capfd.readouterr()
    assert "5150" not in out + err
    assert SECRET not in out + err

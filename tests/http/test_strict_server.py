"""Requests byte by byte: ambiguous ones are refused, and slow clients are disconnected."""

import http.client
import io
import json
import socket
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import gevent
import gevent.pool
import gevent.socket
import pytest

from dashboard.http import strict_server as wire
from tests.support.fixtures import StartDashboard
from tests.support.servers import SECRET, DashboardServer

WITHIN_S = 20
POST = f"POST /api/webhook/deployment HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {SECRET}\r\n"
GET = "GET /health HTTP/1.1\r\nHost: localhost\r\n"
SECOND = f"{GET}Connection: close\r\n\r\n"


def exchange(server: DashboardServer, request: str) -> bytes:
    """Send these bytes and return everything until the server ends the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=WITHIN_S) as connection:
        connection.sendall(request.encode())
        answer = b""
        while more := connection.recv(65536):
            answer += more
        return answer


def assert_problem(answer: bytes, status: int) -> dict[str, Any]:
    """Check that an answer is a problem document with an id of the request; return it."""
    received = http.client.HTTPResponse(AnsweringSocket(answer))  # type: ignore[arg-type]
    received.begin()
    assert received.status == status
    assert received.headers["Content-Type"] == "application/problem+json"
    assert uuid.UUID(received.headers["X-Request-ID"]).version == 7
    problem: dict[str, Any] = json.loads(received.read())
    assert (problem["type"], problem["status"]) == ("about:blank", status)
    assert problem["title"].upper() == received.reason.upper()
    assert problem["detail"].endswith(".")
    assert "5150" not in problem["detail"]
    return problem


class AnsweringSocket:
    """A connection on which an answer has already arrived."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def makefile(self, _mode: str) -> io.BytesIO:
        """Return the answer as a file."""
        return io.BytesIO(self._answer)


@pytest.mark.parametrize(
    "request_text",
    [
        "GET /health?token=query-5150\r\n\r\n",
        "GET /health?token=query-5150 HTTP/9.9\r\n\r\n",
        "GARBAGE query-5150\r\n\r\n",
        f"{GET}X-Token query-5150\r\n\r\n",
        f"{GET}X-Token : query-5150\r\n\r\n",
        f"{GET}X-Token: a\r\n query-5150\r\n\r\n",
        f"{GET}X-Token: a\rquery-5150: b\r\n\r\n",
        f"{GET}X-Token: a\r\rquery-5150: b\r\n\r\n",
        f"{GET}X-Token: a\0query-5150\r\n\r\n",
        f"{POST}Content-Type: multipart/form-data; boundary=x\r\nX-Token query-5150\r\nContent-Length: 2\r\n\r\n{{}}",
        f"{GET}" + "X-Token: query-5150\r\n" * 200 + "\r\n",
        f"{GET}X-Token: {'query-5150' * 7000}\r\n\r\n",
        f"{POST}Content-Length: 2\r\nContent-Length: 30\r\n\r\n{{}}",
        f"{POST}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n",
        f"{POST}Content-Length: 1_0\r\n\r\n{{}}        ",
        f"{POST}Content-Length: +2\r\n\r\n{{}}",
        f"{POST}Content-Length: -2\r\n\r\n{{}}",
        f"{POST}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n",
        f"{POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n",
        f"{POST}Transfer-Encoding: chunked\r\n\r\nZZ\r\n{{}}\r\n0\r\n\r\n",
        f"{POST}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}{{}}\r\n0\r\n\r\n",
    ],
)
def test_an_ambiguous_request_gets_one_answer_and_smuggles_no_second_request(
    request_text: str, dashboard_server: DashboardServer
) -> None:
    answer = exchange(dashboard_server, request_text + SECOND)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert_problem(answer, 400)


def test_a_refusal_states_its_reason(dashboard_server: DashboardServer) -> None:
    answer = exchange(dashboard_server, f"{POST}Content-Length: 2\r\nContent-Length: 30\r\n\r\n{{}}")
    assert assert_problem(answer, 400)["detail"] == "The request is not valid HTTP (more than one length)."


def test_a_too_long_address_is_414_with_a_problem_document(dashboard_server: DashboardServer) -> None:
    assert_problem(exchange(dashboard_server, f"GET /{'5150' * 5_000} HTTP/1.1\r\nHost: localhost\r\n\r\n"), 414)


@pytest.mark.parametrize(
    "media_type",
    [
        "multipart/form-data; boundary=x", "multipart/form-data", "multipart/mixed; boundary=\"x", "multipart/related",
        "multipart/mixed; boundary=x\r\nContent-Transfer-Encoding: base64", "message/rfc822", "text/plain",
    ],
)  # fmt: skip
def test_another_media_type_reaches_the_webhook_which_explains_what_to_send(
    dashboard_server: DashboardServer, media_type: str
) -> None:
    body = '--x\r\nContent-Disposition: form-data; name="payload"\r\n\r\n{}\r\n--x--\r\n'
    head = f"{POST}Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    problem = assert_problem(exchange(dashboard_server, head + body), 415)
    assert problem["detail"] == "Send JSON, with Content-Type: application/json."


def test_the_log_does_not_quote_an_unreadable_request(
    start_dashboard: StartDashboard, capfd: pytest.CaptureFixture[str]
) -> None:
    server = start_dashboard()
    exchange(server, "GET /health?token=query-5150\r\n\r\n")
    exchange(server, f"{GET}" + "X-Token: query-5150\r\n" * 200 + "\r\n")
    exchange(server, f"{POST}Transfer-Encoding: chunked\r\n\r\nquery-5150\r\n")
    server.stop()
    out, err = capfd.readouterr()
    assert "5150" not in out + err
    assert "Traceback" not in out + err


def test_pipelined_requests_are_answered_one_by_one(dashboard_server: DashboardServer) -> None:
    offer = "Connection: Upgrade\r\nUpgrade: h2c\r\n"
    posted = f"{POST}{offer}Content-Length: 2\r\n\r\n{{}}"
    answer = exchange(dashboard_server, f"{GET}\r\n{posted}{SECOND}")
    statuses = [part.split()[0] for part in answer.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"422", b"200"]


def test_an_incomplete_head_times_out_and_ends_the_connection(dashboard_server: DashboardServer) -> None:
    beginnings = ["", "GET /hea", f"{GET}X-Token: "]
    with ThreadPoolExecutor(len(beginnings)) as clients:
        for answer in clients.map(lambda beginning: exchange(dashboard_server, beginning), beginnings):
            assert b" 200 " not in answer
            if answer:
                assert_problem(answer, 408)


@pytest.mark.parametrize("size", [wire.MAX_JOINED_BYTES, 3 * wire.MAX_JOINED_BYTES])
def test_an_answer_that_a_client_does_not_read_in_time_is_cut_off(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "SOCKET_TIMEOUT_S", 0.5)

    def answer(_environ: object, start_response: Callable[..., object]) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Length", str(size))])
        yield b"x" * size

    with gevent.socket.socket() as listener, gevent.socket.socket() as client:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        served = gevent.pool.Pool()
        server = wire.StrictServer(listener, answer, handler_class=wire.StrictHandler, spawn=served, log=None)
        server.start()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        client.connect(listener.getsockname())
        client.sendall(GET.encode() + b"\r\n")
        with gevent.Timeout(WITHIN_S):
            while not served:
                gevent.sleep(0.01)
            served.join()
            body = b"".join(iter(lambda: client.recv(65536), b"")).partition(b"\r\n\r\n")[2]
        server.stop()
    assert 0 < len(body) < size
    assert set(body) == set(b"x")

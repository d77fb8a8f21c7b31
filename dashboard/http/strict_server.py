"""A stricter HTTP server for gunicorn's `gevent_pywsgi` worker: it has timeouts, and logs nothing of requests.

The worker uses the parser of gevent 26.9.0 (`gevent/pywsgi.py`). It is fast, but it has no timeouts, logs what it
cannot parse, and accepts requests that other parsers understand differently: behind a proxy, the end of one request
could become the beginning of another client's (request smuggling). Nothing here depends on the application.
"""

import email.errors
import http.client
import json
import re
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import gevent
from gunicorn.workers.ggevent import PyWSGIHandler, PyWSGIServer
from werkzeug.http import HTTP_STATUS_CODES

from dashboard.database.uuid7 import make_uuid7

HEAD_TIMEOUT_S = 10
"""How long a connection may take from one answer to the complete head of the next request."""
SOCKET_TIMEOUT_S = 30
"""How long a client may pause while it sends a body or reads an answer."""
MAX_JOINED_BYTES = 16 * 1024
"""The maximum size of the first part of a body that is sent together with its head."""
MAX_ACCEPT = 5
"""Connections that are accepted before open ones are served again: otherwise, when a thousand pages reconnect at once,
all are accepted and none is answered."""
BODY_DEFECTS = (
    email.errors.NoBoundaryInMultipartDefect,
    email.errors.StartBoundaryNotFoundDefect,
    email.errors.MultipartInvariantViolationDefect,
    email.errors.InvalidMultipartContentTransferEncodingDefect,
)
"""What the standard library, which reads headers as those of an email, finds wrong with any multipart request: it looks
for the parts among the headers."""
HIDDEN_LINE_END = re.compile(rb"\x00|\r(?!\n)")
"""NUL, or a CR without LF: some parsers end a line there."""
INVALID = "The request is not valid HTTP"


class AmbiguousRequestError(ValueError):
    """A request that two parsers may understand differently."""


class StrictHandler(PyWSGIHandler):  # type: ignore[misc]  # the library is not annotated
    """Reads and answers the requests of one connection."""

    wsgi_input: Any
    head_timeout: gevent.Timeout
    _joined: bytearray | None = None
    """Collects head and first part of an answer; None: data is sent at once."""
    headers_sent = False

    def __init__(self, sock: Any, *args: Any) -> None:  # noqa: ANN401
        sock.settimeout(SOCKET_TIMEOUT_S)
        super().__init__(sock, *args)

    def handle_one_request(self) -> Any:  # noqa: ANN401
        """Read and answer one request; return as gevent does whether to read another one."""
        self.head_timeout = gevent.Timeout.start_new(
            HEAD_TIMEOUT_S, TimeoutError("the request head did not arrive in time")
        )
        try:
            result = super().handle_one_request()
        finally:
            self.head_timeout.close()
        if isinstance(result, tuple) and result[0] == "414":
            return "414", make_refusal(HTTPStatus.REQUEST_URI_TOO_LONG, "The request line is too long.")
        return result

    def read_request(self, raw_requestline: str) -> bool:
        """Read the head; raise if it is invalid. HTTP/0.9, which has neither headers nor a status, is refused."""
        if len(raw_requestline.split()) != 3:
            raise AmbiguousRequestError("not a request line of HTTP/1")
        return bool(super().read_request(raw_requestline))

    def MessageClass(self, file: Any, *_: Any) -> http.client.HTTPMessage:  # noqa: ANN401, N802  # its name in gevent
        """Read the headers; raise if the length of the body is missing or ambiguous."""

        def read_line(limit: int) -> bytes:
            line: bytes = file.readline(limit)
            if HIDDEN_LINE_END.search(line):
                raise AmbiguousRequestError("NUL or a CR without LF among the headers")
            return line

        headers: http.client.HTTPMessage = super().MessageClass(SimpleNamespace(readline=read_line))
        check_headers(headers)
        return headers

    def handle_one_response(self) -> None:
        """Let the application answer; close the connection if the end of this request's body is unknown."""
        self.head_timeout.close()
        super().handle_one_response()
        if self.wsgi_input is None or self.wsgi_input._chunked_input_error:
            self.close_connection = True

    def start_response(self, *args: Any) -> Any:  # noqa: ANN401
        """Begin an answer; while the server is stopping, it is the last one on its connection."""
        if not self.server.started:
            self.close_connection = True
        return super().start_response(*args)

    def _write_with_headers(self, data: bytes) -> None:
        """Send the head and a short first part of the body together: gevent would send two packets."""
        if len(data) > MAX_JOINED_BYTES:
            super()._write_with_headers(data)
            return
        self._joined = bytearray()
        try:
            super()._write_with_headers(data)
        finally:
            joined, self._joined = self._joined, None
        self._sendall(joined)

    def _sendall(self, data: bytes | bytearray) -> None:
        if self._joined is None:
            super()._sendall(data)
        else:
            self._joined += data

    def _send_error_response_if_possible(self, error_code: int) -> None:
        """Answer with an error unless part of another answer may have been sent: gevent counts only whole sends."""
        if self.headers_sent:
            self.close_connection = True
        else:
            status = HTTPStatus(error_code)
            headers, body = make_problem(status, "The request failed." if error_code >= 500 else f"{INVALID}.")
            try:
                self.start_response(f"{error_code} {HTTP_STATUS_CODES[error_code]}", headers)
                self.write(body)
            except OSError:
                self.close_connection = True

    def log_request(self) -> None:
        """Write no access log: query strings may contain confidential values."""

    def _connection_upgrade_requested(self) -> bool:
        """Return whether the connection becomes a WebSocket; a request with a body is handled as an ordinary one."""
        return self.command == "GET" and bool(super()._connection_upgrade_requested())

    def _handle_client_error(self, error: Exception) -> tuple[str, bytes]:
        """Return the answer to an invalid request. Nothing is logged: gevent would log the whole request line."""
        if isinstance(error, TimeoutError):
            return "408", make_refusal(HTTPStatus.REQUEST_TIMEOUT, "The headers of the request did not arrive in time.")
        reason = f" ({error})" if isinstance(error, AmbiguousRequestError) else ""
        return "400", make_refusal(HTTPStatus.BAD_REQUEST, f"{INVALID}{reason}.")


class StrictServer(PyWSGIServer):  # type: ignore[misc]  # the library is not annotated
    """Serves open connections between accepting new ones."""

    max_accept = MAX_ACCEPT


def make_problem(status: HTTPStatus, detail: str) -> tuple[list[tuple[str, str]], bytes]:
    """Return headers and body of an answer that never reaches the application: a problem document with an id."""
    title = HTTP_STATUS_CODES[status]
    document = json.dumps({"type": "about:blank", "title": title, "status": status.value, "detail": detail}).encode()
    headers = {
        "Content-Type": "application/problem+json",
        "Content-Length": str(len(document)),
        "Connection": "close",
        "X-Request-ID": str(make_uuid7()),
    }
    return list(headers.items()), document


def make_refusal(status: HTTPStatus, detail: str) -> bytes:
    """Return a whole answer, from its status line on, to a request that cannot be read."""
    headers, document = make_problem(status, detail)
    lines = [f"HTTP/1.1 {status.value} {HTTP_STATUS_CODES[status]}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join((*lines, "", "")).encode() + document


def check_headers(headers: http.client.HTTPMessage) -> None:
    """Raise AmbiguousRequestError unless every parser finds the same headers and the same length of the body."""
    defects = [defect for defect in headers.defects if not isinstance(defect, BODY_DEFECTS)]
    if defects or any("\n" in value or "\r" in value for value in headers.values()):
        raise AmbiguousRequestError("malformed or folded header")
    lengths, codings = headers.get_all("Content-Length", []), headers.get_all("Transfer-Encoding", [])
    if len(lengths) + len(codings) > 1:
        raise AmbiguousRequestError("more than one length")
    if lengths and not (lengths[0].isascii() and lengths[0].isdigit()):
        raise AmbiguousRequestError("Content-Length is not a number")
    if codings and codings[0].lower() != "chunked":
        raise AmbiguousRequestError("a transfer coding other than chunked")

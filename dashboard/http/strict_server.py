"""How requests are read: strictly, within bounded time, and without a word about them in the log.

For gunicorn's `gevent_pywsgi` worker, which leaves reading to gevent 26.9.0 (`gevent/pywsgi.py`). That parser is quick,
but waits for ever, writes what it cannot read into the log, and takes what another reader would understand differently:
behind a proxy, the end of one request could then be the beginning of somebody else's. Nothing here knows the
application.
"""

import http
import http.client
from typing import Any

import gevent
from gunicorn.workers.ggevent import PyWSGIHandler, PyWSGIServer

HEAD_S = 10
"""How long a connection may take from one answer to the whole head of the next request."""
SILENCE_S = 30
"""How long a client may send nothing of a body that it announced, or take to read an answer."""
JOINED_BYTES = 16 * 1024
"""So long may the first part of a body be that is copied behind its head."""
ACCEPTED_AT_ONCE = 5
"""Connections taken from the backlog before those that are open have their turn: else a thousand pages that reconnect
together are all let in, and none of them is answered."""
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class AmbiguousRequestError(ValueError):
    """A request that two readers may understand differently."""


class StrictHandler(PyWSGIHandler):  # type: ignore[misc]  # the library is not annotated
    """Reads and answers the requests of one connection."""

    wsgi_input: Any
    head_timeout: gevent.Timeout
    _held: bytearray | None = None
    """Head and first part of an answer while they are joined; None: what is sent is sent."""
    headers_sent = False

    def __init__(self, sock: Any, *args: Any) -> None:  # noqa: ANN401
        sock.settimeout(SILENCE_S)
        super().__init__(sock, *args)

    def handle_one_request(self) -> Any:  # noqa: ANN401
        """Read and answer one request; return what tells the caller whether to go on, see gevent."""
        self.head_timeout = gevent.Timeout.start_new(HEAD_S, TimeoutError("the head of the request did not come"))
        try:
            return super().handle_one_request()
        finally:
            self.head_timeout.close()

    def read_request(self, raw_requestline: str) -> bool:
        """Read the head; raise if that cannot be done. HTTP/0.9 has neither head nor status: it is refused."""
        if len(raw_requestline.split()) != 3:
            raise AmbiguousRequestError("not a request line of HTTP/1")
        return bool(super().read_request(raw_requestline))

    def MessageClass(self, *args: Any) -> http.client.HTTPMessage:  # noqa: ANN401, N802  # its name in gevent
        """Read the headers; raise if they do not tell, or tell twice, where the body ends."""
        headers: http.client.HTTPMessage = super().MessageClass(*args)
        check_headers(headers)
        return headers

    def handle_one_response(self) -> None:
        """Let the application answer; the next request is looked for only after the end of this one."""
        self.head_timeout.close()
        super().handle_one_response()
        if self.wsgi_input is None or self.wsgi_input._chunked_input_error:
            self.close_connection = True

    def start_response(self, *args: Any) -> Any:  # noqa: ANN401
        """Begin an answer; while the server is stopping it is the last one on its connection, and says so."""
        if not self.server.started:
            self.close_connection = True
        return super().start_response(*args)

    def _write_with_headers(self, data: bytes) -> None:
        """Send the head and a short first part of the body at once: gevent would send two packets."""
        if len(data) > JOINED_BYTES:
            super()._write_with_headers(data)
            return
        self._held = bytearray()
        try:
            super()._write_with_headers(data)
        finally:
            held, self._held = self._held, None
        self._sendall(held)

    def _sendall(self, data: bytes | bytearray) -> None:
        if self._held is None:
            super()._sendall(data)
        else:
            self._held += data

    def _send_error_response_if_possible(self, error_code: int) -> None:
        """Answer to a failure, unless a part of another answer may be out: gevent only counts what was sent whole."""
        if self.headers_sent:
            self.close_connection = True
        else:
            super()._send_error_response_if_possible(error_code)

    def log_request(self) -> None:
        """Write no access log: a query string may hold what no log line should."""

    def _connection_upgrade_requested(self) -> bool:
        """Say whether the connection will be taken over; a request with a body may offer that, but is read as usual."""
        return self.command == "GET" and bool(super()._connection_upgrade_requested())

    def _handle_client_error(self, _error: Exception) -> tuple[str, bytes]:
        """Answer to what could not be read. Not logged: gevent would write the request line, whole."""
        return "400", BAD_REQUEST


class StrictServer(PyWSGIServer):  # type: ignore[misc]  # the library is not annotated
    """Accepts connections no faster than it serves them."""

    max_accept = ACCEPTED_AT_ONCE


def check_headers(headers: http.client.HTTPMessage) -> None:
    """Raise AmbiguousRequestError unless every reader finds the same headers, and the same length of the body."""
    if headers.defects or any("\n" in value or "\r" in value for value in headers.values()):
        raise AmbiguousRequestError("a header that is none, or is folded")
    lengths, codings = headers.get_all("Content-Length", []), headers.get_all("Transfer-Encoding", [])
    if len(lengths) + len(codings) > 1:
        raise AmbiguousRequestError("more than one length")
    if lengths and not (lengths[0].isascii() and lengths[0].isdigit()):
        raise AmbiguousRequestError("a length that is no number")
    if codings and codings[0].lower() != "chunked":
        raise AmbiguousRequestError("a transfer coding other than chunked")

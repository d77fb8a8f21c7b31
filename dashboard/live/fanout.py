"""WebSocket connections that stay intact and bounded: whole frames, no compression, no client that holds up the rest.

Written against simple-websocket 1.1.0 and python-engineio 4.15.1, and for gunicorn's gevent_pywsgi worker; the only
module that knows their insides. simple-websocket calls `send` where it means `sendall`: under gevent, what does not fit
into the buffer of a stalled client is then missing from the middle of its stream.
"""

import contextlib
import errno
import re
import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import engineio
import gevent
import simple_websocket
import socketio
from engineio.async_drivers.gevent import WebSocketWSGI
from gevent.lock import RLock
from wsproto.utilities import RemoteProtocolError

CHUNK_BYTES = 64 * 1024
CHUNK_S = 10
"""A client which does not take a chunk within this time is dropped; it will reconnect and resume."""
MOST_QUEUED = 1000
"""A client for which more messages than this are waiting is dropped too."""
MOST_UNREAD = 100
"""Messages from a client that may wait to be handled; its socket is not read while there are more."""
CLIENT_PACKET = re.compile(r"1\Z|3\Z|4[0-4]")
"""How what a client sends begins: close, pong, or a message of Socket.IO without binary parts."""
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class WholeFrameSocket:
    """A socket whose `send` writes everything, one caller at a time, or ends the connection."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(None)  # a page may have nothing to say for as long as it is open
        self._sock = sock
        self._lock = RLock()

    def __getattr__(self, name: str) -> object:
        return getattr(self._sock, name)

    def send(self, data: bytes) -> int:
        """Write all of it; raise OSError, with the connection at its end, if the client does not take it in time."""
        with self._lock:
            try:
                for start in range(0, len(data), CHUNK_BYTES):
                    with gevent.Timeout(CHUNK_S, TimeoutError("the client does not read")):
                        self._sock.sendall(data[start : start + CHUNK_BYTES])
            except BaseException:
                # A part of a frame may be out: nothing that follows could be understood, and nothing is worth keeping.
                with contextlib.suppress(OSError):
                    self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
                self.end()
                raise
        return len(data)

    def end(self) -> None:
        """Stop both directions, which wakes whoever waits to read; what is already buffered is still delivered."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)


class FrameServer(simple_websocket.Server):  # type: ignore[misc]  # the library is not annotated
    """The server's side of one WebSocket connection."""

    def __init__(self, environ: dict[str, Any], **options: object) -> None:
        # Without the offer there is no permessage-deflate, which costs half the fan-out and memory for each connection.
        plain = {key: value for key, value in environ.items() if key != "HTTP_SEC_WEBSOCKET_EXTENSIONS"}
        super().__init__({**plain, "gunicorn.socket": WholeFrameSocket(environ["gunicorn.sock"])}, **options)

    def _handle_events(self) -> bool:
        keep_going: bool = super()._handle_events()
        while keep_going and self.connected and len(self.input_buffer) > MOST_UNREAD:
            gevent.sleep(0.05)
        return keep_going


class BoundedWebSocket(WebSocketWSGI):  # type: ignore[misc]  # the library is not annotated
    """What Engine.IO calls for a request to open a WebSocket, and then sends and receives with."""

    def __init__(self, handler: Callable[["BoundedWebSocket"], object], server: engineio.Server) -> None:
        super().__init__(handler, server)
        self.server_args["max_message_size"] = server.max_http_buffer_size
        self._queue = handler.__self__.queue  # type: ignore[attr-defined]  # a method of the client's engineio.Socket

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve the connection until it ends; answer 400 to a handshake that is none."""
        try:
            self.ws = FrameServer(environ, **self.server_args)
        except (RemoteProtocolError, simple_websocket.ConnectionError):
            start_response("400 Bad Request", [("Content-Type", "text/plain")])
            return [b'"not a WebSocket handshake"']
        self.app(self)
        return _end_connection()

    def send(self, message: str | bytes) -> None:
        """Send a message; raise OSError if the client is gone or too far behind."""
        if self._queue.qsize() > MOST_QUEUED:
            raise OSError("the client is too far behind")
        super().send(message)

    def wait(self) -> str | None:
        """Return the next packet; None at the end of the connection, and for what Engine.IO would stumble over."""
        packet = super().wait()
        return packet if isinstance(packet, str) and CLIENT_PACKET.match(packet) else None

    def close(self) -> None:
        """Say goodbye, and do not wait for an answer."""
        super().close()
        self.ws.sock.end()


def _end_connection() -> Iterator[bytes]:
    """Stand in for a response: the connection is used up, and for the server it ends as if the client had hung up."""
    raise BrokenPipeError(errno.EPIPE, "the WebSocket has ended")
    yield


def protect_connections(server: socketio.Server, may_connect: Callable[[dict[str, Any]], bool]) -> None:
    """Make this server use bounded connections, for those who may, and end those that do not speak its protocol."""
    server.eio._async = {**server.eio._async, "websocket": BoundedWebSocket}
    handle_connect, handle_message = server.eio.handlers["connect"], server.eio.handlers["message"]

    def refuse_or_connect(client: str, environ: dict[str, Any]) -> str | None:
        # Engine.IO looks at the Connection header only after it has decided that this is a WebSocket.
        if "upgrade" not in environ.get("HTTP_CONNECTION", "").lower():
            return "not a WebSocket handshake"
        if not may_connect(environ):
            return "reading from another machine needs the secret"
        handle_connect(client, environ)
        return None

    def handle_or_disconnect(client: str, data: str | bytes) -> None:
        try:
            handle_message(client, data)
        except Exception as error:  # noqa: BLE001 - the outermost edge: errors of handlers were answered further in
            server.logger.info("disconnected %s for a malformed packet: %r", client, error)
            server.eio.disconnect(client)

    server.eio.on("connect", refuse_or_connect)
    server.eio.on("message", handle_or_disconnect)

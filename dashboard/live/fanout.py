"""WebSocket connections that stay intact and bounded, and one message for all of them encoded once and written to each.

Written against simple-websocket 1.1.0, python-engineio 4.15.1 and python-socketio 5.18.1, and for gunicorn's
gevent_pywsgi worker; the only module that knows their insides. Two things about them are mended here. simple-websocket
calls `send` where it means `sendall`: under gevent, what does not fit into the buffer of a stalled client is then
missing from the middle of its stream. And Socket.IO gives each message to a queue and a greenlet for each client, which
is most of what a message costs. If the insides look different one day, both are left to the libraries.
"""

import functools
import itertools
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import engineio
import gevent
import simple_websocket
import socketio
from engineio.async_drivers._websocket_wsgi import SimpleWebSocketWSGI
from wsproto.frame_protocol import FrameProtocol
from wsproto.utilities import RemoteProtocolError

from dashboard.live.send_buffer import SendBuffer
from dashboard.metrics import FANOUT_MESSAGES, FANOUT_RECEIVERS, FANOUT_SKIPPED

NAMESPACE = "/live"
RESYNC = "resync"
"""Tells a client that it was not told something: it has to ask where its topics are now."""
WRITTEN_AT_ONCE = 500
"""After so many clients others may run: requests are answered while a message goes out to thousands."""
PROBE_S = 5
CLIENT_PACKET = re.compile(r"1\Z|3\Z|4[0-4]")
"""How what a client sends begins: close, pong, or a message of Socket.IO without binary parts."""

logger = logging.getLogger(__name__)


class Message(NamedTuple):
    """What the clients in any of the rooms are told."""

    name: str
    data: dict[str, Any]
    rooms: Sequence[str]


Broadcast = Callable[[Sequence[Message]], None]
"""Tells clients what concerns them, each message once and in order; those that are behind are told to resynchronise."""


class Reader:
    """Stands in for the thread of a connection: it is read from by who waits for what it says."""

    name = ""

    def __init__(self, **_options: object) -> None:
        pass

    def start(self) -> None:
        """Do nothing."""


class FrameServer(simple_websocket.Server):  # type: ignore[misc]  # the library is not annotated
    """The server's side of one WebSocket connection."""

    def __init__(self, environ: dict[str, Any], resync: bytes, **options: object) -> None:
        # Without the offer there is no permessage-deflate, which costs half the fan-out and memory for each connection.
        plain = {key: value for key, value in environ.items() if key != "HTTP_SEC_WEBSOCKET_EXTENSIONS"}
        send_buffer = SendBuffer(environ["gunicorn.sock"], resync)
        super().__init__({**plain, "gunicorn.socket": send_buffer}, **{**options, "thread_class": Reader})
        self.environ: dict[str, Any] = {}  # it was for the handshake

    def receive(self, timeout: float | None = None) -> str | bytes:  # noqa: ARG002  # its signature in the library
        """Return the next message; raise ConnectionClosed when there will be none."""
        while self.connected and not self.input_buffer:
            self._read()
        if not self.input_buffer:
            raise simple_websocket.ConnectionClosed(self.close_reason, self.close_message)
        message: str | bytes = self.input_buffer.pop(0)
        return message

    def _read(self) -> None:
        try:
            data = self.sock.recv(self.receive_bytes)
            if data:
                self.ws.receive_data(data)
            self.connected = bool(data) and self._handle_events()
        except OSError:
            self.connected = False


class BoundedWebSocket(SimpleWebSocketWSGI):  # type: ignore[misc]  # the library is not annotated
    """What Engine.IO calls for a request to open a WebSocket, and then sends and receives with."""

    def __init__(
        self, fanout: "Fanout", handler: Callable[["BoundedWebSocket"], object], server: engineio.Server
    ) -> None:
        options = {"event_class": server._async["event"], "max_message_size": server.max_http_buffer_size}
        super().__init__(handler, server, **options)
        self._fanout = fanout
        self._client = handler.__self__  # type: ignore[attr-defined]  # a method of the client's engineio.Socket

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve the connection until it ends; answer 400 to a handshake that is none."""
        try:
            self.ws = FrameServer(environ, self._fanout.resync, **self.server_args)
            # Gives back its buffer, and tells gevent's server that no other request will come.
            environ["wsgi.input"].close()
        except (RemoteProtocolError, simple_websocket.ConnectionError):
            start_response("400 Bad Request", [("Content-Type", "text/plain")])
            return [b'"not a WebSocket handshake"']
        self._fanout.send_buffers[self._client.sid] = self.ws.sock
        try:
            self.app(self)
        finally:
            del self._fanout.send_buffers[self._client.sid]
        return []

    def wait(self) -> str | None:
        """Return the next packet; None at the end of the connection, and for what Engine.IO would stumble over."""
        # Who does not take answers is asked for no more questions, so that there is one answer at most to keep.
        pauses_s = itertools.chain((0,), itertools.repeat(0.05))
        while self.ws.connected and (self._client.queue.qsize() or self.ws.sock.is_sending):
            gevent.sleep(next(pauses_s))
        packet = super().wait()
        return packet if isinstance(packet, str) and CLIENT_PACKET.match(packet) else None

    def close(self) -> None:
        """Say goodbye, and do not wait for an answer."""
        super().close()
        self.ws.sock.end()


class Fanout:
    """The connections of one server, and how messages get to them."""

    def __init__(self, server: socketio.Server) -> None:
        self.send_buffers: dict[str, SendBuffer] = {}
        """By the id that Engine.IO gives to a client."""
        self._server = server
        self.resync = self._encode(RESYNC)

    def broadcast(self, messages: Sequence[Message]) -> None:
        """Write the messages; what a client gets of them goes out in one piece. Others may run in between."""
        taken = skipped = 0
        frames = [self._encode(message.name, message.data) for message in messages]
        for rooms, clients in self._group_clients(messages).items():
            concerned = (m for m in zip(frames, messages, strict=True) if not rooms.isdisjoint(m[1].rooms))
            piece = b"".join(frame for frame, _ in concerned)
            for send_buffer in filter(None, map(self.send_buffers.get, clients)):
                if send_buffer.offer(piece):
                    taken += 1
                else:
                    skipped += 1
                if not (taken + skipped) % WRITTEN_AT_ONCE:
                    gevent.sleep(0)
        FANOUT_MESSAGES.inc(len(messages))
        FANOUT_RECEIVERS.inc(taken)
        FANOUT_SKIPPED.inc(skipped)

    def _group_clients(self, messages: Sequence[Message]) -> dict[frozenset[str], list[str]]:
        """Return those who are told something, by those of the messages' rooms that they are in."""
        found: dict[str, frozenset[str]] = {}
        for room in dict.fromkeys(room for message in messages for room in message.rooms):
            alone = frozenset({room})
            for _, client in self._server.manager.get_participants(NAMESPACE, room):
                found[client] = found[client] | alone if client in found else alone
        groups: dict[frozenset[str], list[str]] = {}
        for client, rooms in found.items():
            groups.setdefault(rooms, []).append(client)
        return groups

    def _encode(self, *event: object) -> bytes:
        """Return the WebSocket frame of a Socket.IO event."""
        packet = self._server.packet_class(socketio.packet.EVENT, namespace=NAMESPACE, data=list(event))
        return _encode_frame(engineio.packet.Packet(engineio.packet.MESSAGE, packet.encode()).encode())


def protect_connections(server: socketio.Server, may_connect: Callable[[dict[str, Any]], bool]) -> Broadcast:
    """Make this server use bounded connections, for those who may, and return how to write to them."""
    _guard(server, may_connect)
    if not _is_familiar(server):
        logger.warning(
            "unsupported version of Socket.IO or one of its parts: using its own fan-out, slower and unbounded"
        )
        return functools.partial(_emit, server)
    fanout = Fanout(server)
    server.eio._async = {**server.eio._async, "websocket": functools.partial(BoundedWebSocket, fanout)}
    return fanout.broadcast


def _guard(server: socketio.Server, may_connect: Callable[[dict[str, Any]], bool]) -> None:
    """Let in only those who may, and end connections that do not speak the protocol of Socket.IO."""
    handle_connect, handle_message = server.eio.handlers["connect"], server.eio.handlers["message"]

    def refuse_or_connect(client: str, environ: dict[str, Any]) -> str | None:
        # Engine.IO looks at the Connection header only after it has decided that this is a WebSocket.
        has_body = "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ
        if has_body or "upgrade" not in environ.get("HTTP_CONNECTION", "").lower():
            return "not a WebSocket handshake"
        if not may_connect(environ):
            return "requests from other machines need the secret"
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


def _is_familiar(server: socketio.Server) -> bool:
    """Say whether the insides are those that this module was written against, as far as it leans on them."""
    with gevent.socket.socket() as probe:
        is_plain_below = not getattr(getattr(probe, "_sock", None), "getblocking", lambda: True)()
    websocket = getattr(server.eio, "_async", {}).get("websocket")
    return (
        is_plain_below
        and isinstance(websocket, type)
        and issubclass(websocket, SimpleWebSocketWSGI)
        and hasattr(engineio.socket.Socket(server.eio, "probe"), "queue")
        and hasattr(engineio.socket.Socket, "_websocket_handler")
        and hasattr(server.manager, "get_participants")
        and _can_connect()
    )


def _can_connect() -> bool:
    """Open a connection to ourselves, and say whether a message comes through it in either direction."""
    ours, theirs = gevent.socket.socketpair()
    key = {"HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==", "HTTP_SEC_WEBSOCKET_VERSION": "13"}
    asked = {"HTTP_HOST": "localhost", "HTTP_CONNECTION": "Upgrade", "HTTP_UPGRADE": "websocket", **key}
    try:
        with gevent.Timeout(PROBE_S, TimeoutError()):
            websocket = FrameServer({"PATH_INFO": "/", **asked, "gunicorn.sock": ours}, b"")
            websocket.sock.offer(_encode_frame("there"))
            theirs.sendall(FrameProtocol(client=True, extensions=[]).send_data("back", fin=True))
            said = websocket.receive()
            websocket.send("and there")
            return said == "back" and _encode_frame("there") + _encode_frame("and there") in theirs.recv(4096)
    except Exception:  # whatever it is: what it was written against has changed
        logger.exception("the test connection to ourselves failed")
        return False
    finally:
        ours.close()
        theirs.close()


def _encode_frame(text: str) -> bytes:
    """Return the WebSocket frame of a text that a server sends."""
    return bytes(FrameProtocol(client=False, extensions=[]).send_data(text, fin=True))


def _emit(server: socketio.Server, messages: Sequence[Message]) -> None:
    for message in messages:
        server.emit(message.name, message.data, to=list(message.rooms), namespace=NAMESPACE)

"""Fan-out: each message is encoded once and written to every client, over connections with bounded send buffers.

Written for gunicorn's gevent_pywsgi worker, simple-websocket 1.1.0, python-engineio 4.15.1 and python-socketio 5.18.1;
the only module that depends on their internals. It works around two problems. simple-websocket calls `send` instead of
`sendall`: under gevent, what does not fit into the socket buffer of a stalled client is missing from its stream. And
Socket.IO passes each message through a queue and a greenlet per client, which is most of the cost of a message. If a
release changes these internals, the libraries' own connections and fan-out are used.
"""

import functools
import itertools
import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
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
"""The event for a client that missed messages: it has to request the current state of its topics."""
YIELD_EVERY = 500
"""After this many clients other greenlets run: requests are answered while a message goes out to thousands."""
PROBE_TIMEOUT_S = 5
CLIENT_PACKET = re.compile(r"1\Z|3\Z|4[0-4]")
"""The beginning of a valid packet from a client: close, pong, or a Socket.IO message without binary attachments."""

logger = logging.getLogger(__name__)


class Message(NamedTuple):
    """An event for the clients in any of these rooms."""

    name: str
    data: Mapping[str, object]
    rooms: Sequence[str]


Broadcast = Callable[[Sequence[Message]], None]
"""Sends messages to the clients in their rooms, once each and in order; slow clients get RESYNC instead."""


class NoThread:
    """Replaces the thread in which simple-websocket reads a connection: BufferedWebSocket reads in `receive`."""

    name = ""

    def __init__(self, **_options: object) -> None:
        pass

    def start(self) -> None:
        """Do nothing."""


class BufferedWebSocket(simple_websocket.Server):  # type: ignore[misc]  # the library is not annotated
    """The server's side of one WebSocket connection, which writes through a SendBuffer."""

    def __init__(self, environ: dict[str, Any], resync: bytes, **options: object) -> None:
        # Hides the client's offer of permessage-deflate: it would halve the speed and take memory per connection.
        plain = {key: value for key, value in environ.items() if key != "HTTP_SEC_WEBSOCKET_EXTENSIONS"}
        send_buffer = SendBuffer(environ["gunicorn.sock"], resync)
        super().__init__({**plain, "gunicorn.socket": send_buffer}, **{**options, "thread_class": NoThread})
        self.environ: dict[str, Any] = {}  # only the handshake needs it; frees its memory

    def receive(self, timeout: float | None = None) -> str | bytes:  # noqa: ARG002  # its signature in the library
        """Return the next message; raise ConnectionClosed at the end of the connection."""
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


class EngineWebSocket(SimpleWebSocketWSGI):  # type: ignore[misc]  # the library is not annotated
    """Engine.IO's driver for one WebSocket: Engine.IO calls it with the opening request, then sends and receives."""

    def __init__(
        self, fanout: "Fanout", handler: Callable[["EngineWebSocket"], object], server: engineio.Server
    ) -> None:
        options = {"event_class": server._async["event"], "max_message_size": server.max_http_buffer_size}
        super().__init__(handler, server, **options)
        self._fanout = fanout
        self._client = handler.__self__  # type: ignore[attr-defined]  # a method of the client's engineio.Socket

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve the connection until it ends; answer 400 to an invalid handshake."""
        try:
            self.ws = BufferedWebSocket(environ, self._fanout.resync, **self.server_args)
            # Frees its buffer, and makes gevent's server expect no other request.
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
        """Return the next packet; None at the end of the connection, or for a packet that Engine.IO cannot handle."""
        # While a client does not read its answer, no more requests are read from it: at most one answer is buffered.
        pauses_s = itertools.chain((0,), itertools.repeat(0.05))
        while self.ws.connected and (self._client.queue.qsize() or self.ws.sock.is_sending):
            gevent.sleep(next(pauses_s))
        packet = super().wait()
        return packet if isinstance(packet, str) and CLIENT_PACKET.match(packet) else None

    def close(self) -> None:
        """Send a close frame, and disconnect without waiting for the client's."""
        super().close()
        self.ws.sock.disconnect()


class Fanout:
    """Sends messages to the clients of one server."""

    def __init__(self, server: socketio.Server) -> None:
        self.send_buffers: dict[str, SendBuffer] = {}
        """The send buffers of all clients, by Engine.IO's id of the client."""
        self._server = server
        self.resync = self._encode(RESYNC)

    def broadcast(self, messages: Sequence[Message]) -> None:
        """Send the messages, all those for one client in one piece; yield to other greenlets now and then."""
        sent = skipped = 0
        frames = [self._encode(message.name, message.data) for message in messages]
        for rooms, clients in self._group_clients(messages).items():
            wanted = (m for m in zip(frames, messages, strict=True) if not rooms.isdisjoint(m[1].rooms))
            piece = b"".join(frame for frame, _ in wanted)
            for send_buffer in filter(None, map(self.send_buffers.get, clients)):
                if send_buffer.send_nowait(piece):
                    sent += 1
                else:
                    skipped += 1
                if not (sent + skipped) % YIELD_EVERY:
                    gevent.sleep(0)
        FANOUT_MESSAGES.inc(len(messages))
        FANOUT_RECEIVERS.inc(sent)
        FANOUT_SKIPPED.inc(skipped)

    def _group_clients(self, messages: Sequence[Message]) -> dict[frozenset[str], list[str]]:
        """Return the clients that receive any message, grouped by which of the messages' rooms they are in."""
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


def install_fanout(server: socketio.Server, may_connect: Callable[[dict[str, Any]], bool]) -> Broadcast:
    """Make a server check and buffer its connections, and return the function that sends messages to them.

    `may_connect` gets the WSGI environment of a request.
    """
    _install_checks(server, may_connect)
    if not _has_known_internals(server):
        logger.warning(
            "unsupported version of Socket.IO or one of its parts: using its own fan-out, slower and unbounded"
        )
        return functools.partial(_emit, server)
    fanout = Fanout(server)
    server.eio._async = {**server.eio._async, "websocket": functools.partial(EngineWebSocket, fanout)}
    return fanout.broadcast


def _install_checks(server: socketio.Server, may_connect: Callable[[dict[str, Any]], bool]) -> None:
    """Refuse clients that may not connect, and disconnect those that send malformed packets."""
    handle_connect, handle_message = server.eio.handlers["connect"], server.eio.handlers["message"]

    def refuse_or_connect(client: str, environ: dict[str, Any]) -> str | None:
        # Engine.IO accepts a request as a WebSocket before it looks at the Connection header.
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
        except Exception as error:  # noqa: BLE001 - the outermost edge: errors of our handlers are answered in topics
            server.logger.info("disconnected %s for a malformed packet: %r", client, error)
            server.eio.disconnect(client)

    server.eio.on("connect", refuse_or_connect)
    server.eio.on("message", handle_or_disconnect)


def _has_known_internals(server: socketio.Server) -> bool:
    """Return whether the libraries' internals that this module depends on are as it expects."""
    with gevent.socket.socket() as probe:
        has_nonblocking_socket = not getattr(getattr(probe, "_sock", None), "getblocking", lambda: True)()
    websocket = getattr(server.eio, "_async", {}).get("websocket")
    return (
        has_nonblocking_socket
        and isinstance(websocket, type)
        and issubclass(websocket, SimpleWebSocketWSGI)
        and hasattr(engineio.socket.Socket(server.eio, "probe"), "queue")
        and hasattr(engineio.socket.Socket, "_websocket_handler")
        and hasattr(server.manager, "get_participants")
        and _can_connect()
    )


def _can_connect() -> bool:
    """Return whether a connection over a socket pair carries messages in both directions."""
    ours, theirs = gevent.socket.socketpair()
    key = {"HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==", "HTTP_SEC_WEBSOCKET_VERSION": "13"}
    handshake = {"HTTP_HOST": "localhost", "HTTP_CONNECTION": "Upgrade", "HTTP_UPGRADE": "websocket", **key}
    try:
        with gevent.Timeout(PROBE_TIMEOUT_S, TimeoutError()):
            websocket = BufferedWebSocket({"PATH_INFO": "/", **handshake, "gunicorn.sock": ours}, b"")
            websocket.sock.send_nowait(_encode_frame("there"))
            theirs.sendall(FrameProtocol(client=True, extensions=[]).send_data("back", fin=True))
            received = websocket.receive()
            websocket.send("and there")
            return received == "back" and _encode_frame("there") + _encode_frame("and there") in theirs.recv(4096)
    except Exception:  # any exception means that the libraries' internals have changed
        logger.exception("the test connection to ourselves failed")
        return False
    finally:
        ours.close()
        theirs.close()


def _encode_frame(text: str) -> bytes:
    """Return a text as a WebSocket frame from the server."""
    return bytes(FrameProtocol(client=False, extensions=[]).send_data(text, fin=True))


def _emit(server: socketio.Server, messages: Sequence[Message]) -> None:
    for message in messages:
        server.emit(message.name, message.data, to=list(message.rooms), namespace=NAMESPACE)

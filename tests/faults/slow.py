"""Clients that send slowly or never finish their requests."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

from tests.support.servers import DashboardServer

DRIP_S = 0.2
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
HEAD = b"POST /api/webhook/deployment HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
BEGUN_BODY = HEAD + b"Content-Length: 100000\r\n\r\n{"
BEGUN_HEADERS = HEAD + b"X-Slow: "


@contextlib.contextmanager
def dripping(server: DashboardServer, begun: bytes, count: int) -> Iterator[list[socket.socket]]:
    """Give connections that have sent this beginning, and continue with a byte at a time."""
    clients = [connect(server, begun) for _ in range(count)]
    is_over = threading.Event()

    def drip() -> None:
        while not is_over.wait(DRIP_S):
            for client in clients:
                with contextlib.suppress(OSError):
                    client.send(b"x")

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield clients
    finally:
        is_over.set()
        thread.join()
        for client in clients:
            client.close()


def connect(server: DashboardServer, begun: bytes = b"") -> socket.socket:
    """Return a connection on which this was sent."""
    client = socket.create_connection(("127.0.0.1", server.port))
    client.sendall(begun)
    return client


def vanish(server: DashboardServer, begun: bytes) -> None:
    """Send this beginning, then vanish like a machine that loses its power."""
    client = connect(server, begun)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    client.close()


def is_closed(client: socket.socket) -> bool:
    """Return whether the server has closed this connection, with an answer or without."""
    client.settimeout(0)
    try:
        return client.recv(1000) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True

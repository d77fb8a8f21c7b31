"""Thousands of open pages in one light process: sockets, epoll, and as little Python for each message as can be.

A message carries the time at which it was posted, as `"message":"t1700000000.123456"`; how long it took is counted in
milliseconds from there to its receipt.
"""

import collections
import functools
import re
import resource
import selectors
import socket
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

Opening = Sequence[tuple[bytes, bytes]]
"""What a page sends, and what it waits for before it sends the next."""

SERVED_S = 300
OPENING_AT_ONCE = 1000
"""Fewer than the backlog of a server holds: what is beyond that, the kernel makes wait for seconds, and us with it."""
ADDRESSES = 8
"""Source addresses 127.0.0.2 and on, so that there are ports enough."""
TIME = re.compile(rb'"message":"t([0-9.]+)"')
# Browsers offer permessage-deflate, too: stock would accept it, and be slower still.
HEADERS = {
    "Host": "localhost",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
    "Origin": "http://localhost",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "en-GB,en;q=0.9,zh;q=0.8",
}


def frame(text: str) -> bytes:
    """Return a short text frame as a client sends it."""
    data = text.encode()
    return b"\x81" + bytes([128 | len(data)]) + b"\0\0\0\0" + data


HANDSHAKE = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n" + "".join(
    f"{name}: {value}\r\n" for name, value in HEADERS.items()
)
CONNECT: Opening = [(f"{HANDSHAKE}\r\n".encode(), b"0{"), (frame("40/live,"), b"40/live,{")]
SUBSCRIBE: Opening = [*CONNECT, (frame('42/live,0["subscribe",{"topic":"overview"}]'), b"43/live,0")]
PONG = frame("3")


class Said(NamedTuple):
    """What was in some bytes of a stream."""

    texts: tuple[bytes, ...]
    pings: int
    messages: int
    posted_at: tuple[float, ...]
    rest: bytes


@functools.lru_cache(maxsize=512)  # all receive the same
def understand(data: bytes) -> Said:
    """Take the whole frames from the beginning of these bytes."""
    texts, place = [], 0
    while len(data) - place >= 2:
        size, start = data[place + 1], place + 2
        if size >= 126:
            wide = 2 if size == 126 else 8
            size, start = int.from_bytes(data[start : start + wide]), start + wide
        if start + size > len(data) or start > len(data):
            break
        texts.append(data[start : start + size])
        place = start + size
    messages = sum(text.startswith(b"42/live,") for text in texts)
    posted_at = tuple(float(posted) for text in texts for posted in TIME.findall(text))
    return Said(tuple(texts), texts.count(b"2"), messages, posted_at, data[place:])


class Viewer:
    """One page."""

    __slots__ = ("rest", "socket", "stage")

    def __init__(self, source: str, port: int) -> None:
        self.socket = socket.socket()
        self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(0)
        self.stage, self.rest = 0, b""


class Viewers:
    """Many pages, all open."""

    def __init__(self, port: int, count: int, opening: Opening) -> None:
        """Open them, many at once; raise RuntimeError if one of them is not served."""
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self.messages = self.reports = 0
        self.took_ms: collections.Counter[int] = collections.Counter()
        self.last_at = 0.0
        self._opening, self._opened = opening, 0
        self._selector = selectors.EpollSelector()
        self._viewers: list[Viewer] = []
        deadline = time.monotonic() + SERVED_S
        while self._opened < count:
            if len(self._viewers) < min(count, self._opened + OPENING_AT_ONCE):
                self._add(port)
            else:
                self._look(1)
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self._opened} of {count} pages were served within {SERVED_S} s")

    def forget(self) -> None:
        """Begin to count anew."""
        self.messages = self.reports = 0
        self.took_ms.clear()

    def watch(self, *, messages: int = 0, reports: int = 0, within_s: float = 60) -> bool:
        """Read until all of them together have got so many; return whether they have."""
        deadline = time.monotonic() + within_s
        while (self.messages < messages or self.reports < reports) and time.monotonic() < deadline:
            self._look(1)
        return self.messages >= messages and self.reports >= reports

    def idle(self, seconds: float) -> None:
        """Do for a while what a page does when nothing happens."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._look(0.2)

    def close(self) -> None:
        """Close them all."""
        self._selector.close()
        for viewer in self._viewers:
            viewer.socket.close()

    def _add(self, port: int) -> None:
        viewer = Viewer(f"127.0.0.{2 + len(self._viewers) % ADDRESSES}", port)
        self._viewers.append(viewer)
        self._selector.register(viewer.socket, selectors.EVENT_READ, viewer)
        self._advance(viewer)

    def _look(self, timeout_s: float) -> None:
        for key, _ in self._selector.select(timeout_s):
            self._read(key.data)

    def _read(self, viewer: Viewer) -> None:
        data = viewer.socket.recv(262_144)
        if not data:
            raise RuntimeError("the server has hung up on a page")
        now = time.time()
        if viewer.stage == 1 and b"HTTP/1.1 101 " in data:
            data = data.partition(b"\r\n\r\n")[2]
        said = understand(viewer.rest + data)
        viewer.rest = said.rest
        if viewer.stage < len(self._opening) + 1:
            self._open(viewer, said.texts)
        for _ in range(said.pings):
            viewer.socket.send(PONG)
        if said.messages:
            self._count(said, now)

    def _count(self, said: Said, now: float) -> None:
        self.messages += said.messages
        self.reports += len(said.posted_at)
        self.last_at = now
        for posted_at in said.posted_at:
            self.took_ms[int((now - posted_at) * 1000)] += 1

    def _open(self, viewer: Viewer, texts: Iterable[bytes]) -> None:
        if any(text.startswith(self._opening[viewer.stage - 1][1]) for text in texts):
            self._advance(viewer)

    def _advance(self, viewer: Viewer) -> None:
        if viewer.stage < len(self._opening):
            viewer.socket.send(self._opening[viewer.stage][0])
        else:
            self._opened += 1
        viewer.stage += 1


def percentile(took_ms: collections.Counter[int], percent: float) -> int:
    """Return the time within which that share arrived, in whole milliseconds, rounded up."""
    left = took_ms.total() * percent / 100
    for value in sorted(took_ms):
        left -= took_ms[value]
        if left <= 0:
            return value + 1
    return 0

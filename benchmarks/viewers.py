"""Thousands of open pages in one light process: sockets, epoll, and as little Python per message as possible.

A message contains the time at which it was posted, as `"message":"t1700000000.123456"`; its latency is the number of
milliseconds from then to its receipt.
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
"""The packets that a page sends, each with the beginning of the answer that it waits for."""

OPEN_TIMEOUT_S = 300
MAX_OPENING = 1000
"""Pages that connect at a time: fewer than the backlog of a server, beyond which the kernel delays them by seconds."""
ADDRESSES = 8
"""Source addresses from 127.0.0.2 on, so that there are enough ports."""
TIME = re.compile(rb'"message":"t([0-9.]+)"')
# Browsers also offer permessage-deflate, which would make stock Socket.IO slower still.
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


def encode_frame(text: str) -> bytes:
    """Return a short text as a WebSocket frame from a client."""
    data = text.encode()
    return b"\x81" + bytes([128 | len(data)]) + b"\0\0\0\0" + data


HANDSHAKE = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n" + "".join(
    f"{name}: {value}\r\n" for name, value in HEADERS.items()
)
CONNECT: Opening = [(f"{HANDSHAKE}\r\n".encode(), b"0{"), (encode_frame("40/live,"), b"40/live,{")]
SUBSCRIBE: Opening = [*CONNECT, (encode_frame('42/live,0["subscribe",{"topic":"overview"}]'), b"43/live,0")]
PONG = encode_frame("3")


class Received(NamedTuple):
    """The content of a part of a stream; `rest` is the beginning of an incomplete frame."""

    texts: tuple[bytes, ...]
    pings: int
    messages: int
    posted_at: tuple[float, ...]
    rest: bytes


@functools.lru_cache(maxsize=512)  # all pages receive the same
def parse_frames(data: bytes) -> Received:
    """Return the content of the complete frames at the beginning of the data."""
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
    return Received(tuple(texts), texts.count(b"2"), messages, posted_at, data[place:])


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
        """Open the pages, many at a time; raise RuntimeError if one is not served in time."""
        _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))
        self.messages = self.reports = 0
        self.took_ms: collections.Counter[int] = collections.Counter()
        self.last_at = 0.0
        self._opening, self._opened = opening, 0
        self._selector = selectors.EpollSelector()
        self._viewers: list[Viewer] = []
        deadline = time.monotonic() + OPEN_TIMEOUT_S
        while self._opened < count:
            if len(self._viewers) < min(count, self._opened + MAX_OPENING):
                self._add(port)
            else:
                self._poll(1)
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self._opened} of {count} pages were served within {OPEN_TIMEOUT_S} s")

    def reset_counts(self) -> None:
        """Set all counts to zero."""
        self.messages = self.reports = 0
        self.took_ms.clear()

    def watch(self, *, messages: int = 0, reports: int = 0, within_s: float = 60) -> bool:
        """Read until all pages together have received that many; return whether they have in time."""
        deadline = time.monotonic() + within_s
        while (self.messages < messages or self.reports < reports) and time.monotonic() < deadline:
            self._poll(1)
        return self.messages >= messages and self.reports >= reports

    def idle(self, seconds: float) -> None:
        """Answer pings for some seconds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._poll(0.2)

    def close(self) -> None:
        """Close all pages."""
        self._selector.close()
        for viewer in self._viewers:
            viewer.socket.close()

    def _add(self, port: int) -> None:
        viewer = Viewer(f"127.0.0.{2 + len(self._viewers) % ADDRESSES}", port)
        self._viewers.append(viewer)
        self._selector.register(viewer.socket, selectors.EVENT_READ, viewer)
        self._advance(viewer)

    def _poll(self, timeout_s: float) -> None:
        for key, _ in self._selector.select(timeout_s):
            self._read(key.data)

    def _read(self, viewer: Viewer) -> None:
        data = viewer.socket.recv(262_144)
        if not data:
            raise RuntimeError("the server has hung up on a page")
        now = time.time()
        if viewer.stage == 1 and b"HTTP/1.1 101 " in data:
            data = data.partition(b"\r\n\r\n")[2]
        received = parse_frames(viewer.rest + data)
        viewer.rest = received.rest
        if viewer.stage < len(self._opening) + 1:
            self._open(viewer, received.texts)
        for _ in range(received.pings):
            viewer.socket.send(PONG)
        if received.messages:
            self._count(received, now)

    def _count(self, received: Received, now: float) -> None:
        self.messages += received.messages
        self.reports += len(received.posted_at)
        self.last_at = now
        for posted_at in received.posted_at:
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


def find_percentile(took_ms: collections.Counter[int], percent: float) -> int:
    """Return a percentile of latencies in whole milliseconds, rounded up."""
    left = took_ms.total() * percent / 100
    for value in sorted(took_ms):
        left -= took_ms[value]
        if left <= 0:
            return value + 1
    return 0

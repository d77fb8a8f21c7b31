"""What goes out to one client: whole frames in the order in which they were given, and never more than a bounded rest.

Knows gevent's sockets (26.9.0), and nothing of what the frames mean.
"""

import contextlib
import socket
import struct
from collections import deque

import gevent
from gevent.lock import Semaphore

CHUNK_BYTES = 64 * 1024
CHUNK_S = 10
"""A client which does not take a chunk within this time is dropped; it will reconnect and resume."""
MAX_WAITING_BYTES = 1024 * 1024
"""A client that has yet to take this much of what it was offered is behind: it is offered no more until it has."""
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class SendBuffer:
    """The socket of a client: `send` waits until it has written, `offer` never waits. The rest is as sockets are."""

    def __init__(self, sock: socket.socket, resync: bytes) -> None:
        """Take the socket over; `resync` is written when the client, having been behind, has taken what was waiting."""
        sock.settimeout(None)  # a page may have nothing to say for as long as it is open
        self._sock = sock
        self._try_to_send = sock._sock.send  # type: ignore[attr-defined]  # gevent's own, which does not block
        self._resync = resync
        self._lock = Semaphore()
        self._waiting: deque[bytes | memoryview] = deque()
        """The first of them may be partly written. While there is one, somebody is writing, or about to."""
        self._waiting_bytes = 0
        self._is_behind = False
        self.is_sending = False
        """Whether a `send` is under way, or has failed."""

    def __getattr__(self, name: str) -> object:
        return getattr(self._sock, name)

    def send(self, data: bytes) -> int:
        """Write all of it; raise OSError, with the connection at its end, if the client does not take it in time."""
        self._append(data)
        self.is_sending = True
        self._flush()
        self.is_sending = False
        return len(data)

    def offer(self, data: bytes) -> bool:
        """Write it now, or else as soon as the client takes it; return False, and skip it, if the client is behind."""
        if self._waiting:
            self._is_behind = self._is_behind or self._waiting_bytes + len(data) > MAX_WAITING_BYTES
            if not self._is_behind:
                self._append(data)
            return not self._is_behind
        try:
            written = self._try_to_send(data)
        except BlockingIOError:
            written = 0
        except OSError:
            self.end()
            return False
        if written != len(data):
            self._append(memoryview(data)[written:])
            gevent.spawn(self._flush_quietly)
        return True

    def end(self) -> None:
        """Stop both directions, which wakes whoever waits to read; what is already buffered is still delivered."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def _append(self, data: bytes | memoryview) -> None:
        self._waiting.append(data)
        self._waiting_bytes += len(data)

    def _flush(self) -> None:
        """Write everything that is waiting, one caller at a time."""
        with self._lock:
            while self._waiting:
                self._write(self._waiting[0])
                self._waiting_bytes -= len(self._waiting.popleft())
                if self._is_behind and not self._waiting:
                    self._is_behind = False
                    self._append(self._resync)

    def _flush_quietly(self) -> None:
        with contextlib.suppress(OSError):  # then the connection is at its end, and its reader sees that
            self._flush()

    def _write(self, data: bytes | memoryview) -> None:
        try:
            for start in range(0, len(data), CHUNK_BYTES):
                with gevent.Timeout(CHUNK_S, TimeoutError("the client does not read")):
                    self._sock.sendall(data[start : start + CHUNK_BYTES])
        except BaseException:
            # A part of a frame may be out: nothing that follows could be understood, and nothing is worth keeping.
            with contextlib.suppress(OSError):
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.end()
            self._waiting.clear()
            raise

"""Bounded send buffer of one client's socket: it sends whole frames, in order.

Depends on the internals of gevent's sockets (26.9.0), but not on the meaning of the frames.
"""

import contextlib
import socket
import struct
from collections import deque

import gevent
from gevent.lock import Semaphore

CHUNK_BYTES = 64 * 1024
CHUNK_TIMEOUT_S = 10
"""A client that does not receive a chunk within this time is disconnected; it will reconnect and resume."""
MAX_WAITING_BYTES = 1024 * 1024
"""The maximum size of the buffer: what would exceed it is skipped, and so is all that follows until it is empty."""
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""The value of SO_LINGER that discards unsent data."""


class SendBuffer:
    """A client's socket with a send buffer: `send` blocks, `send_nowait` does not. All else is the socket's."""

    def __init__(self, sock: socket.socket, resync: bytes) -> None:
        """Wrap the socket; `resync` is sent once the buffer is empty after something was skipped."""
        sock.settimeout(None)  # an open page may send nothing for any length of time
        self._sock = sock
        self._send_available = sock._sock.send  # type: ignore[attr-defined]  # gevent's own, which does not block
        self._resync = resync
        self._lock = Semaphore()
        self._waiting: deque[bytes | memoryview] = deque()
        """Unsent data, the first item perhaps partly sent. While there is any, a greenlet sends it, or is about to."""
        self._waiting_bytes = 0
        self._has_skipped = False
        self.is_sending = False
        """Whether a `send` is in progress or has failed."""

    def __getattr__(self, name: str) -> object:
        return getattr(self._sock, name)

    def send(self, data: bytes) -> int:
        """Send all data; disconnect and raise OSError if the client does not receive it in time."""
        self._append(data)
        self.is_sending = True
        self._flush()
        self.is_sending = False
        return len(data)

    def send_nowait(self, data: bytes) -> bool:
        """Send or buffer all data without waiting; return False if it is skipped, or the connection has ended."""
        if self._waiting:
            self._has_skipped = self._has_skipped or self._waiting_bytes + len(data) > MAX_WAITING_BYTES
            if not self._has_skipped:
                self._append(data)
            return not self._has_skipped
        try:
            sent = self._send_available(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.disconnect()
            return False
        if sent != len(data):
            self._append(memoryview(data)[sent:])
            gevent.spawn(self._flush_quietly)
        return True

    def disconnect(self) -> None:
        """Shut down both directions, which wakes a waiting reader; the kernel still sends what it has buffered."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def _append(self, data: bytes | memoryview) -> None:
        self._waiting.append(data)
        self._waiting_bytes += len(data)

    def _flush(self) -> None:
        """Send everything that is waiting, one caller at a time."""
        with self._lock:
            while self._waiting:
                self._send_all(self._waiting[0])
                self._waiting_bytes -= len(self._waiting.popleft())
                if self._has_skipped and not self._waiting:
                    self._has_skipped = False
                    self._append(self._resync)

    def _flush_quietly(self) -> None:
        with contextlib.suppress(OSError):  # the connection has ended, which its reader notices
            self._flush()

    def _send_all(self, data: bytes | memoryview) -> None:
        try:
            for start in range(0, len(data), CHUNK_BYTES):
                with gevent.Timeout(CHUNK_TIMEOUT_S, TimeoutError("the client does not read")):
                    self._sock.sendall(data[start : start + CHUNK_BYTES])
        except BaseException:
            # Part of a frame may have been sent, so the client cannot parse what follows: everything is dropped.
            with contextlib.suppress(OSError):
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.disconnect()
            self._waiting.clear()
            raise

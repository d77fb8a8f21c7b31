"""A WebSocket client that writes to the server byte by byte, and reads only when asked to."""

import json
import socket
from typing import Any

import pytest

WITHIN_S = 20
TCP_ESTABLISHED = 1
UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
HANDSHAKE = f"{UPGRADE}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"


class Wire:
    """A WebSocket to `/live` that reads only when asked to."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        # A small window, so that the server's buffers soon fill.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.settimeout(WITHIN_S)
        self.answer = ""

    def connect(self, port: int) -> None:
        """Open the WebSocket and connect to the namespace."""
        self._socket.connect(("127.0.0.1", port))
        self.answer = self._shake_hands()
        self.send_text("40/live,")
        self.read_until("40/live")

    def send_text(self, text: str) -> None:
        """Send one masked text frame."""
        data = text.encode()
        length = bytes([128 | len(data)]) if len(data) < 126 else b"\xff" + len(data).to_bytes(8)
        self._socket.sendall(b"\x81" + length + b"\0\0\0\0" + data)

    def send_event(self, number: int, *event: Any) -> None:
        """Send a Socket.IO event, to be acknowledged under that number."""
        self.send_text(f"42/live,{number}{json.dumps(event)}")

    def read_text(self) -> str | None:
        """Return the next text frame, whole; None when the server has ended the connection."""
        try:
            first, second = self._read(2)
            assert first in {0x81, 0x88, 0x8A}, f"not the beginning of a frame: {first:#x}"
            assert second < 128, "a server does not mask"
            length = second if second < 126 else int.from_bytes(self._read(2 if second == 126 else 8))
            data = self._read(length)
        except (EOFError, ConnectionError):
            return None
        return None if first == 0x88 else data.decode() if first == 0x81 else ""

    def read_until(self, beginning: str) -> str:
        """Return the next text that begins so."""
        while (text := self.read_text()) is not None:
            if text.startswith(beginning):
                return text
        pytest.fail(f"the connection ended before {beginning}")

    def read_event(self) -> Any:
        """Return the next Socket.IO event, name and frame."""
        return json.loads(self.read_until("42/live,").removeprefix("42/live,"))

    def is_closed(self) -> bool:
        """Return whether the server has ended the connection, without reading from it."""
        state = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        return state != TCP_ESTABLISHED

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _shake_hands(self) -> str:
        self._socket.sendall(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\n{HANDSHAKE}"
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n".encode()
        )
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += self._read(1)
        return answer.decode()

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            if not (more := self._socket.recv(min(count - len(data), 65536))):
                raise EOFError
            data += more
        return data

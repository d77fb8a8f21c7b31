"""A Socket.IO client that keeps the frames it receives."""

import queue
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import socketio

NAMESPACE = "/live"
WITHIN_S = 15

Frame = dict[str, Any]


class SocketIOClient:
    """A connected client; frames are taken in the order in which they came."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        self._frames: queue.Queue[tuple[str, Frame]] = queue.Queue()
        self._client = socketio.Client(reconnection=False)
        self._client.on("*", self._note, namespace=NAMESPACE)
        self._client.connect(
            url,
            headers or {},
            transports=["websocket"],
            namespaces=[NAMESPACE],
            socketio_path=urlsplit(url).path + "/socket.io",
            wait_timeout=WITHIN_S,
        )

    def ask(self, event: str, *arguments: Any) -> Any:
        """Send an event and return its acknowledgement."""
        return self._client.call(event, arguments, namespace=NAMESPACE, timeout=WITHIN_S)

    def subscribe(self, topic: str, since: int | None = None) -> dict[str, Any]:
        """Return the acknowledgement of a subscription."""
        answer: dict[str, Any] = self.ask("subscribe", {"topic": topic, "since": since})
        return answer

    def take_frame(self, within_s: float = WITHIN_S) -> tuple[str, Frame]:
        """Return name and frame of the next event; fail if none comes in time."""
        return self._frames.get(timeout=within_s)

    def is_connected(self) -> bool:
        """Return whether the connection is open, as far as this end knows."""
        return bool(self._client.connected)

    def take_frames_until(self, deployment_id: int, seq: int) -> list[Frame]:
        """Return the frames of a deployment up to the one that reaches this seq."""
        frames: list[Frame] = []
        while not frames or frames[-1]["seq"] < seq:
            _, frame = self.take_frame()
            frames += [frame] if frame["deployment_id"] == deployment_id else []
        return frames

    def has_nothing_more(self) -> bool:
        """Return whether all frames were taken; a round trip ensures that they have arrived."""
        self.ask("unsubscribe", {"topic": "overview"})
        return self._frames.empty()

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()

    def _note(self, event: str, frame: Frame | None = None) -> None:
        self._frames.put((event, frame or {}))


def is_gap_free(frames: Iterable[Frame], since: int) -> bool:
    """Return whether each frame begins where the one before ended, or earlier, as a repetition."""
    for frame in frames:
        if frame["prev_seq"] > since:
            return False
        since = frame["seq"]
    return True

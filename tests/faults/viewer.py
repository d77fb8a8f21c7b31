"""A client that follows a topic over any number of connections, like `follower.js`, and keeps its views."""

import contextlib
import queue
import threading
import time

import socketio.exceptions

from tests.support.servers import wait_until
from tests.support.socketio_client import SocketIOClient
from tests.support.views import View, patch_deployment, share_projects, sort_parts

PAUSE_S = 0.1
CONVERGED_WITHIN_S = 20


class RefusedError(Exception):
    """The server could not take the subscription now."""


FAILURES = (socketio.exceptions.SocketIOError, OSError, RefusedError)
"""What is tried again a moment later."""


class Viewer:
    """Watches one deployment, or the overview, in a thread of its own until it is closed."""

    def __init__(self, url: str, deployment_id: int | None = None) -> None:
        self._url, self._watched = url, deployment_id
        self.views: dict[int, View] = {}
        self.connections = 0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._live)
        self._thread.start()
        wait_until(lambda: self.views, what="the first view")

    def expect_converged(self, seqs: dict[int, int]) -> None:
        """Wait until it has the state of the database, and compare it with a fresh page."""
        wanted = {key: seq for key, seq in seqs.items() if self._watched in {None, key}}
        wait_until(
            lambda: {key: view["seq"] for key, view in dict(self.views).items()} == wanted,
            CONVERGED_WITHIN_S,
            f"to see {wanted}",
        )
        fresh = wait_until(self._load_afresh, CONVERGED_WITHIN_S, "a page that is opened now")
        assert self._show(self.views) == self._show(fresh)

    def close(self) -> None:
        """Close the page."""
        self._closed.set()
        self._thread.join()

    def _live(self) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(*FAILURES), contextlib.closing(SocketIOClient(self._url)) as page:
                self._follow(page)
            time.sleep(PAUSE_S)

    def _load_afresh(self) -> dict[int, View] | None:
        with contextlib.suppress(*FAILURES), contextlib.closing(SocketIOClient(self._url)) as page:
            return self._subscribe(page, since=None)
        return None

    def _follow(self, page: SocketIOClient) -> None:
        self._resume(page)
        self.connections += 1
        while not self._closed.is_set() and page.is_connected():
            with contextlib.suppress(queue.Empty):
                _, frame = page.take_frame(PAUSE_S)
                self._see(page, frame)

    def _resume(self, page: SocketIOClient) -> None:
        known = self.views.get(self._watched or 0)
        self.views |= self._subscribe(page, since=known["seq"] if known else None)

    def _subscribe(self, page: SocketIOClient, since: int | None) -> dict[int, View]:
        """Return the first views, or after a reconnection the changed ones."""
        topic = f"deployment:{self._watched}" if self._watched else "overview"
        answer = page.subscribe(topic, since)
        if "error" in answer:
            raise RefusedError(answer["error"])
        if self._watched is None:
            return {row["id"]: {**row, "jobs": {}} for row in answer["snapshot"]["deployments"]}
        if "snapshot" in answer:
            return {self._watched: sort_parts(answer["snapshot"])}
        view = self.views[self._watched]
        for event in answer["events"]:
            if event["seq"] > view["seq"]:
                patch_deployment(view, event)
        return {}

    def _see(self, page: SocketIOClient, frame: View) -> None:
        if "seq" not in frame:
            return  # news of siblings
        view = self.views.get(frame["deployment_id"], {"id": frame["deployment_id"], "seq": 0, "jobs": {}})
        if frame["prev_seq"] > view["seq"]:
            self._resume(page)
        elif frame["seq"] > view["seq"]:
            patch_deployment(view, frame)
            self.views[frame["deployment_id"]] = view

    def _show(self, views: dict[int, View]) -> dict[int, View]:
        if self._watched is None:
            return share_projects(views)
        return {key: {**view, "project": None} for key, view in views.items()}

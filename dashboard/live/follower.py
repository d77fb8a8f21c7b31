"""Follow the database and tell the browsers: one greenlet in each process that serves sockets.

What it publishes it has read from committed rows, so it does not matter which process wrote them, or whether that
process still lives. Nothing here writes to the database.
"""

import itertools
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import gevent
import gevent.event
from flask_socketio import SocketIO

from dashboard.core.view_types import Usual
from dashboard.database.listener import CONNECTION_ERRORS, MAX_READ_EVENTS, Event, Listener, open_listener
from dashboard.live.fanout import NAMESPACE, Broadcast, Message
from dashboard.live.frames import CREATED, fold_events
from dashboard.live.subscriptions import RUN, SIBLINGS, parse_topic

FRAME_S = 0.05
"""How long changes are collected before they are published together."""
SWEEP_S = 5.0
"""How often the seqs of watched deployments are compared with what was published."""
MAX_PAUSE_S = 5.0
FAILURES_BORNE = 5
"""After so many failures in a row, within about 3 s, pages are told that nobody follows the database."""

PROJECT_UPDATED = "project.updated"
RUN_UPDATED = "run.updated"

logger = logging.getLogger(__name__)


class Follower:
    """Publishes every change of every deployment to the rooms that watch it."""

    def __init__(
        self,
        socketio: SocketIO,
        broadcast: Broadcast,
        database_url: str,
        find_usual: Callable[[int, str | None], Usual | None],
    ) -> None:
        self.ready = gevent.event.Event()
        """Set once the seqs at the start are known: whatever is committed later will be published."""
        self._socketio = socketio
        self._broadcast = broadcast
        self._database_url = database_url
        self._find_usual = find_usual
        """Gives what the history of a new deployment says of it; ingest does not look at history."""
        self._published: dict[int, int] = {}
        self._newest_id = sys.maxsize

    def run(self) -> None:
        """Follow for as long as the process lives, over any number of connections."""
        failures = 0
        while True:
            try:
                with open_listener(self._database_url) as listener:
                    self._sweep(listener)
                    self.ready.set()
                    failures = 0
                    self._follow(listener)
            except Exception as error:  # the outermost edge: nothing may end this greenlet
                expected = isinstance(error, CONNECTION_ERRORS)
                logger.warning("live updates interrupted: %s", str(error).strip(), exc_info=not expected)
            self.ready.clear()
            failures += 1
            if failures == FAILURES_BORNE:
                self._disconnect_pages()
            gevent.sleep(min(MAX_PAUSE_S, 0.1 * 2 ** min(failures, 10)))

    def _disconnect_pages(self) -> None:
        """Let pages know that they are not followed any more: they reconnect, and refresh over HTTP meanwhile."""
        for _, client in list(self._socketio.server.manager.get_participants(NAMESPACE, None)):
            self._socketio.server.eio.disconnect(client)

    def watch(self, deployment_id: int, seq: int) -> None:
        """Make sure that everything after seq is published: somebody who has just joined the room is there."""
        self._published[deployment_id] = min(seq, self._published.get(deployment_id, seq))

    def _follow(self, listener: Listener) -> None:
        next_sweep = time.monotonic() + SWEEP_S
        while True:
            if listener.wait(next_sweep - time.monotonic()):
                gevent.sleep(FRAME_S)
                self._publish_announced(listener, listener.take_announced_seqs())
            if time.monotonic() >= next_sweep:
                self._sweep(listener)
                next_sweep = time.monotonic() + SWEEP_S

    def _publish_announced(self, listener: Listener, announced: Mapping[int, list[int]]) -> None:
        for deployment_id, seqs in announced.items():
            self._track(deployment_id, seqs[0] - 1)
        self._publish(listener, {deployment_id: seqs[-1] for deployment_id, seqs in announced.items()})

    def _sweep(self, listener: Listener) -> None:
        """Publish what was not announced.

        From here on only what can be swept again is tracked, which bounds the memory.
        """
        seqs = listener.read_seqs(self._find_watched())
        for deployment_id, seq in seqs.items():
            self._track(deployment_id, seq)
        self._publish(listener, {key: seq for key, seq in seqs.items() if seq > self._published[key]})
        watched = self._find_watched()
        self._published = {key: seq for key, seq in self._published.items() if key in seqs or key in watched}
        self._newest_id = max(seqs, default=0)

    def _track(self, deployment_id: int, seq: int) -> None:
        """Publish what comes after seq; all of it for a deployment that the last sweep did not know."""
        self._published.setdefault(deployment_id, 0 if deployment_id > self._newest_id else seq)

    def _publish(self, listener: Listener, reached: Mapping[int, int]) -> None:
        """Publish the events of these deployments up to at least the seqs they have reached."""
        while reached and NAMESPACE in self._socketio.server.manager.get_namespaces():
            events = listener.read_events({key: self._published[key] for key in reached})
            messages: list[Message] = []
            try:
                for _, group in itertools.groupby(events, key=lambda event: event.deployment_id):
                    messages += self._describe(list(group))
            finally:
                self._broadcast(messages)
            if len(events) < MAX_READ_EVENTS:
                break
        # Also right where there was nobody to tell, or where the events are no longer kept.
        for deployment_id, seq in reached.items():
            self._published[deployment_id] = max(seq, self._published[deployment_id])

    def _describe(self, events: list[Event]) -> Iterator[Message]:
        """Give what there is to tell of the events of one deployment, which count as published from now on."""
        last = events[-1]
        # First, so that an event which cannot be published is not tried for ever; its watchers see the gap.
        self._published[last.deployment_id] = last.seq
        name, frame = fold_events(events)
        deployment = frame["deployment"]
        if name == CREATED and deployment.get("status") != "completed":
            usual = self._find_usual(last.deployment_id, deployment.get("environment"))
            deployment |= {"usual": usual} if usual else {}
        rooms = [f"deployment:{last.deployment_id}", "overview", f"project:{last.project_slug}"]
        yield Message(name, frame, rooms)
        if _tells_others(frame["deployment"]):
            # A new deployment, one that ended, or a project that changed: the pages of its other deployments show that.
            news = {"deployment_id": last.deployment_id}
            yield Message(PROJECT_UPDATED, news, [SIBLINGS + last.project_slug])
        if last.run_id is not None and ("run_key" in frame["deployment"] or frame["jobs"]):
            place = {"deployment_id": last.deployment_id, "dialect": last.dialect, "attempt": last.attempt}
            about = {**place, "is_known": "run_key" not in frame["deployment"]}
            yield Message(RUN_UPDATED, about, [RUN + last.run_id])

    def _find_watched(self) -> set[int]:
        rooms: Iterable[str | None] = list(self._socketio.server.manager.rooms.get(NAMESPACE, {}))
        names = (room for room in rooms if room and room.startswith("deployment:"))
        return {topic.deployment_id for topic in map(parse_topic, names) if topic.deployment_id is not None}


def _tells_others(deployment: Mapping[str, Any]) -> bool:
    """Tell whether the pages of other deployments of the project show what changed: it was made, or it ended."""
    return "project" in deployment or deployment.get("status") == "completed" or "conclusion" in deployment

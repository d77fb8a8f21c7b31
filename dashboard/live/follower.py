"""The follower of the database: a greenlet in each process that serves sockets publishes changes to the browsers.

It publishes only what it has read from committed rows, so it does not matter which process wrote them, or whether that
process is still alive. Nothing here writes to the database.
"""

import itertools
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

import gevent
import gevent.event
from flask_socketio import SocketIO

from dashboard.core.view import view_created_frame
from dashboard.core.view_types.deployments import TypicalTimes
from dashboard.core.view_types.events import ChangedFields
from dashboard.core.words import PROJECT_UPDATED, RUN_PREFIX, RUN_UPDATED, SIBLINGS_PREFIX, EventKind
from dashboard.database.listener import CONNECTION_ERRORS, MAX_READ_EVENTS, Event, Listener, open_listener
from dashboard.live.fanout import NAMESPACE, Broadcast, Message
from dashboard.live.frames import fold_events
from dashboard.live.subscriptions import parse_topic

FRAME_S = 0.05
"""How long changes are collected before they are published together."""
SWEEP_S = 5.0
"""How often the seqs of watched deployments are compared with the published ones."""
MAX_PAUSE_S = 5.0
MAX_FAILURES = 5
"""After this many failures in a row, about 3 s, clients are disconnected."""

logger = logging.getLogger(__name__)


class Follower:
    """Publishes every change of a deployment to its rooms."""

    def __init__(
        self,
        socketio: SocketIO,
        broadcast: Broadcast,
        database_url: str,
        find_typical_times: Callable[[int, str | None], TypicalTimes | None],
    ) -> None:
        self.ready = gevent.event.Event()
        """Set once the first seqs are known: all that is committed later will be published."""
        self._socketio = socketio
        self._broadcast = broadcast
        self._database_url = database_url
        self._find_typical_times = find_typical_times
        """Reads the typical times of a deployment by its id and environment."""
        self._published: dict[int, int] = {}
        self._newest_id = sys.maxsize

    def run(self) -> None:
        """Follow until the process ends, and reconnect after errors."""
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
            if failures == MAX_FAILURES:
                self._disconnect_clients()
            gevent.sleep(min(MAX_PAUSE_S, 0.1 * 2 ** min(failures, 10)))

    def _disconnect_clients(self) -> None:
        """Disconnect all clients, so that pages notice: they refresh over HTTP until they have reconnected."""
        for _, client in list(self._socketio.server.manager.get_participants(NAMESPACE, None)):
            self._socketio.server.eio.disconnect(client)

    def watch(self, deployment_id: int, seq: int) -> None:
        """Make sure that everything after seq is published, because a client at that seq has joined the room."""
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
        """Publish changes that were not announced, and forget the deployments that no later sweep will look at."""
        seqs = listener.read_seqs(self._find_watched())
        for deployment_id, seq in seqs.items():
            self._track(deployment_id, seq)
        self._publish(listener, {key: seq for key, seq in seqs.items() if seq > self._published[key]})
        watched = self._find_watched()
        self._published = {key: seq for key, seq in self._published.items() if key in seqs or key in watched}
        self._newest_id = max(seqs, default=0)

    def _track(self, deployment_id: int, seq: int) -> None:
        """Track a deployment as published up to seq, or as unpublished if the last sweep did not know it."""
        self._published.setdefault(deployment_id, 0 if deployment_id > self._newest_id else seq)

    def _publish(self, listener: Listener, reached: Mapping[int, int]) -> None:
        """Publish the events of these deployments at least up to the seqs that they have reached."""
        while reached and NAMESPACE in self._socketio.server.manager.get_namespaces():
            events = listener.read_events({key: self._published[key] for key in reached})
            messages: list[Message] = []
            try:
                for _, group in itertools.groupby(events, key=lambda event: event.deployment_id):
                    messages += self._make_messages(list(group))
            finally:
                self._broadcast(messages)
            if len(events) < MAX_READ_EVENTS:
                break
        # They count as published even if there is no client, or if the events are no longer stored.
        for deployment_id, seq in reached.items():
            self._published[deployment_id] = max(seq, self._published[deployment_id])

    def _make_messages(self, events: list[Event]) -> Iterator[Message]:
        """Yield the messages for the events of one deployment, and mark these as published."""
        last = events[-1]
        # Marked first, so that an event that raises an error is not tried for ever; clients notice the gap in seqs.
        self._published[last.deployment_id] = last.seq
        name, frame = fold_events(events)
        deployment = frame["deployment"]
        if name == EventKind.DEPLOYMENT_CREATED and deployment.get("status") != "completed":
            usual = self._find_typical_times(last.deployment_id, deployment.get("environment"))
            frame = view_created_frame(frame, usual) if usual else frame
        slugs = [last.project_slug, *last.former_slugs]
        rooms = [f"deployment:{last.deployment_id}", "overview", *(f"project:{slug}" for slug in slugs)]
        yield Message(name, frame, rooms)
        if _affects_siblings(deployment):
            siblings = [SIBLINGS_PREFIX + slug for slug in slugs]
            yield Message(PROJECT_UPDATED, {"deployment_id": last.deployment_id}, siblings)
        if last.run_id is not None and ("run_key" in deployment or frame["jobs"]):
            attempt = {"deployment_id": last.deployment_id, "dialect": last.dialect, "attempt": last.attempt}
            is_known = "run_key" not in deployment
            yield Message(RUN_UPDATED, {**attempt, "is_known": is_known}, [RUN_PREFIX + last.run_id])

    def _find_watched(self) -> set[int]:
        rooms: Iterable[str | None] = list(self._socketio.server.manager.rooms.get(NAMESPACE, {}))
        names = (room for room in rooms if room and room.startswith("deployment:"))
        return {topic.deployment_id for topic in map(parse_topic, names) if topic.deployment_id is not None}


def _affects_siblings(deployment: ChangedFields) -> bool:
    """Return whether a change shows on pages of the project's other deployments: new, ended, or another project."""
    return "project" in deployment or deployment.get("status") == "completed" or "conclusion" in deployment

"""The handlers of the namespace `/live`: connecting, subscribing to topics, and the first answer to a subscriber.

A handler returns its acknowledgement or raises; `answer_error` turns exceptions into acknowledgements. The database
session ends with the application context that Flask-SocketIO opens for each message.
"""

import logging
from collections.abc import Callable
from typing import TypedDict

from flask import current_app, request
from flask_socketio import join_room, leave_room, rooms

from dashboard.access import may_read
from dashboard.core.view_types.deployments import DeploymentView
from dashboard.core.view_types.events import EventView
from dashboard.core.view_types.projects import OverviewSnapshot
from dashboard.database.errors import UNAVAILABLE
from dashboard.extensions import get_or_create_state, open_reader, socketio
from dashboard.http.context import current_settings
from dashboard.live.fanout import NAMESPACE
from dashboard.live.follower import Follower
from dashboard.live.single_flight import SingleFlight
from dashboard.live.subscriptions import RefusedMessageError, Topic, parse_subscribe, parse_unsubscribe
from dashboard.metrics import SOCKETS
from dashboard.queries import projects
from dashboard.queries.deployments import get_deployment
from dashboard.queries.events import MAX_EVENTS, list_events
from dashboard.queries.overview import snapshot_overview
from dashboard.queries.reader import Reader


class Answer(TypedDict, total=False):
    """The acknowledgement of a client's message."""

    topic: str
    seq: int | None
    """The seq of the deployment that the topic is about; None for other topics."""
    events: list[EventView]
    """All events after the client's seq."""
    snapshot: DeploymentView | OverviewSnapshot
    """The current state, sent instead of events."""
    error: str


FOLLOWER = "live"
"""The key of the application's follower in its extensions, once it has been started."""
MAX_TOPICS = 50
"""The maximum number of topics that a client is subscribed to at a time."""
READY_TIMEOUT_S = 5

logger = logging.getLogger(__name__)


def accept_client(*_auth: object) -> bool:
    """Return whether the client may connect: it must have permission to read."""
    accepted = may_read(request, current_settings())
    SOCKETS.inc(accepted)
    return accepted


def count_disconnect(*_reason: object) -> None:
    """Decrement the number of connected clients."""
    SOCKETS.dec()


def subscribe(*arguments: object) -> Answer:
    """Join the topic and return its state: `{seq, events}` with all events after `since`, or `{seq, snapshot}`.

    After an error the client is not subscribed.
    """
    topic, since = parse_subscribe(arguments)
    follower = _get_follower()
    joined = set(rooms()) - {request.sid}  # type: ignore[attr-defined]  # set by Flask-SocketIO
    if topic.name not in joined and len(joined) >= MAX_TOPICS:
        raise RefusedMessageError(f"at most {MAX_TOPICS} topics at a time")
    # The room is joined before reading: a change that is committed in between arrives twice rather than never.
    join_room(topic.name)
    answer: Answer | None = None  # must not be modified: other clients get the same object
    try:
        reads = get_or_create_state(SingleFlight)
        answer = reads.read((topic.name, since), lambda: _read_answer(open_reader(), topic, since))
    finally:
        if answer is None:
            leave_room(topic.name)
    if topic.deployment_id is not None and answer["seq"] is not None:
        follower.watch(topic.deployment_id, answer["seq"])
    return answer


def unsubscribe(*arguments: object) -> Answer:
    """Leave the topic; does nothing if the client is not subscribed to it."""
    topic = parse_unsubscribe(arguments)
    leave_room(topic.name)
    return {"topic": topic.name}


def refuse_unknown(*_arguments: object) -> Answer:
    """Refuse every other event."""
    raise RefusedMessageError("unknown event")


def answer_error(error: Exception) -> Answer | bool:
    """Return the acknowledgement for an exception of a handler; False, which refuses the client, for `connect`."""
    if isinstance(error, RefusedMessageError):
        return {"error": str(error)}
    if isinstance(error, UNAVAILABLE):
        logger.error("a live message failed, database unavailable: %s", str(error).partition("\n")[0])
    else:
        logger.error("a live message failed", exc_info=error)
    if request.event["message"] == "connect":  # type: ignore[attr-defined]  # set by Flask-SocketIO
        return False
    return {"error": "internal error, try again"}


def _get_follower() -> Follower:
    """Return the follower once it is ready: until then later changes might not reach a subscriber."""
    follower: Follower | None = current_app.extensions.get(FOLLOWER)
    if follower is None or not follower.ready.wait(READY_TIMEOUT_S):
        raise RefusedMessageError("live updates are not available yet, try again")
    return follower


def _read_answer(reader: Reader, topic: Topic, since: int | None) -> Answer:
    if topic.deployment_id is not None:
        return _read_deployment(reader, topic.deployment_id, since)
    if topic.slug is not None and not projects.exists(reader, topic.slug):
        raise RefusedMessageError("unknown topic")
    if not topic.has_rows:
        return {"seq": None}
    return {"seq": None, "snapshot": snapshot_overview(reader, topic.slug)}


def _read_deployment(reader: Reader, deployment_id: int, since: int | None) -> Answer:
    events = None if since is None else list_events(reader, deployment_id, since)
    if events is not None and len(events) <= MAX_EVENTS:
        return {"seq": events[-1]["seq"] if events else since, "events": events}
    snapshot = get_deployment(reader, deployment_id)
    if snapshot is None:
        raise RefusedMessageError("unknown topic")
    return {"seq": snapshot["seq"], "snapshot": snapshot}


HANDLERS: dict[str, Callable[..., Answer | bool | None]] = {
    "connect": accept_client,
    "disconnect": count_disconnect,
    "subscribe": subscribe,
    "unsubscribe": unsubscribe,
    "*": refuse_unknown,
}
for event, handler in HANDLERS.items():
    socketio.on_event(event, handler, namespace=NAMESPACE)
socketio.on_error(NAMESPACE)(answer_error)

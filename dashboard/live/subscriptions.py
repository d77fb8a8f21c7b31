"""The messages that browsers send on the live namespace, and their validation.

Pure functions over decoded JSON; nothing here reads the database.
"""

import re
from dataclasses import dataclass

from dashboard.core.storable import MAX_ID, MAX_INT, UNSTORABLE
from dashboard.core.words import RUN_PREFIX, SIBLINGS_PREFIX

MAX_NAMED_LENGTH = 300
"""The maximum length of a slug or run id in a topic. Those in the database are shorter."""
DEPLOYMENT_TOPIC = re.compile(r"deployment:([1-9][0-9]{0,18})\Z")


class RefusedMessageError(Exception):
    """An invalid message; the text is for its sender."""


@dataclass(frozen=True)
class Topic:
    """Something to subscribe to: one deployment, one project, or everything (neither is set)."""

    name: str
    deployment_id: int | None = None
    slug: str | None = None
    has_rows: bool = True
    """Whether the answer contains the current state; `siblings:…` and `run:…` only announce changes."""


def parse_subscribe(arguments: tuple[object, ...]) -> tuple[Topic, int | None]:
    """Return topic and seq of `subscribe {topic, since}`, None without `since`; raise RefusedMessageError."""
    fields = _read_fields(arguments, {"topic", "since"})
    return parse_topic(fields.get("topic")), _parse_since(fields.get("since"))


def parse_unsubscribe(arguments: tuple[object, ...]) -> Topic:
    """Return the topic of `unsubscribe {topic}`; raise RefusedMessageError."""
    return parse_topic(_read_fields(arguments, {"topic"}).get("topic"))


def parse_topic(name: object) -> Topic:
    """Return the topic of this name; raise RefusedMessageError if there can be none. It may not exist."""
    if name == "overview":
        return Topic("overview")
    if isinstance(name, str) and (match := DEPLOYMENT_TOPIC.match(name)) and int(match[1]) <= MAX_ID:
        return Topic(name, deployment_id=int(match[1]))
    if isinstance(name, str) and name.startswith("project:") and _can_exist(name.removeprefix("project:")):
        return Topic(name, slug=name.removeprefix("project:"))
    if isinstance(name, str) and name.startswith(RUN_PREFIX) and _can_exist(name.removeprefix(RUN_PREFIX)):
        return Topic(name, has_rows=False)
    if isinstance(name, str) and name.startswith(SIBLINGS_PREFIX) and _can_exist(name.removeprefix(SIBLINGS_PREFIX)):
        return Topic(name, slug=name.removeprefix(SIBLINGS_PREFIX), has_rows=False)
    raise RefusedMessageError("unknown topic")


def _read_fields(arguments: tuple[object, ...], known: set[str]) -> dict[str, object]:
    if len(arguments) != 1 or not isinstance(arguments[0], dict):
        raise RefusedMessageError("expected one object")
    if not known.issuperset(arguments[0]):
        raise RefusedMessageError(f"unknown field; allowed: {', '.join(sorted(known))}")
    return arguments[0]


def _parse_since(since: object) -> int | None:
    """Return the seq; booleans are refused, though they are integers in Python."""
    if since is None:
        return None
    if isinstance(since, bool) or not isinstance(since, int) or not 0 <= since <= MAX_INT:
        raise RefusedMessageError("since must be a sequence number of the deployment")
    return since


def _can_exist(text: str) -> bool:
    """Return whether a text can be a slug or a run id: not too long, and PostgreSQL accepts it as a parameter."""
    return 0 < len(text) <= MAX_NAMED_LENGTH and not UNSTORABLE.search(text)

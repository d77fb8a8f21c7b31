"""What a browser may say on the live namespace: its messages, checked before anything is done with them.

Pure functions over decoded JSON; nothing here reads the database.
"""

import re
from dataclasses import dataclass

from dashboard.core.paging import MAX_ID

MAX_SEQ = 2**31 - 1
MAX_SLUG_LENGTH = 300
SIBLINGS = "siblings:"
"""Begins the topic on which the page of a deployment hears of others of its project."""
RUN = "run:"
"""Begins the topic on which it hears of other attempts of its run, and of the run as another dialect tells it."""
DEPLOYMENT_TOPIC = re.compile(r"deployment:([1-9][0-9]{0,18})\Z")


class RefusedMessageError(Exception):
    """A message that is not acted on; the text is for the one who sent it."""


@dataclass(frozen=True)
class Topic:
    """Something that can be watched: one deployment, one project, or everything (neither is set)."""

    name: str
    deployment_id: int | None = None
    slug: str | None = None
    has_rows: bool = True
    """Whether it is acknowledged with what there is; `siblings:…` and `run:…` only tell that something is there."""


def parse_subscribe(arguments: tuple[object, ...]) -> tuple[Topic, int | None]:
    """Return what `subscribe {topic, since}` asks for; without `since` it is None. Raise RefusedMessageError."""
    fields = _read_fields(arguments, {"topic", "since"})
    return parse_topic(fields.get("topic")), _parse_since(fields.get("since"))


def parse_unsubscribe(arguments: tuple[object, ...]) -> Topic:
    """Return the topic of `unsubscribe {topic}`. Raise RefusedMessageError."""
    return parse_topic(_read_fields(arguments, {"topic"}).get("topic"))


def parse_topic(name: object) -> Topic:
    """Return the topic of that name, which may not exist; raise RefusedMessageError if it cannot exist."""
    if name == "overview":
        return Topic("overview")
    if isinstance(name, str) and (match := DEPLOYMENT_TOPIC.match(name)) and int(match[1]) <= MAX_ID:
        return Topic(name, deployment_id=int(match[1]))
    if isinstance(name, str) and name.startswith("project:") and _is_slug(name.removeprefix("project:")):
        return Topic(name, slug=name.removeprefix("project:"))
    if isinstance(name, str) and name.startswith(RUN) and _is_slug(name.removeprefix(RUN)):
        return Topic(name, has_rows=False)
    if isinstance(name, str) and name.startswith(SIBLINGS) and _is_slug(name.removeprefix(SIBLINGS)):
        return Topic(name, slug=name.removeprefix(SIBLINGS), has_rows=False)
    raise RefusedMessageError("unknown topic")


def _read_fields(arguments: tuple[object, ...], known: set[str]) -> dict[str, object]:
    if len(arguments) != 1 or not isinstance(arguments[0], dict):
        raise RefusedMessageError("expected one object")
    if not known.issuperset(arguments[0]):
        raise RefusedMessageError(f"unknown field; allowed: {', '.join(sorted(known))}")
    return arguments[0]


def _parse_since(since: object) -> int | None:
    """Return the seq; a bool is an int in Python but not in JSON."""
    if since is None:
        return None
    if isinstance(since, bool) or not isinstance(since, int) or not 0 <= since <= MAX_SEQ:
        raise RefusedMessageError("since must be a sequence number of the deployment")
    return since


def _is_slug(text: str) -> bool:
    """Say whether PostgreSQL can compare with it: no NUL, nothing that is not UTF-8."""
    return 0 < len(text) <= MAX_SLUG_LENGTH and not re.search("[\x00\ud800-\udfff]", text)

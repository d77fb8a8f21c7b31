"""What every dialect's parser is made of: its three results, and reading foreign bodies without trusting them. Pure.

A body that a sender's program wrote is never refused for one odd value: what is of another type than expected counts
as not said, a text that is too long is cut, what PostgreSQL cannot hold is replaced.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from dashboard.core.registers import make_stamp
from dashboard.core.report import Identity, Report
from dashboard.core.slug import make_slug
from dashboard.core.words import Meaning, Status

NAME_LENGTH, URL_LENGTH, TEXT_LENGTH = 255, 2048, 65536
"""The longest name, address and text that is kept."""
MAX_JOBS, MAX_STEPS = 1_000, 10_000
"""In one delivery."""
MAX_INT = 2**31 - 1
MAX_ID = 2**63 - 1
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
"""NUL and lone surrogates: JSON can carry them, PostgreSQL cannot."""
MIN_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""What lies before is no time but a default of the sender's."""
MAX_TIME_LENGTH = 64
SPELLED_ZONE = re.compile(r"(\d) +(?:UTC|Z)\Z")

Body = Mapping[str, Any]


class MalformedError(ValueError):
    """A payload that says nothing that could be applied; `errors` maps fields to messages."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__("; ".join(f"{field}: {message}" for field, messages in errors.items() for message in messages))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Ignored:
    """What was understood and is of no concern here, or is not known at all; the reason completes "ignored: …"."""

    reason: str


Parsed = tuple[Report, ...] | Ignored
"""What a delivery says: at least one report, or why there is none."""
Parser = Callable[[Any], Parsed]
Events = Mapping[str, Parser | Ignored]
"""What a dialect knows: the parser of an event, or why it is knowingly ignored."""


def parse_event(events: Events, event: str, body: Any) -> Parsed:  # noqa: ANN401
    """Return what the body of such an event says; raise MalformedError."""
    handled = events.get(event, Ignored(f"unknown event {event[:NAME_LENGTH]!r}"))
    return handled if isinstance(handled, Ignored) else handled(body)


def read_value(body: Any, *path: str) -> Any:  # noqa: ANN401
    """Return what stands at the end of a path of names, None if it ends earlier."""
    for name in path:
        if not isinstance(body, Mapping):
            return None
        body = body.get(name)
    return body


def read_object(body: Any, *path: str) -> Body:  # noqa: ANN401
    """Return the object at the path, an empty one if there is none."""
    value = read_value(body, *path)
    return value if isinstance(value, Mapping) else {}


def read_objects(body: Any, *path: str) -> list[Body]:  # noqa: ANN401
    """Return the objects in the list at the path; what else is in it is left out."""
    value = read_value(body, *path)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def read_text(body: Any, *path: str, most: int = NAME_LENGTH) -> str | None:  # noqa: ANN401
    """Return the text at the path, stripped and cut to `most` characters; a number as its digits; None if blank."""
    value = read_value(body, *path)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_ID:
        value = str(value)
    if not isinstance(value, str):
        return None
    return UNSTORABLE.sub("\ufffd", value).strip()[:most].strip() or None


def read_int(body: Any, *path: str, least: int = 0, most: int = MAX_ID) -> int | None:  # noqa: ANN401
    """Return the whole number at the path, also one written as text; None outside of the bounds."""
    value = read_value(body, *path)
    if isinstance(value, str) and re.fullmatch("[0-9]{1,19}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if least <= value <= most else None


def read_seconds(body: Any, *path: str) -> float | None:  # noqa: ANN401
    """Return the duration at the path; None if it is negative or no number."""
    value = read_value(body, *path)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= MAX_INT else None


def read_flag(body: Any, *path: str) -> bool | None:  # noqa: ANN401
    """Return the boolean at the path."""
    value = read_value(body, *path)
    return value if isinstance(value, bool) else None


def read_time(body: Any, *path: str) -> datetime | None:  # noqa: ANN401
    """Return the moment at the path, see parse_time; numbers are seconds since 1970."""
    value = read_value(body, *path)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return from_unix(value)
    return parse_time(value) if isinstance(value, str) else None


def parse_time(text: str) -> datetime | None:
    """Return the moment that a text names in ISO 8601 or in one of GitLab's two other ways, in UTC.

    None for what names no zone, is no time, or lies before 2000.
    """
    if len(text) > MAX_TIME_LENGTH:
        return None
    # Python's parser takes "2025-05-02 12:30:19+00:00", also without the colon, but no blank before the zone.
    joined = re.sub(r" +([+-]\d)", r"\1", SPELLED_ZONE.sub(r"\1Z", text.strip()))
    try:
        moment = datetime.fromisoformat(joined)
        return None if moment.tzinfo is None else _keep_late(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def from_unix(seconds: float) -> datetime | None:
    """Return the moment so many seconds after 1970; None if it lies before 2000 or beyond the calendar."""
    try:
        return _keep_late(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _keep_late(moment: datetime) -> datetime | None:
    return moment if moment >= MIN_TIME else None


def find_latest(*moments: datetime | None) -> datetime | None:
    """Return the latest of those that are known."""
    return max((moment for moment in moments if moment), default=None)


def count_milliseconds(moment: datetime | None) -> int:
    """Return the milliseconds since 1970, 0 for None."""
    return make_stamp(moment) // 1000


def read_meaning(words: Mapping[str, Meaning], word: str) -> Meaning:
    """Return what a sender's word means, in any case; one that no table knows claims nothing, as queued does."""
    return words.get(word.casefold(), (Status.QUEUED, None))


def read_host(*urls: str | None) -> str:
    """Return the lower-cased host, with its port, of the first address that has one; an empty text if none has."""
    for url in urls:
        try:
            parts = urlsplit(url or "")
            if parts.hostname:
                return parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
        except ValueError:
            continue
    return ""


def require(field: str, value: Any) -> Any:  # noqa: ANN401
    """Return the value; raise MalformedError if there is none."""
    if value is None or value == "":
        raise MalformedError({field: ["Missing or of the wrong type."]})
    return value


def identify(
    dialect: str, project: str, parts: Sequence[str | int | None], run_id: str | None = None, attempt: int = 1
) -> Identity:
    """Return the identity of a deployment that a CI server tells of; `project` is the repository's full name, say.

    `parts` are host, repository and whatever else tells it apart.
    """
    slug = make_slug(project)[:NAME_LENGTH].strip("-.")
    if not any(map(str.isalnum, slug)):
        slug = "project-" + hashlib.sha256(project.encode(errors="replace")).hexdigest()[:12]
    return Identity(dialect, slug, tuple(parts), run_id, attempt)

"""What the parsers of all dialects share: their three results, and functions that read untrusted bodies. Pure.

One odd value never rejects a whole body: a value of an unexpected type counts as missing, a text that is too long is
cut, and characters that PostgreSQL cannot store are replaced.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from dashboard.core.project_identity import ProjectIdentity
from dashboard.core.registers import make_stamp
from dashboard.core.report import Identity, Report
from dashboard.core.storable import MAX_ID, MAX_INT, UNSTORABLE
from dashboard.core.words import Meaning, Status

MAX_NAME_LENGTH, MAX_URL_LENGTH, MAX_TEXT_LENGTH = 255, 2048, 65536
"""The maximum length of a stored name, URL and text, in characters."""
MAX_JOBS, MAX_STEPS = 1_000, 10_000
"""The maximum number of jobs and of steps in one delivery."""

MIN_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""An earlier time is a sender's default, such as 1970 or the year 1, rather than a time."""
MIN_MILLISECONDS = 10**11
"""A larger number is a time in milliseconds: in seconds it would be after the year 5138."""
UNIX_TEXT = re.compile(r"(?:0|[0-9]{9,13})(?:\.[0-9]{1,9})?")
"""Seconds or milliseconds since 1970; neither a year, nor the digits of 20240131 or 20240131235959."""
MAX_TIME_LENGTH = 64
SPELLED_ZONE = re.compile(r"(\d) +(?:UTC|Z)\Z")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters, line separators and surrogates: no name contains them."""
DEFAULT_JOB = "deploy"
"""Key and name of the job of a deployment whose sender names none."""

Body = Mapping[str, Any]


class MalformedError(ValueError):
    """A payload that nothing can be applied from; `errors` maps each invalid field to its messages."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__("; ".join(f"{field}: {message}" for field, messages in errors.items() for message in messages))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Ignored:
    """An event that changes nothing here, or that is unknown; the reason completes "ignored: …"."""

    reason: str


Parsed = tuple[Report, ...] | Ignored
"""The content of a delivery: at least one report, or why there is none."""
Parser = Callable[[Any], Parsed]
Events = Mapping[str, Parser | Ignored]
"""The events that a dialect knows: each with its parser, or with the reason why it is ignored."""


def parse_event(events: Events, event: str, body: Any) -> Parsed:  # noqa: ANN401
    """Return the reports in the body of an event, or why it is ignored; raise MalformedError."""
    parser = events.get(event, Ignored(f"unknown event {event[:MAX_NAME_LENGTH]!r}"))
    return parser if isinstance(parser, Ignored) else parser(body)


def read_value(body: Any, *path: str) -> Any:  # noqa: ANN401
    """Return the value at a path of names, None if the path does not exist."""
    for name in path:
        if not isinstance(body, Mapping):
            return None
        body = body.get(name)
    return body


def read_object(body: Any, *path: str) -> Body:  # noqa: ANN401
    """Return the object at the path, an empty one if there is no object."""
    value = read_value(body, *path)
    return value if isinstance(value, Mapping) else {}


def read_objects(body: Any, *path: str) -> list[Body]:  # noqa: ANN401
    """Return the objects in the list at the path, without its other items; an empty list if there is no list."""
    value = read_value(body, *path)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def read_text(body: Any, *path: str, limit: int = MAX_NAME_LENGTH) -> str | None:  # noqa: ANN401
    """Return the text at the path, stripped and cut to `limit` characters; a number as its digits; None if blank."""
    value = read_value(body, *path)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_ID:
        value = str(value)
    if not isinstance(value, str):
        return None
    return UNSTORABLE.sub("\ufffd", value).strip()[:limit].strip() or None


def read_int(body: Any, *path: str, minimum: int = 0, maximum: int = MAX_ID) -> int | None:  # noqa: ANN401
    """Return the whole number at the path, which may be written as text; None if there is none within the bounds."""
    value = read_value(body, *path)
    if isinstance(value, str) and re.fullmatch("[0-9]{1,19}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if minimum <= value <= maximum else None


def read_seconds(body: Any, *path: str) -> float | None:  # noqa: ANN401
    """Return the number of seconds at the path; None if it is negative, too large or not a number."""
    value = read_value(body, *path)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= MAX_INT else None


def read_flag(body: Any, *path: str) -> bool | None:  # noqa: ANN401
    """Return the boolean at the path, None if there is none."""
    value = read_value(body, *path)
    return value if isinstance(value, bool) else None


def read_time(body: Any, *path: str) -> datetime | None:  # noqa: ANN401
    """Return the time at the path: a number that from_unix takes, or a text that parse_time understands; else None."""
    value = read_value(body, *path)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return from_unix(value)
    return parse_time(value) if isinstance(value, str) else None


def parse_time(text: str) -> datetime | None:
    """Return the time in UTC that a text states in ISO 8601, in one of GitLab's two other formats, or in digits.

    None if the text is not a time, has no time zone, or lies before 2000.
    """
    if len(text) > MAX_TIME_LENGTH:
        return None
    text = text.strip()
    if UNIX_TEXT.fullmatch(text):
        return from_unix(float(text))
    # fromisoformat accepts "2025-05-02 12:30:19+00:00", also without the colon, but no space before the zone.
    joined = re.sub(r" +([+-]\d)", r"\1", SPELLED_ZONE.sub(r"\1Z", text))
    try:
        moment = datetime.fromisoformat(joined)
    except ValueError:
        return None
    return None if moment.tzinfo is None else to_utc(moment)


def from_unix(number: float) -> datetime | None:
    """Return the time that many seconds after 1970, or milliseconds if it is so large.

    None if it lies before 2000 or after the year 9999.
    """
    try:
        return to_utc(datetime.fromtimestamp(number / 1000 if number >= MIN_MILLISECONDS else number, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def to_utc(moment: datetime) -> datetime | None:
    """Return a time with a zone in UTC; None if it lies before 2000 or, in UTC, after the year 9999."""
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        return None
    return moment if moment >= MIN_TIME else None


def find_latest(*moments: datetime | None) -> datetime | None:
    """Return the latest of the known times, None if none is known."""
    return max((moment for moment in moments if moment), default=None)


def count_milliseconds(moment: datetime | None) -> int:
    """Return the milliseconds since 1970, 0 for None."""
    return make_stamp(moment) // 1000


def read_meaning(words: Mapping[str, Meaning], word: str) -> Meaning:
    """Return the meaning of a sender's status word in any letter case; an unknown word counts as queued."""
    return words.get(word.casefold(), (Status.QUEUED, None))


def read_host(*urls: str | None) -> str:
    """Return the host in lower case, with its port, of the first URL that has one; an empty text if none has."""
    for url in urls:
        try:
            parts = urlsplit(url or "")
            if parts.hostname:
                return parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
        except ValueError:
            continue
    return ""


def read_repository_path(body: Any, *path: str) -> str | None:  # noqa: ANN401
    """Return the path in the address of a repository, without `.git`: `octo/shop`; None if there is none.

    The address is a URL, whose path may be encoded, `git@host:octo/shop.git` or the path itself.
    """
    address = (read_text(body, *path, limit=MAX_URL_LENGTH) or "").partition("?")[0].partition("#")[0]
    _, scheme, rest = address.partition("://")
    host, colon, found = address.partition(":")
    if scheme:
        found = decode_name(rest.partition("/")[2])
    elif not colon or "/" in host:
        found = address
    return found.strip("/").removesuffix(".git")[:MAX_NAME_LENGTH] or None


def decode_name(text: str) -> str:
    """Return the name that a percent-encoded text stands for: `feature/#4` for `feature%2F%234`.

    Control characters and bytes that are not UTF-8 become U+FFFD; a % without two hexadecimal digits is kept.
    """
    return CONTROL.sub("\ufffd", unquote(text)).strip()


def require(field: str, value: Any) -> Any:  # noqa: ANN401
    """Return the value; raise MalformedError if it is None or empty."""
    if value is None or value == "":
        raise MalformedError({field: ["Missing or of the wrong type."]})
    return value


def identify(
    dialect: str,
    project: str,
    parts: Sequence[str | int | None],
    run_id: str | None = None,
    attempt: int = 1,
    *,
    sender_id: int | str | None = None,
) -> Identity:
    """Return the identity of a deployment reported by a CI server.

    `project` is a name such as the repository's full name, `sender_id` the sender's id of that repository; `parts` are
    the host, the repository and all else that distinguishes the deployment.
    """
    place = ProjectIdentity(str(parts[0] or ""), project.lower(), sender_id)
    return Identity(dialect, place, tuple(parts), run_id, attempt)

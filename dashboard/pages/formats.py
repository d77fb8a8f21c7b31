"""Values of a view as the text that people read: pure functions, no Flask, no markup.

`static/js/formats.js` states the same rules for what changes while a page is open. Both are tested against one table,
`tests/js/formats.json`: a new format goes into all three.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from dashboard.pages.words import WORDS

MINUTE, HOUR, DAY = 60, 3600, 86400
HTTP_URL = re.compile(r"https?://[^\s/?#]+", re.IGNORECASE)
LONG_HASH = re.compile(r"[0-9a-f]{12,}")
TICKING_STATES = {"running", "waiting"}


def read_value(view: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - a view holds any JSON value
    """Return the value at a dotted path, None where a part of the path is missing or null."""
    value: Any = view
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def is_shown(view: Mapping[str, Any], condition: str) -> bool:
    """Tell whether a condition of `data-show` holds: names apart by commas, any of them; `name=value` for one value."""
    for part in condition.split(","):
        name, equals, wanted = part.partition("=")
        value = read_value(view, name)
        if (value == wanted) if equals else bool(value):
            return True
    return False


def format_values(view: Mapping[str, Any], names: str, text_format: str, now: datetime) -> str:
    """Return the text of the comma-separated fields in one format; empty means: nothing to show."""
    values = [read_value(view, name) for name in names.split(",")]
    if text_format in TICKING:
        return TICKING[text_format](*values, now)
    return FORMATS[text_format](*values)


def safe_href(url: object) -> str | None:
    """Return a link target that came with the data, or None unless it is an http or https address."""
    return url if isinstance(url, str) and HTTP_URL.match(url) else None


def format_text(value: object) -> str:
    return "" if value is None else str(value)


def format_short(revision: str | None) -> str:
    """Shorten a commit hash as Git does; any other name of a revision (`latest`, `v1.2`) stays whole."""
    return revision[:7] if revision and LONG_HASH.fullmatch(revision) else revision or ""


def format_port(port: int | None) -> str:
    return f":{port}" if port else ""


def format_attempt(attempt: int | None) -> str:
    return WORDS["phrase"]["attempt"].format(n=attempt) if attempt and attempt > 1 else ""


def format_count(done: int | None, total: int | None) -> str:
    return WORDS["phrase"]["count"].format(n=done or 0, of=total or 0)


def format_service(service: str | None) -> str:
    return format_word("service", service or "unknown")


def format_word(group: str, value: str | None) -> str:
    return WORDS[group].get(value, value) if value else ""


def format_duration(duration_s: float | None) -> str:
    if duration_s is None:
        return ""
    total = max(0, int(duration_s))
    if total < MINUTE:
        return WORDS["duration"]["seconds"].format(s=total)
    if total < HOUR:
        return WORDS["duration"]["minutes"].format(m=total // MINUTE, s=total % MINUTE)
    if total < DAY:
        return WORDS["duration"]["hours"].format(h=total // HOUR, m=total % HOUR // MINUTE)
    return WORDS["duration"]["days"].format(d=total // DAY, h=total % DAY // HOUR)


def format_took(duration_s: float | None, started_at: str | None, state: str | None, now: datetime) -> str:
    """How long it took, or has taken so far; nothing for what stopped reporting: its clock would lie."""
    since = open_since(duration_s, started_at, state)
    return format_duration((now - parse_time(since)).total_seconds() if since else duration_s)


def open_since(duration_s: float | None, started_at: str | None, state: str | None) -> str | None:
    """Return the time from which the elapsed time ticks, None where it does not tick."""
    return started_at if duration_s is None and state in TICKING_STATES else None


def format_ago(then: str | None, now: datetime) -> str:
    if not then:
        return ""
    elapsed = (now - parse_time(then)).total_seconds()
    if elapsed < MINUTE:
        return WORDS["ago"]["now"]
    if elapsed < HOUR:
        return WORDS["ago"]["minutes"].format(n=int(elapsed // MINUTE))
    if elapsed < DAY:
        return WORDS["ago"]["hours"].format(n=int(elapsed // HOUR))
    days = int(elapsed // DAY)
    return WORDS["ago"]["day" if days == 1 else "days"].format(n=days)


def parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def format_time(time: str | None) -> str:
    return WORDS["phrase"]["utc"].format(time=f"{parse_time(time):%Y-%m-%d %H:%M:%S}") if time else ""


def format_clock(time: str | None) -> str:
    return WORDS["phrase"]["utc"].format(time=f"{parse_time(time):%H:%M:%S}") if time else ""


def format_raw(raw: str | None, status: str | None, conclusion: str | None, state: str | None) -> str:
    """The sender's own word where ours says something else."""
    return "" if not raw or raw in (status, conclusion, state) else WORDS["phrase"]["raw"].format(word=raw)


def format_conflict(candidates: list[Mapping[str, str | None]] | None) -> str:
    return "; ".join(_format_candidate(candidate) for candidate in candidates or [])


def _format_candidate(candidate: Mapping[str, str | None]) -> str:
    word = format_word("conclusion", candidate.get("conclusion"))
    time = candidate.get("completed_at")
    phrase = WORDS["phrase"]["conflict" if time else "conflict_timeless"]
    return phrase.format(word=word, time=format_time(time))


def format_state_title(state: str | None, name: str | None) -> str:
    return WORDS["phrase"]["title_state"].format(state=format_word("state", state), name=name or "")


FORMATS: dict[str, Callable[..., str]] = {
    "text": format_text,
    "short": format_short,
    "port": format_port,
    "attempt": format_attempt,
    "count": format_count,
    "service": format_service,
    "state": lambda state: format_word("state", state),
    "kind": lambda kind: format_word("kind", kind),
    "category": lambda category: format_word("category", category),
    "duration": format_duration,
    "time": format_time,
    "clock": format_clock,
    "raw": format_raw,
    "conflict": format_conflict,
    "state_title": format_state_title,
}
TICKING: dict[str, Callable[..., str]] = {"took": format_took, "ago": format_ago}

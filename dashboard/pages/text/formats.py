"""Formats the values of a view as text: pure functions, no Flask, no markup.

`static/js/text/formats.js` has the same rules for values that change while a page is open. Both are tested against
`tests/js/text/formats.json`: add a new format to all three.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dashboard.core.time_units import DAY_S, HOUR_S, MINUTE_S
from dashboard.core.view_types.projects import OutcomeView
from dashboard.pages.states import find_traits
from dashboard.pages.text.durations import (
    format_duration,
    format_left,
    format_pace,
    format_usual,
)
from dashboard.pages.text.words import WORDS

HTTP_URL = re.compile(r"https?://[^\s/?#]+", re.IGNORECASE)
STEP_KEY = re.compile(r"(.*?)(?:#([0-9]+))?", re.DOTALL)
LONG_HASH = re.compile(r"[0-9a-f]{12,}")


def read_value(view: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - a view holds any JSON value
    """Return the value at a dotted path, None where a part of the path is missing or null."""
    value: Any = view
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def is_shown(view: Mapping[str, Any], condition: str) -> bool:
    """Return whether a part of a `data-show` condition holds: `name` has a value, or `name=value`; comma-separated."""
    for part in condition.split(","):
        name, equals, wanted = part.partition("=")
        value = read_value(view, name)
        if (value == wanted) if equals else bool(value):
            return True
    return False


def format_values(view: Mapping[str, Any], names: str, text_format: str, now: datetime) -> str:
    """Return the text of the comma-separated fields in one format; empty if there is nothing to show."""
    values = [read_value(view, name) for name in names.split(",")]
    if text_format in TICKING:
        return TICKING[text_format](*values, now)
    return FORMATS[text_format](*values)


def safe_href(url: object) -> str | None:
    """Return a URL that came with the data if it is an http or https address, else None."""
    return url if isinstance(url, str) and HTTP_URL.match(url) else None


def format_text(value: object) -> str:
    return "" if value is None else str(value)


def format_short(revision: str | None) -> str:
    """Shorten a commit hash as Git does; any other revision (`latest`, `v1.2`) stays as it is."""
    return revision[:7] if revision and LONG_HASH.fullmatch(revision) else revision or ""


def format_port(port: int | None) -> str:
    return f":{port}" if port else ""


def format_attempt(attempt: int | None) -> str:
    return WORDS["phrase"]["attempt"].format(n=attempt) if attempt and attempt > 1 else ""


def format_count(done: int | None, total: int | None) -> str:
    return WORDS["phrase"]["count"].format(n=done or 0, of=total or 0)


def format_steps(done: int | None, total: int | None) -> str:
    return WORDS["phrase"]["steps"].format(done=done or 0, n=total) if total else ""


def format_jobs(done: int | None, total: int | None) -> str:
    return WORDS["phrase"]["jobs"].format(done=done or 0, n=total or 0)


def format_step(key: str | None, name: str | None) -> str:
    """Return the name of a step: translated if it is a known step, else as its sender reported it."""
    known, number = STEP_KEY.fullmatch(key or "").groups()  # type: ignore[union-attr]  # it matches everything
    if known not in WORDS["step"]:
        return name or ""
    return f"{WORDS['step'][known]} #{number}" if number else str(WORDS["step"][known])


def format_own_name(key: str | None, name: str | None) -> str:
    """Return the sender's name of a step if it differs from the shown name by more than spaces, and from the key."""
    base = STEP_KEY.fullmatch(key or "").group(1)  # type: ignore[union-attr]  # it matches everything
    if not name or base not in WORDS["step"]:
        return ""
    shown = str(WORDS["step"][base])
    return "" if name == base or name.replace(" ", "") == shown.replace(" ", "") else name


def format_step_id(job: str | None, key: str | None) -> str:
    """Return the id of a step on its page, for links to it."""
    return re.sub(r"[ \t\n\f\r]", "_", f"step-{job}/{key}") if key else ""


def format_remark(state: str | None, status: str | None) -> str:
    """Return what is unknown about a job or a step."""
    return str(WORDS["remark"].get(status or "", "")) if state == "unknown" else ""


def format_failures(failures: int | None, runs: int | None) -> str:
    """Return how often the failed step failed in the past `runs` and in this one."""
    if failures is None or not runs:
        return ""
    return WORDS["failures"]["some" if failures else "none"].format(n=runs + 1, failed=failures + 1)


def format_ending(state: str | None, key: str | None, name: str | None) -> str:
    step = format_step(key, name)
    word = format_word("state", state)
    return WORDS["phrase"]["failed_at"].format(state=word, step=step) if step else word


def format_service(service: str | None) -> str:
    return format_word("service", service or "unknown")


def format_word(group: str, value: str | None) -> str:
    return str(WORDS[group].get(value, value)) if value else ""


def format_took(duration_s: float | None, started_at: str | None, state: str | None, now: datetime) -> str:
    """Return the duration, or the elapsed time while the state is ticking; empty if neither is known."""
    since = open_since(duration_s, started_at, state)
    return format_duration((now - parse_time(since)).total_seconds() if since else duration_s)


def open_since(duration_s: float | None, started_at: str | None, state: str | None) -> str | None:
    """Return the time from which the elapsed time counts up, None if it does not."""
    return started_at if duration_s is None and find_traits(state).is_ticking else None


def format_ago(then: str | None, now: datetime) -> str:
    if not then:
        return ""
    elapsed = (now - parse_time(then)).total_seconds()
    if elapsed < MINUTE_S:
        return str(WORDS["ago"]["now"])
    if elapsed < HOUR_S:
        return WORDS["ago"]["minutes"].format(n=int(elapsed // MINUTE_S))
    if elapsed < DAY_S:
        return WORDS["ago"]["hours"].format(n=int(elapsed // HOUR_S))
    return WORDS["ago"]["days"].format(n=int(elapsed // DAY_S))


def parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def format_time(time: str | None) -> str:
    return WORDS["phrase"]["utc"].format(time=f"{parse_time(time):%Y-%m-%d %H:%M:%S}") if time else ""


def format_clock(time: str | None) -> str:
    return WORDS["phrase"]["utc"].format(time=f"{parse_time(time):%H:%M:%S}") if time else ""


def format_raw(known: bool | None, raw: str | None, *ours: str | None) -> str:  # noqa: FBT001
    """Return the sender's own word if it is unknown, or differs from our words in more than case.

    `known` is None in a template without data, and in events of earlier versions.
    """
    if raw and known is False:
        return WORDS["phrase"]["unknown_word"].format(word=raw)
    return "" if not raw or raw.lower() in ours else WORDS["phrase"]["raw"].format(word=raw)


def format_conflict(candidates: list[Mapping[str, str | None]] | None) -> str:
    shown = [_format_candidate(candidate) for candidate in candidates or []]
    return str(WORDS["phrase"]["semicolon"]).join(shown)


def _format_candidate(candidate: Mapping[str, str | None]) -> str:
    word = format_word("conclusion", candidate.get("conclusion"))
    time = candidate.get("completed_at")
    phrase = WORDS["phrase"]["conflict" if time else "conflict_timeless"]
    return phrase.format(word=word, time=format_time(time))


def format_state_title(state: str | None, name: str | None) -> str:
    mark = find_traits(state).mark
    return WORDS["phrase"]["title_state"].format(mark=mark, state=format_word("state", state), name=name or "")


def format_overview_title(running: int | None, failed: int | None) -> str:
    """Return the number of running deployments, else that of failed projects."""
    if running:
        return WORDS["phrase"]["title_running"].format(n=running)
    return WORDS["phrase"]["title_failed"].format(n=failed) if failed else str(WORDS["phrase"]["title_quiet"])


def format_overview_icon(running: int | None, failed: int | None) -> str:
    return "running" if running else "failed" if failed else "quiet"


def format_strip(outcomes: Sequence[OutcomeView] | None) -> str:
    states = [outcome["state"] for outcome in outcomes or []]
    return WORDS["phrase"]["strip"].format(n=len(states), failed=states.count("failed")) if states else ""


def format_group(by: str | None, key: str | None) -> str:
    """Return the name of a group of projects, also for the group without a key; empty if nothing is grouped."""
    if by in (None, "none"):
        return ""
    return format_word(by, key) if key and by in WORDS else key or format_word("group", by)


def format_projects(shown: int | None, total: int | None) -> str:
    if shown == total:
        return WORDS["phrase"]["projects"].format(n=total or 0)
    return WORDS["phrase"]["projects_of"].format(shown=shown or 0, n=total or 0)


def format_number(phrase: str, n: int | None) -> str:
    """Return a phrase with a number in it; empty for 0 and None."""
    return WORDS["phrase"][phrase].format(n=n) if n else ""


FORMATS: dict[str, Callable[..., str]] = {
    "text": format_text,
    "short": format_short,
    "port": format_port,
    "attempt": format_attempt,
    "count": format_count,
    "steps": format_steps,
    "jobs": format_jobs,
    "last_ran": lambda n: format_number("last_ran", n),
    "step": format_step,
    "ending": format_ending,
    "service": format_service,
    "state": lambda state: format_word("state", state),
    "job": lambda name: format_word("job", name),
    "dialect": lambda dialect: format_word("dialect", dialect),
    "trigger": lambda trigger: format_word("trigger", trigger),
    "kind": lambda kind: format_word("kind", kind),
    "category": lambda category: format_word("category", category),
    "duration": format_duration,
    "usual": format_usual,
    "own_name": format_own_name,
    "remark": format_remark,
    "failures": format_failures,
    "step_id": format_step_id,
    "time": format_time,
    "clock": format_clock,
    "raw": format_raw,
    "conflict": format_conflict,
    "state_title": format_state_title,
    "icon": lambda state: find_traits(state).icon,
    "overview_title": format_overview_title,
    "overview_icon": format_overview_icon,
    "list": lambda values: ", ".join(values or []),
    "strip": format_strip,
    "group": format_group,
    "projects": format_projects,
    "quiet": lambda n: format_number("quiet", n),
    "more": lambda n: format_number("more", n),
}
TICKING: dict[str, Callable[..., str]] = {
    "took": format_took,
    "ago": format_ago,
    "left": format_left,
    "pace": format_pace,
}

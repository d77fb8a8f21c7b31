"""Formats durations: exact, rough, the time left, and how long runs and steps usually take.

Pure; the twin of `static/js/text/durations.js`.
"""

from collections.abc import Sequence
from datetime import datetime
from math import ceil

from dashboard.core.estimate import Ends, count_ms, find_ends, is_slow, read_ms
from dashboard.core.time_units import DAY_S, HOUR_S, MINUTE_S
from dashboard.core.view_types.deployments import CurrentStep, TypicalTimes
from dashboard.pages.states import find_traits
from dashboard.pages.text.words import WORDS


def format_duration(duration_s: float | None) -> str:
    if duration_s is None:
        return ""
    total = max(0, int(duration_s))
    if 0 < duration_s < 1:
        return str(WORDS["duration"]["moment"])
    if total < MINUTE_S:
        return WORDS["duration"]["seconds"].format(s=total)
    if total < HOUR_S:
        return WORDS["duration"]["minutes"].format(m=total // MINUTE_S, s=total % MINUTE_S)
    if total < DAY_S:
        return WORDS["duration"]["hours"].format(h=total // HOUR_S, m=total % HOUR_S // MINUTE_S)
    return WORDS["duration"]["days"].format(d=total // DAY_S, h=total % DAY_S // HOUR_S)


def format_left(
    usual: TypicalTimes | None, current: CurrentStep | None, started_at: str | None, state: str | None, now: datetime
) -> str:
    """Return the time left as a range, or by how much the run is overdue; empty if nothing is known."""
    ends = find_ends(usual, current, started_at, state)
    return format_ends(ends, count_ms(now)) if ends else ""


def format_ends(ends: Ends, now_ms: int) -> str:
    """Return the time left until the expected ends."""
    if now_ms >= ends.p90_ms:
        return WORDS["left"]["overdue"].format(n=ends.runs, time=format_duration((now_ms - ends.p90_ms) / 1000))
    high = round_up((ends.p90_ms - now_ms) / 1000)
    low = round_up(max(ends.median_ms - now_ms, 0) / 1000)
    if low[1] == 0:
        return WORDS["left"]["up_to"].format(n=ends.runs, high=format_rough(*high))
    if low == high:
        return WORDS["left"]["about"].format(n=ends.runs, high=format_rough(*high))
    low_text = str(low[1]) if low[0] == high[0] and low[0] != "hours" else format_rough(*low)
    return WORDS["left"]["between"].format(n=ends.runs, low=low_text, high=format_rough(*high))


def round_up(seconds: float) -> tuple[str, int]:
    """Return (unit, number), rounded up: to 5 seconds, to minutes, or, as "hours", the number of quarter hours."""
    if seconds <= MINUTE_S - 5:
        return "seconds", ceil(seconds / 5) * 5
    if seconds <= HOUR_S - MINUTE_S:
        return "minutes", ceil(seconds / MINUTE_S)
    return "hours", ceil(seconds / HOUR_S * 4)


def format_rough(unit: str, number: int) -> str:
    if unit == "hours":
        return WORDS["duration"]["hours"].format(h=number // 4, m=number % 4 * 15)
    return WORDS["rough"][unit].format(n=number)


def format_usual(usual: TypicalTimes | None, status: str | None) -> str:
    """Return how long past runs took, for a run that has ended."""
    if usual is None or status != "completed":
        return ""
    low, high = (format_duration(seconds) for seconds in usual["total"])
    phrase = WORDS["usual"]["about" if low == high else "between"]
    return phrase.format(n=usual["runs"], low=low, high=high)


def format_pace(
    duration_s: float | None, started_at: str | None, state: str | None, usual: Sequence[float] | None, now: datetime
) -> str:
    """Return how long a step usually takes, and whether this one is slow."""
    if usual is None:
        return ""
    if duration_s is None and state == "running" and started_at:
        duration_s = (count_ms(now) - read_ms(started_at)) / 1000
    if duration_s is None and not find_traits(state).is_pending:
        return ""
    return format_median(usual, slow=duration_s is not None and is_slow(duration_s, usual))


def format_median(usual: Sequence[float], *, slow: bool) -> str:
    return WORDS["pace"]["slow" if slow else "usual"].format(time=format_duration(usual[0]))

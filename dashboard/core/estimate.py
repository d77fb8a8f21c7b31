"""Estimates of the time that a deployment will still take, from the times of similar runs before it: quantiles. Pure.

`static/js/core/estimate.js` does the same arithmetic in the browser; both are tested against
`tests/js/core/estimate.json`.
Moments are whole milliseconds since 1970, in which Python and JavaScript agree.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dashboard.core.view_types import Estimate, StepUsual, Usual

MIN_RUNS = 3
"""A range that rests on fewer runs says nothing: there is none."""
P90 = 0.9
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class StepTimes:
    """What past runs took for one step, and from its start to their end, in seconds."""

    durations: Sequence[float]
    lefts: Sequence[float]


@dataclass(frozen=True, slots=True)
class Ends:
    """When half, and when nine in ten, of the runs like this one would have ended; in milliseconds since 1970."""

    median_ms: int
    p90_ms: int
    runs: int


def find_quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which the next one lies with probability `share`; of few values the largest at most.

    Of n values, the next one lies below the k-th with probability k / (n + 1): so the place is share * (n + 1).
    """
    place = min(max(share * (len(ordered) + 1) - 1, 0), len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def summarise_runs(totals: Sequence[float], steps: Mapping[str, StepTimes]) -> Usual | None:
    """Return what the past runs say, None if there are too few of them."""
    total = _find_range(totals)
    if total is None:
        return None
    return {
        "runs": len(totals),
        "total": total[:2],
        "steps": {key: summary for key, times in steps.items() if (summary := _summarise_step(times))},
    }


def find_ends(view: Mapping[str, Any]) -> Ends | None:
    """Return when a deployment is expected to end, None if it is not running or nothing like it ran before.

    Counted from the start of the step in progress, if past runs had that step, else from the start of the deployment.
    """
    usual, current = view["usual"], view["current"] or {}
    if usual is None or view["state"] != "running":
        return None
    step = usual["steps"].get(f"{current.get('job_name')}/{current.get('key')}", {})
    if step.get("left") and current["started_at"]:
        return _add_range(current["started_at"], step["left"])
    return _add_range(view["started_at"], [*usual["total"], usual["runs"]]) if view["started_at"] else None


def estimate_left(view: Mapping[str, Any], now: datetime) -> Estimate | None:
    """Return the time left as a range with the number of runs it rests on, None where find_ends knows none."""
    ends = find_ends(view)
    if ends is None:
        return None
    now_ms = count_ms(now)
    return {
        "runs": ends.runs,
        "left_median_s": max(ends.median_ms - now_ms, 0) / 1000,
        "left_p90_s": max(ends.p90_ms - now_ms, 0) / 1000,
        "overdue_s": max(now_ms - ends.p90_ms, 0) / 1000,
    }


def find_step_usual(usual: Usual | None, job: str, key: str) -> list[float] | None:
    """Return what a step usually takes: `[median_s, p90_s, runs]`, None if that is not known."""
    step = usual["steps"].get(f"{job}/{key}") if usual else None
    return step and step["duration"]


def is_slow(duration_s: float, usual: Sequence[float]) -> bool:
    """Say whether a step took longer than nine in ten did; what cannot be felt does not count."""
    median_s, p90_s = usual[:2]
    return duration_s > p90_s and duration_s - median_s >= 1


def count_ms(moment: datetime) -> int:
    """Return whole milliseconds since 1970, rounded down as browsers do."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def _add_range(started_at: str, usual: Sequence[Any]) -> Ends:
    median_s, p90_s, runs = usual
    start = count_ms(datetime.fromisoformat(started_at))
    return Ends(start + round(median_s * 1000), start + round(p90_s * 1000), runs)


def _summarise_step(times: StepTimes) -> StepUsual | None:
    duration, left = _find_range(times.durations), _find_range(times.lefts)
    return {"duration": duration, "left": left} if duration or left else None


def _find_range(seconds: Iterable[float]) -> list[float] | None:
    """Return median, 90th percentile and number; negative times come from clocks that disagree and count as 0."""
    ordered = sorted(max(value, 0.0) for value in seconds)
    if len(ordered) < MIN_RUNS:
        return None
    return [round(find_quantile(ordered, 0.5), 1), round(find_quantile(ordered, P90), 1), len(ordered)]

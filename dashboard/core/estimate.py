"""Estimates of the time that a deployment has left: quantiles of how long past deployments of its kind took.

`static/js/core/estimate.js` computes the same in the browser; both are tested against `tests/js/core/estimate.json`.
Times are whole milliseconds since 1970, which Python and JavaScript represent alike.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.core.registers import EPOCH
from dashboard.core.view_types.deployments import CurrentStep, Estimate, TypicalStepTimes, TypicalTimes
from dashboard.core.words import State

MIN_RUNS = 3
"""Runs that a range needs; with fewer there is no range."""
P90 = 0.9


@dataclass(frozen=True, slots=True)
class StepTimes:
    """Times of one step in past runs, in seconds: how long it took, and how long the run continued after its start."""

    durations: Sequence[float]
    remaining: Sequence[float]


@dataclass(frozen=True, slots=True)
class Ends:
    """When a run is expected to end, at the median and the 90th percentile, in milliseconds since 1970."""

    median_ms: int
    p90_ms: int
    runs: int


def find_quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value that the next one stays below with probability `share`; never more than the largest value.

    The next value is below the k-th of n with probability k / (n + 1), so the rank is share * (n + 1). Between two
    ranks the result is interpolated.
    """
    rank = min(max(share * (len(ordered) + 1) - 1, 0), len(ordered) - 1)
    below = int(rank)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (rank - below)


def summarise_runs(totals: Sequence[float], steps: Mapping[str, StepTimes]) -> TypicalTimes | None:
    """Return the typical times of past runs and of their steps, None if there are fewer than MIN_RUNS."""
    total = _find_range(totals)
    if total is None:
        return None
    return {
        "runs": len(totals),
        "total": total[:2],
        "steps": {key: summary for key, times in steps.items() if (summary := _summarise_step(times))},
    }


def find_ends(
    usual: TypicalTimes | None, current: CurrentStep | None, started_at: str | None, state: str | None
) -> Ends | None:
    """Return when a deployment is expected to end, None if it is not running or has no typical times.

    The arguments are fields of its view. Counts from the start of the current step if past runs had that step,
    otherwise from the start of the deployment.
    """
    if usual is None or state != State.RUNNING:
        return None
    step = usual["steps"].get(f"{current['job_name']}/{current['key']}") if current else None
    if current and current["started_at"] and step and step["left"]:
        return _add_range(current["started_at"], *step["left"])
    median_s, p90_s = usual["total"]
    return _add_range(started_at, median_s, p90_s, usual["runs"]) if started_at else None


def estimate_left(ends: Ends, now: datetime) -> Estimate:
    """Return the time left until the expected ends as a range, with the number of runs behind it."""
    now_ms = count_ms(now)
    return {
        "runs": ends.runs,
        "left_median_s": max(ends.median_ms - now_ms, 0) / 1000,
        "left_p90_s": max(ends.p90_ms - now_ms, 0) / 1000,
        "overdue_s": max(now_ms - ends.p90_ms, 0) / 1000,
    }


def find_step_usual(usual: TypicalTimes | None, job: str, key: str) -> list[float] | None:
    """Return the typical duration of a step as `[median_s, p90_s, runs]`, None if it is unknown."""
    step = usual["steps"].get(f"{job}/{key}") if usual else None
    return step and step["duration"]


def is_slow(duration_s: float, usual: Sequence[float]) -> bool:
    """Return whether a step took longer than nine in ten did, and at least a second longer than the median."""
    median_s, p90_s = usual[:2]
    return duration_s > p90_s and duration_s - median_s >= 1


def find_slow_at(started_at: str | None, state: str | None, usual: Sequence[float] | None) -> int | None:
    """Return the time at which a running step becomes slow, in milliseconds since 1970; None for any other step."""
    if usual is None or state != State.RUNNING or not started_at:
        return None
    median_s, p90_s = usual[:2]
    return read_ms(started_at) + round(max(p90_s, median_s + 1) * 1000)


def count_ms(moment: datetime) -> int:
    """Return whole milliseconds since 1970, rounded down as in browsers."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def read_ms(text: str) -> int:
    """Return the time in a view as whole milliseconds since 1970."""
    return count_ms(datetime.fromisoformat(text))


def _add_range(started_at: str, median_s: float, p90_s: float, runs: float) -> Ends:
    start = read_ms(started_at)
    return Ends(start + round(median_s * 1000), start + round(p90_s * 1000), int(runs))


def _summarise_step(times: StepTimes) -> TypicalStepTimes | None:
    duration, left = _find_range(times.durations), _find_range(times.remaining)
    return {"duration": duration, "left": left} if duration or left else None


def _find_range(seconds: Iterable[float]) -> list[float] | None:
    """Return `[median, 90th percentile, number]`, None for fewer than MIN_RUNS values.

    Negative times come from clocks that disagree, and count as 0.
    """
    ordered = sorted(max(value, 0.0) for value in seconds)
    if len(ordered) < MIN_RUNS:
        return None
    return [round(find_quantile(ordered, 0.5), 1), round(find_quantile(ordered, P90), 1), len(ordered)]

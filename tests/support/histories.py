"""Invented runs in several shapes, and the estimates while the next one runs. Also for benchmarks."""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from dashboard.core.estimate import Ends, StepTimes, find_ends, summarise_runs
from dashboard.core.registers import EPOCH
from dashboard.core.view_types.deployments import CurrentStep, TypicalTimes

STEPS = ("validate", "build", "upload", "migrate", "start", "test")
MEANS_S = (3.0, 60.0, 25.0, 8.0, 5.0, 30.0)
START = EPOCH + timedelta(days=20_000)

Run = dict[str, float]
"""Seconds by step, in order; a step that a run leaves out is not in it."""


class Moment(NamedTuple):
    """The start of a run or of one of its steps: what was expected then, and what came."""

    ends: Ends
    since_start_s: float
    total_s: float


def make_steady(choose: random.Random) -> Run:
    """Every run is much like the others."""
    return {step: mean * choose.uniform(0.9, 1.1) for step, mean in zip(STEPS, MEANS_S, strict=True)}


def make_long_tailed(choose: random.Random) -> Run:
    """Most are quick, some take several times as long."""
    return {step: mean * choose.lognormvariate(0, 0.6) for step, mean in zip(STEPS, MEANS_S, strict=True)}


def make_cached(choose: random.Random) -> Run:
    """The build finds its cache, or it does not."""
    build = 12.0 if choose.random() < 0.7 else 180.0
    return {**make_steady(choose), "build": build * choose.uniform(0.9, 1.1)}


def make_on_busy_machine(choose: random.Random) -> Run:
    """All steps of a run are slow together."""
    factor = choose.lognormvariate(0, 0.4)
    return {step: seconds * factor for step, seconds in make_steady(choose).items()}


def make_skipping(choose: random.Random) -> Run:
    """Some runs have no migration, and some no build."""
    left_out = {step for step in ("build", "migrate") if choose.random() < 0.4}
    return {step: seconds for step, seconds in make_long_tailed(choose).items() if step not in left_out}


SHAPES: dict[str, Callable[[random.Random], Run]] = {
    "steady": make_steady,
    "long-tailed": make_long_tailed,
    "cached or not": make_cached,
    "busy machine": make_on_busy_machine,
    "skipping": make_skipping,
}


def summarise(history: Sequence[Run]) -> TypicalTimes | None:
    """Return what past runs say, as the query would have it."""
    steps = {}
    for step in STEPS:
        ran = [run for run in history if step in run]
        steps[f"deploy/{step}"] = StepTimes([run[step] for run in ran], [compute_remaining_s(run, step) for run in ran])
    return summarise_runs([sum(run.values()) for run in history], steps)


def compute_remaining_s(run: Run, step: str) -> float:
    """Return the seconds from the start of a step to the end of its run."""
    seconds = list(run.values())
    return sum(seconds[list(run).index(step) :])


def watch_run(usual: TypicalTimes | None, run: Run) -> Iterator[Moment]:
    """Yield the moments of a run at which it is estimated anew: its start, and that of each step."""
    total_s = sum(run.values())
    for step in (None, *run):
        since_s = 0.0 if step is None else total_s - compute_remaining_s(run, step)
        current = step and make_current_step(step, START + timedelta(seconds=since_s))
        ends = find_ends(usual, current or None, START.isoformat(), "running")
        assert ends is not None
        yield Moment(ends, since_s, total_s)


def make_current_step(step: str, at: datetime) -> CurrentStep:
    """Return a step of the job `deploy` that is in progress."""
    return {"job": "deploy", "job_name": "deploy", "key": step, "started_at": at.isoformat()}

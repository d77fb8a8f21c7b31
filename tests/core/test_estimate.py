"""Time left: what is estimated, from what, and how often it is right."""

import json
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard.core.estimate import (
    StepTimes,
    estimate_left,
    find_ends,
    find_quantile,
    find_slow_at,
    find_step_usual,
    is_slow,
    summarise_runs,
)
from dashboard.core.view_types.deployments import TypicalTimes
from tests.support.histories import SHAPES, START, Moment, summarise, watch_run

TABLE = json.loads((Path(__file__).parents[1] / "js" / "core" / "estimate.json").read_text())
TRIALS = 1000
USUAL: TypicalTimes = {"runs": 23, "total": [60.0, 90.0], "steps": {}}


@pytest.mark.parametrize(
    ("values", "share", "quantile"),
    [
        ([7], 0.5, 7),
        ([7], 0.9, 7),
        ([1, 2, 3], 0.5, 2),
        ([1, 2, 3, 4], 0.5, 2.5),
        ([1, 2, 3], 0.9, 3),  # three values know no 90th percentile: the largest at most
        (list(range(1, 10)), 0.9, 9),
        (list(range(1, 20)), 0.9, 18),
        (list(range(1, 12)), 0.9, 10.8),
        ([5, 5, 5, 5], 0.9, 5),
        ([1, 2], 0.5, 1.5),
        ([1, 2, 3, 4], 0.1, 1),  # the smallest at least
        ([1, 2, 3], 1, 3),
    ],
)
def test_quantiles_of_values(values: list[float], share: float, quantile: float) -> None:
    assert find_quantile(values, share) == pytest.approx(quantile)


def test_a_history_is_summarised_in_total_and_by_step() -> None:
    steps = {"deploy/build": StepTimes([10.0, 30.0, 20.0], [40.0, 50.0, 60.0]), "deploy/rare": StepTimes([1.0], [2.0])}
    assert summarise_runs([90.0, 70.0, 80.0], steps) == {
        "runs": 3,
        "total": [80.0, 90.0],
        "steps": {"deploy/build": {"duration": [20.0, 30.0, 3], "left": [50.0, 60.0, 3]}},
    }


@pytest.mark.parametrize("totals", [[], [60.0], [60.0, 61.0]])
def test_fewer_than_three_runs_give_no_estimate(totals: list[float]) -> None:
    assert summarise_runs(totals, {}) is None


def test_a_negative_duration_counts_as_zero() -> None:
    assert summarise_runs([-5.0, -5.0, -5.0], {}) == {"runs": 3, "total": [0.0, 0.0], "steps": {}}


@pytest.mark.parametrize("case", TABLE["ends"], ids=lambda case: case["case"])
def test_expected_ends(case: dict[str, Any]) -> None:
    ends = find_ends(case["usual"], case["current"], case["started_at"], case["state"])
    assert (ends and [ends.median_ms, ends.p90_ms, ends.runs]) == case["ends"]


@pytest.mark.parametrize(
    ("elapsed_s", "left_median_s", "left_p90_s", "overdue_s"),
    [(0, 60, 90, 0), (45.5, 14.5, 44.5, 0), (60, 0, 30, 0), (75, 0, 15, 0), (90, 0, 0, 0), (130, 0, 0, 40)],
)
def test_the_time_left_falls_to_zero_and_then_becomes_overdue(
    elapsed_s: float, left_median_s: float, left_p90_s: float, overdue_s: float
) -> None:
    ends = find_ends(USUAL, None, START.isoformat(), "running")
    assert ends
    estimate = estimate_left(ends, START + timedelta(seconds=elapsed_s))
    wanted = {"left_median_s": left_median_s, "left_p90_s": left_p90_s, "overdue_s": overdue_s}
    assert estimate == {"runs": 23, **wanted}


@pytest.mark.parametrize("case", TABLE["slow"])
def test_a_step_above_p90_is_slow(case: dict[str, Any]) -> None:
    assert is_slow(case["duration_s"], case["usual"]) is case["slow"]


@pytest.mark.parametrize("case", TABLE["slow_at"], ids=lambda case: case["case"])
def test_a_running_step_becomes_slow(case: dict[str, Any]) -> None:
    assert find_slow_at(case["started_at"], case["state"], case["usual"]) == case["ms"]


def test_the_usual_duration_of_a_step_needs_enough_runs_with_it() -> None:
    usual = summarise([SHAPES["steady"](random.Random(seed)) for seed in range(10)])
    assert find_step_usual(usual, "deploy", "build") is not None
    assert find_step_usual(usual, "deploy", "nothing") is None
    assert find_step_usual(None, "deploy", "build") is None


@pytest.mark.parametrize("runs", [9, 50])
@pytest.mark.parametrize("shape", SHAPES)
def test_half_of_all_runs_end_before_the_median_and_nine_in_ten_before_p90(shape: str, runs: int) -> None:
    """So the range from median to p90 holds about 40 %: it says "half are done by then, nearly all by then".

    Asked whenever the estimate is made anew: at the start of each run and of each of its steps.
    """
    choose = random.Random(f"{shape} {runs}")
    moments: list[Moment] = []
    for _ in range(TRIALS):
        usual = summarise([SHAPES[shape](choose) for _ in range(runs)])
        moments += watch_run(usual, SHAPES[shape](choose))
    ended = [(START + timedelta(seconds=moment.total_s)).timestamp() * 1000 for moment in moments]
    before_median = sum(end <= moment.ends.median_ms for end, moment in zip(ended, moments, strict=True))
    before_p90 = sum(end <= moment.ends.p90_ms for end, moment in zip(ended, moments, strict=True))
    assert before_median / len(moments) == pytest.approx(0.5, abs=0.05)
    assert before_p90 / len(moments) == pytest.approx(0.9, abs=0.04)


def test_times_are_rounded_to_tenths_of_a_second() -> None:
    usual = summarise_runs([1.26, 2.34, 3.48], {})
    assert usual == {"runs": 3, "total": [2.3, 3.5], "steps": {}}


def test_a_step_that_rarely_ended_still_gives_the_time_left_after_it() -> None:
    usual = summarise_runs([10.0, 20.0, 30.0], {"deploy/build": StepTimes([5.0], [6.0, 7.0, 8.0])})
    assert usual is not None
    assert usual["steps"] == {"deploy/build": {"duration": None, "left": [7.0, 8.0, 3]}}

"""Bars of jobs and steps on a time axis: the same table that the scripts are tested against."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dashboard.core.estimate import count_ms
from dashboard.pages.drawing.gantt import Axis, find_axis, find_growing_since, place_bar, round_up_span
from tests.pages.views import make_deployment, make_job, make_step

GANTT = json.loads((Path(__file__).parents[2] / "js" / "drawing" / "gantt.json").read_text())
NOW_MS = count_ms(datetime.fromisoformat(GANTT["now"]))
START_MS = count_ms(datetime.fromisoformat("2024-01-01T00:00:00Z"))


@pytest.mark.parametrize("case", GANTT["axes"], ids=lambda case: case["case"])
def test_axes_are_as_in_the_table(case: dict[str, Any]) -> None:
    assert find_axis(case["view"], NOW_MS) == case["axis"]


@pytest.mark.parametrize("case", GANTT["bars"], ids=lambda case: case["case"])
def test_bars_are_as_in_the_table(case: dict[str, Any]) -> None:
    axis: Axis = {"start_ms": START_MS, "span_ms": 1_200_000, "span_s": 1200, "is_live": case["live"]}
    step = make_step(**{name: case[name] for name in ("started_at", "completed_at", "status")})
    assert place_bar(axis, step, NOW_MS) == tuple(case["bar"])
    assert find_growing_since(axis, step) == case["grows"]


def test_without_an_axis_there_is_no_bar() -> None:
    assert place_bar(None, GANTT["bars"][0], NOW_MS) == (0, 0)


@pytest.mark.parametrize(
    ("span_s", "rounded_s"),
    [
        (0, 30), (30, 30), (30.001, 60), (60, 60), (61, 120), (1800, 1800), (1801, 3600), (43_200, 43_200),
        (43_201, 86_400), (86_400, 86_400), (86_401, 172_800),
    ],
)  # fmt: skip
def test_a_span_is_rounded_up_to_the_next_round_one(span_s: float, rounded_s: int) -> None:
    assert round_up_span(round(span_s * 1000)) == rounded_s * 1000


@pytest.mark.parametrize(
    ("usual_s", "ended_at", "span_s"),
    [
        pytest.param(None, None, 30, id="what has passed"),
        pytest.param([30, 60], None, 60, id="what nine in ten took"),
        pytest.param([30, 60.001], None, 120, id="and a little more"),
        pytest.param(None, "2024-01-01T00:01:00Z", 60, id="an end that a fast clock puts into the future"),
    ],
)
def test_spans_of_live_axes(usual_s: list[float] | None, ended_at: str | None, span_s: int) -> None:
    started_at = "2024-01-01T00:00:00Z"
    part = {"status": "in_progress", "state": "running", "started_at": started_at}
    step = make_step(**part, completed_at=ended_at)
    usual = usual_s and {"runs": 3, "total": usual_s, "steps": {}}
    view = make_deployment(make_job(step, **part), **part, usual=usual)
    axis = find_axis(view, START_MS + 10_000)
    assert axis == {"start_ms": START_MS, "span_ms": span_s * 1000, "span_s": span_s, "is_live": True}

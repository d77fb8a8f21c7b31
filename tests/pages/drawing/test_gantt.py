"""Bars of jobs and steps on a time axis: the same table that the scripts are tested against."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dashboard.core.estimate import count_ms
from dashboard.pages.drawing.gantt import find_axis, find_growing_since, place_bar

GANTT = json.loads((Path(__file__).parents[2] / "js" / "drawing" / "gantt.json").read_text())
NOW_MS = count_ms(datetime.fromisoformat(GANTT["now"]))
START_MS = count_ms(datetime.fromisoformat("2024-01-01T00:00:00Z"))


@pytest.mark.parametrize("case", GANTT["axes"], ids=lambda case: case["case"])
def test_the_axis_of_a_deployment(case: dict[str, Any]) -> None:
    assert find_axis(case["view"], NOW_MS) == case["axis"]


@pytest.mark.parametrize("case", GANTT["bars"], ids=lambda case: case["case"])
def test_the_bar_of_a_step(case: dict[str, Any]) -> None:
    axis = {"start_ms": START_MS, "span_ms": 1_200_000, "is_live": case["live"]}
    assert place_bar(axis, case, NOW_MS) == tuple(case["bar"])
    assert find_growing_since(axis, case) == case["grows"]


def test_without_an_axis_there_is_no_bar() -> None:
    assert place_bar(None, GANTT["bars"][0], NOW_MS) == (0, 0)

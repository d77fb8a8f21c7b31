"""The strip of a project: the same table that the scripts are tested against."""

import json
from pathlib import Path
from typing import Any

import pytest

from dashboard.pages.drawing.strip import draw_strip

STRIPS = json.loads((Path(__file__).parents[2] / "js" / "drawing" / "strip.json").read_text())


@pytest.mark.parametrize("case", STRIPS["cases"], ids=lambda case: str(case["outcomes"]))
def test_strips_are_as_in_the_table(case: dict[str, Any]) -> None:
    assert {shape: path for shape, path in draw_strip(case["outcomes"]) if path} == case["paths"]

"""The projects of the overview as a visitor wants them, and their strips: the same tables as those of the scripts."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Request

from dashboard.pages import overview_grouping as arrange
from dashboard.pages.drawing.strip import draw_strip

TABLES = Path(__file__).parents[1] / "js"
TABLE = json.loads((TABLES / "overview_grouping.json").read_text())
STRIPS = json.loads((TABLES / "drawing" / "strip.json").read_text())
NOW = datetime.fromisoformat(TABLE["now"])


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: str(case["choices"]))
def test_projects_are_arranged_as_the_table_says(case: dict[str, Any]) -> None:
    arranged = arrange.arrange_projects(TABLE["projects"], arrange.read_choices(case["choices"]), NOW)
    slugs = [[group["key"], [project["slug"] for project in group["projects"]]] for group in arranged["groups"]]
    assert slugs == case["groups"]
    assert (arranged["shown"], arranged["quiet"]) == (case["shown"], case["quiet"])


@pytest.mark.parametrize("case", TABLE["addresses"], ids=lambda case: case["search"])
def test_the_address_says_what_was_chosen(case: dict[str, Any]) -> None:
    request = Request({"QUERY_STRING": iri_to_uri(case["search"].removeprefix("?"))})
    assert arrange.read_choices(request.args) == arrange.Choices(**case["choices"])


@pytest.mark.parametrize("case", STRIPS["cases"], ids=lambda case: str(case["outcomes"]))
def test_a_strip_is_drawn_as_the_table_says(case: dict[str, Any]) -> None:
    assert {shape: path for shape, path in draw_strip(case["outcomes"]) if path} == case["paths"]

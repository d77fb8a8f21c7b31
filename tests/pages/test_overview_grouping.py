"""The projects of the overview as a visitor wants them, and their strips: the same tables as those of the scripts."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Request

from dashboard.pages import lists
from dashboard.pages import overview_grouping as arrange
from dashboard.pages.drawing.strip import draw_strip

TABLES = Path(__file__).parents[1] / "js"
TABLE = json.loads((TABLES / "arrange.json").read_text())
STRIPS = json.loads((TABLES / "strip.json").read_text())
NOW = datetime.fromisoformat(TABLE["now"])


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: urlencode(case["choices"]))
def test_projects_are_arranged_as_the_table_says(case: dict[str, Any]) -> None:
    arranged = arrange.arrange_projects(TABLE["projects"], arrange.read_choices(case["choices"]), NOW)
    slugs = [[group["key"], [project["slug"] for project in group["projects"]]] for group in arranged["groups"]]
    assert slugs == case["groups"]
    assert (arranged["shown"], arranged["quiet"]) == (case["shown"], case["quiet"])


@pytest.mark.parametrize("case", TABLE["linked"], ids=lambda case: case["case"])
def test_each_run_has_one_line_as_the_table_says(case: dict[str, Any]) -> None:
    listed = [
        {"id": place, "dialect": dialect, "run_key": key, "state": next(iter(state), "running")}
        for place, (dialect, key, *state) in enumerate(case["listed"])
    ]
    assert [deployment["id"] for deployment in lists.hide_linked(listed)] == case["kept"]


@pytest.mark.parametrize("case", TABLE["addresses"], ids=lambda case: case["search"])
def test_the_address_says_what_was_chosen(case: dict[str, Any]) -> None:
    request = Request({"QUERY_STRING": iri_to_uri(case["search"].removeprefix("?"))})
    assert arrange.read_choices(request.args) == arrange.Choices(**case["choices"])


def test_what_fell_silent_stands_behind_what_runs_and_is_not_counted() -> None:
    running = [{"id": 3, "state": "stale"}, {"id": 2, "state": "running"}, {"id": 1, "state": "queued"}]
    assert [deployment["id"] for deployment in lists.order_running(running)] == [2, 1, 3]
    projects = [*TABLE["projects"], {"last_deployment": {"state": "failed"}}]
    assert lists.count_watched(running, projects) == {"running": 2, "failed": 2}


@pytest.mark.parametrize("case", STRIPS["cases"], ids=lambda case: str(case["outcomes"]))
def test_a_strip_is_drawn_as_the_table_says(case: dict[str, Any]) -> None:
    assert {shape: path for shape, path in draw_strip(case["outcomes"]) if path} == case["paths"]

"""The projects of the overview, searched, grouped and sorted: the same table that the scripts are tested against."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Request

from dashboard.pages.overview_grouping import Choices, arrange_projects, read_choices, sort_projects
from tests.pages.views import make_project

TABLE = json.loads((Path(__file__).parents[1] / "js" / "overview_grouping.json").read_text())
NOW = datetime.fromisoformat(TABLE["now"])


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: urlencode(case["choices"]))
def test_projects_are_grouped_and_sorted_as_in_the_table(case: dict[str, Any]) -> None:
    arranged = arrange_projects(TABLE["projects"], read_choices(case["choices"]), NOW)
    slugs = [[group["key"], [project["slug"] for project in group["projects"]]] for group in arranged["groups"]]
    assert slugs == case["groups"]
    assert (arranged["shown"], arranged["quiet"]) == (case["shown"], case["quiet"])


@pytest.mark.parametrize("case", TABLE["addresses"], ids=lambda case: case["search"])
def test_choices_are_read_from_the_url(case: dict[str, Any]) -> None:
    request = Request({"QUERY_STRING": iri_to_uri(case["search"].removeprefix("?"))})
    assert read_choices(request.args) == Choices(**case["choices"])


def test_groups_have_their_size_and_the_page_its_counts() -> None:
    shop, api, docs = make_project("shop", kind="backend"), make_project("api", kind="backend"), make_project("docs")
    assert arrange_projects([shop, docs, api], Choices(group="kind"), NOW) == {
        "groups": [
            {"by": "kind", "key": "backend", "projects": [api, shop], "size": 2},
            {"by": "kind", "key": "", "projects": [docs], "size": 1},
        ],
        "shown": 3,
        "total": 3,
        "is_empty": False,
        "quiet": 0,
    }
    nothing = {"groups": [], "shown": 0, "quiet": 0}
    assert arrange_projects([], Choices(), NOW) == {**nothing, "total": 0, "is_empty": True}
    assert arrange_projects([docs], Choices(q="shop"), NOW) == {**nothing, "total": 1, "is_empty": False}


def test_a_search_does_not_match_across_two_names() -> None:
    projects = [make_project("shop", name="web")]
    assert arrange_projects(projects, Choices(q="xx"), NOW)["shown"] == 0
    assert arrange_projects(projects, Choices(q="shop web"), NOW)["shown"] == 1


def test_names_are_sorted_without_regard_to_case_and_equal_ones_by_slug() -> None:
    projects = [make_project(slug, name=name) for slug, name in (("4", "abc"), ("3", "ABC"), ("2", "a_c"), ("1", "B"))]
    assert [project["slug"] for project in sort_projects(projects, "name")] == ["2", "3", "4", "1"]

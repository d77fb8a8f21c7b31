"""The projects of the overview, searched, grouped and sorted: the same table that the scripts are tested against."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Request

from dashboard.pages.overview_grouping import Choices, arrange_projects, read_choices

TABLE = json.loads((Path(__file__).parents[1] / "js" / "overview_grouping.json").read_text())
NOW = datetime.fromisoformat(TABLE["now"])


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: urlencode(case["choices"]))
def test_projects_are_arranged_as_the_table_says(case: dict[str, Any]) -> None:
    arranged = arrange_projects(TABLE["projects"], read_choices(case["choices"]), NOW)
    slugs = [[group["key"], [project["slug"] for project in group["projects"]]] for group in arranged["groups"]]
    assert slugs == case["groups"]
    assert (arranged["shown"], arranged["quiet"]) == (case["shown"], case["quiet"])


@pytest.mark.parametrize("case", TABLE["addresses"], ids=lambda case: case["search"])
def test_the_address_says_what_was_chosen(case: dict[str, Any]) -> None:
    request = Request({"QUERY_STRING": iri_to_uri(case["search"].removeprefix("?"))})
    assert read_choices(request.args) == Choices(**case["choices"])

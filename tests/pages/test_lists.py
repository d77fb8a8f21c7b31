"""Lists of deployments: the same table that the scripts are tested against."""

import json
from pathlib import Path
from typing import Any

import pytest

from dashboard.pages import lists
from tests.pages.views import make_deployment, make_project

TABLES = Path(__file__).parents[1] / "js"
TABLE = json.loads((TABLES / "lists.json").read_text())


@pytest.mark.parametrize("case", TABLE["linked"], ids=lambda case: case["case"])
def test_each_run_is_listed_once_as_in_the_table(case: dict[str, Any]) -> None:
    listed = [
        make_deployment(id=place, dialect=dialect, run_key=key, run_id=run, state=state)
        for place, (dialect, key, run, state) in enumerate(case["listed"])
    ]
    assert [deployment["id"] for deployment in lists.hide_duplicate_runs(listed)] == case["kept"]


def test_stale_deployments_come_last_and_are_not_counted() -> None:
    states = {3: "stale", 2: "running", 1: "queued"}
    running = [make_deployment(id=number, state=state) for number, state in states.items()]
    assert [deployment["id"] for deployment in lists.order_running(running)] == [2, 1, 3]
    newest = [make_deployment(state=state) for state in ("failed", "success", "failed")]
    projects = [make_project(), *(make_project(last_deployment=deployment) for deployment in newest)]
    assert lists.count_watched(running, projects) == {"running": 2, "failed": 2}

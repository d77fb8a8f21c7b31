"""Lists of deployments: the same table that the scripts are tested against."""

import json
from pathlib import Path
from typing import Any

import pytest

from dashboard.pages import lists

TABLES = Path(__file__).parents[1] / "js"
TABLE = json.loads((TABLES / "lists.json").read_text())
PROJECTS = json.loads((TABLES / "overview_grouping.json").read_text())["projects"]


@pytest.mark.parametrize("case", TABLE["linked"], ids=lambda case: case["case"])
def test_each_run_is_listed_once_as_the_table_says(case: dict[str, Any]) -> None:
    listed = [
        {"id": place, "dialect": dialect, "run_key": key, "state": next(iter(state), "running")}
        for place, (dialect, key, *state) in enumerate(case["listed"])
    ]
    assert [deployment["id"] for deployment in lists.hide_duplicate_runs(listed)] == case["kept"]


def test_stale_deployments_come_last_and_are_not_counted() -> None:
    running = [{"id": 3, "state": "stale"}, {"id": 2, "state": "running"}, {"id": 1, "state": "queued"}]
    assert [deployment["id"] for deployment in lists.order_running(running)] == [2, 1, 3]
    projects = [*PROJECTS, {"last_deployment": {"state": "failed"}}]
    assert lists.count_watched(running, projects) == {"running": 2, "failed": 2}

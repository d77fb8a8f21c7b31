"""The deployments that are related to another."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.support.ingest import NOW, ingest_each, make_report, read_view

ENDED = (NOW - timedelta(hours=1)).isoformat()


@pytest.fixture(autouse=True)
def _application(app: Flask) -> None:
    """Run within the application."""


def add(**fields: Any) -> int:
    """Report one deployment; return its id."""
    return ingest_each([make_report(**fields)])


def test_a_first_deployment_has_no_related_deployments() -> None:
    assert read_view(add(run_id="1", status="ok"))["related"] is None


def test_attempts_are_related_to_each_other() -> None:
    first, second, third = (add(run_id="7", run_attempt=attempt, status="running") for attempt in (1, 2, 3))
    add(run_id="7", environment="staging", status="running")
    add(run_id="7", project="another", status="running")
    related = read_view(second)["related"]
    assert related["attempts"] == [{"id": first, "attempt": 1}, {"id": third, "attempt": 3}]
    assert related["linked"] == []


def test_the_previous_deployment_had_ended_when_this_one_began() -> None:
    success = add(run_id="1", status="ok", completed_at=ENDED, commit_hash="8f2c1e0")
    failed = add(run_id="2", status="failed", completed_at=ENDED, step_details={"build": "ok", "test": "failed"})
    add(run_id="3", status="running")
    add(run_id="4", status="ok", completed_at=ENDED, environment="staging")
    here = add(run_id="5", status="running")
    add(run_id="6", status="ok", completed_at=ENDED)
    related = read_view(here)["related"]
    assert related["before"] == {
        "id": failed,
        "state": "failed",
        "commit_hash": None,
        "ended_at": related["before"]["ended_at"],
    }
    assert related["last_success"]["id"] == success
    assert related["last_success"]["commit_hash"] == "8f2c1e0"
    assert (related["runs"], related["failures"]) == (2, {"deploy/test": 1})

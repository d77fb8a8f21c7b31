"""Rows of a deployment, a job and a step as they are read from the tables, and their views."""

from datetime import UTC, datetime, timedelta
from typing import Any

from dashboard.core.state import Standing
from dashboard.core.view import (
    StalenessRule,
    decide_row_state,
    read_deployment_standing,
    read_job_standing,
    view_deployment,
    view_job,
)
from dashboard.core.view_types.deployments import ProjectView
from dashboard.core.words import Conclusion, State, Status

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
WATCH = StalenessRule(NOON, 600)
RUNNING = Standing(Status.IN_PROGRESS)
SUCCESS, SKIPPED = (Standing(Status.COMPLETED, word) for word in (Conclusion.SUCCESS, Conclusion.SKIPPED))
NO_TIMES = {"started_at": None, "completed_at": None, "reported_at": None, "observed_at": None, "rounds": None}
PROJECT: ProjectView = {
    "slug": "shop", "name": "Shop", "kind": "backend", "repository": "acme/shop", "url": "https://shop.example",
    "port": 8080, "service_status": "running", "seq": 7,
}  # fmt: skip
SHOWN_AS_SENT = {
    "environment": "production", "repository": "acme/shop", "branch": "main", "commit_hash": "8f2c1e0",
    "commit_message": "Fix it", "run_id": "31", "run_key": "github.com/acme/shop/31/1", "attempt": 1,
    "run_url": "https://github.com/acme/shop/actions/runs/31", "dialect": "native", "triggered_by": "ana",
    "trigger_type": "push", "deploy_type": "backend", "deploy_path": "/srv/shop", "test_url": "https://shop.example",
    "port": 8080, "service_status": "running", "message": "going well", "error": "one warning",
}  # fmt: skip


def at(minute: int, second: int = 0) -> datetime:
    """Return a time after noon."""
    return NOON + timedelta(minutes=minute, seconds=second)


def make_deployment(**values: Any) -> dict[str, Any]:
    """Return the row of a deployment that is running, with these columns."""
    return {
        "id": 5, "seq": 3, **SHOWN_AS_SENT, **NO_TIMES, "status": "in_progress", "conclusion": None,
        "status_raw": "running", "conflicting_outcome": None, "job_tally": {}, "step_tally": {}, "current_step": None,
        "usual_gap_s": 0, "last_report_at": NOON, "sorted_at": at(0), "first_step_at": None, "duration_s": None,
        "waited_s": None, "is_cut": None, **values,
    }  # fmt: skip


def make_job(**values: Any) -> dict[str, Any]:
    """Return the row of a job that is running, with these columns."""
    return {
        "key": "17", "number": 2, "name": "deploy", "allowed_to_fail": None, "allowed_by_project": False,
        "status": "in_progress", "conclusion": None, "status_raw": "running", "conflicting_outcome": None,
        **NO_TIMES, "first_step_at": None,
        "duration_s": None, "step_tally": {}, "message": None, "error": None, "log": None, **values,
    }  # fmt: skip


def make_step(**values: Any) -> dict[str, Any]:
    """Return the row of a step that is running, with these columns."""
    return {
        "job_key": "17", "key": "build", "number": 1, "name": "Build", "category": "build", "status": "in_progress",
        "conclusion": None, "status_raw": "running", "conflicting_outcome": None, **NO_TIMES, "message": None,
        "error": None, "log": None, **values,
    }  # fmt: skip


def show(row: dict[str, Any], watch: StalenessRule = WATCH) -> dict[str, Any]:
    """Return what is shown of the row of a deployment."""
    return dict(view_deployment(row, PROJECT, read_deployment_standing(row), watch))


def show_job(row: dict[str, Any], deployment_row: dict[str, Any]) -> dict[str, Any]:
    """Return what is shown of the row of a job."""
    deployment = read_deployment_standing(deployment_row)
    return dict(view_job(row, read_job_standing(row, deployment), deployment_row, deployment))


def decide(row: dict[str, Any]) -> State:
    """Return the state of the row of a deployment."""
    return decide_row_state(row, read_deployment_standing(row), WATCH)

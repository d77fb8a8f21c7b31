"""The views of jobs and steps, and their order."""

from typing import Any

import pytest

from dashboard.core.state import Standing
from dashboard.core.view import (
    attach_steps,
    make_sort_key,
    read_job_standing,
    view_step,
)
from tests.core.view_rows import (
    RUNNING,
    SKIPPED,
    SUCCESS,
    at,
    make_deployment,
    make_job,
    make_step,
    show_job,
)


def test_the_view_of_a_job_is_complete() -> None:
    row = make_job(
        started_at=at(1), step_tally={"success": 1, "queued": 2}, message="m", error="e", log="l", allowed_to_fail=True
    )
    assert show_job(row, make_deployment()) == {
        "key": "17",
        "number": 2,
        "name": "deploy",
        "allowed_to_fail": True,
        "status": "in_progress",
        "conclusion": None,
        "status_raw": "running",
        "status_known": True,
        "state": "running",
        "conflict": None,
        "started_at": "2026-01-01T12:01:00Z",
        "started_observed": False,
        "completed_at": None,
        "duration_s": None,
        "job_progress_pct": 33,
        "completed_steps": 1,
        "total_steps": 3,
        "message": "m",
        "error": "e",
        "log": "l",
    }


def test_a_job_that_may_not_fail_is_marked_so() -> None:
    assert show_job(make_job(allowed_to_fail=None), make_deployment())["allowed_to_fail"] is False


def test_an_implicit_job_ends_when_its_deployment_does() -> None:
    job = make_job(status=None, status_raw=None, started_at=at(1), step_tally={"success": 2})
    ended = make_deployment(status="completed", conclusion="success", completed_at=at(4), reported_at=at(5))
    shown = show_job(job, ended)
    assert (shown["state"], shown["completed_at"], shown["duration_s"]) == ("success", "2026-01-01T12:04:00Z", 180.0)
    assert shown["job_progress_pct"] == 100
    without_end = show_job(job, {**ended, "completed_at": None})
    assert (without_end["completed_at"], without_end["duration_s"]) == ("2026-01-01T12:05:00Z", 240.0)
    assert show_job(job, make_deployment(completed_at=at(4)))["completed_at"] is None


def test_a_job_with_its_own_status_ends_at_its_own_time() -> None:
    job = make_job(status="completed", conclusion="success", started_at=at(1), completed_at=at(2))
    ended = make_deployment(status="completed", conclusion="success", completed_at=at(4))
    assert show_job(job, ended)["completed_at"] == "2026-01-01T12:02:00Z"


def test_a_job_without_steps_is_complete_when_it_has_ended() -> None:
    assert show_job(make_job(), make_deployment())["job_progress_pct"] == 0
    assert show_job(make_job(status="completed", conclusion="success"), make_deployment())["job_progress_pct"] == 100


def test_an_open_job_of_an_ended_deployment_is_unknown() -> None:
    ended = make_deployment(status="completed", conclusion="success")
    assert show_job(make_job(), ended)["state"] == "unknown"
    assert show_job(make_job(status="queued", status_raw="manual"), make_deployment())["state"] == "waiting"


def test_the_standing_of_an_implicit_job_comes_from_its_steps() -> None:
    assert read_job_standing(make_job(status=None, step_tally={"success": 1}), RUNNING) == RUNNING
    assert read_job_standing(make_job(status=None, step_tally={"success": 1}), SUCCESS) == SUCCESS
    assert read_job_standing(make_job(status="completed", conclusion="skipped"), RUNNING) == SKIPPED


def test_the_view_of_a_step_is_complete() -> None:
    row = make_step(started_at=at(1), message="m", error="e", log="l")
    assert view_step(row, RUNNING, RUNNING) == {
        "job": "17",
        "key": "build",
        "number": 1,
        "name": "Build",
        "category": "build",
        "status": "in_progress",
        "conclusion": None,
        "status_raw": "running",
        "status_known": True,
        "state": "running",
        "conflict": None,
        "started_at": "2026-01-01T12:01:00Z",
        "started_observed": False,
        "completed_at": None,
        "duration_s": None,
        "is_current": True,
        "is_done": False,
        "message": "m",
        "error": "e",
        "log": "l",
    }


def test_a_step_that_ended_is_done_and_not_current() -> None:
    row = make_step(status="completed", conclusion="failure", status_raw="error", started_at=at(1), completed_at=at(2))
    shown = view_step(row, RUNNING, RUNNING)
    assert (shown["is_current"], shown["is_done"], shown["state"]) == (False, True, "failed")
    assert (shown["conclusion"], shown["duration_s"]) == ("failure", 60.0)


@pytest.mark.parametrize(
    ("job", "deployment", "shown"),
    [(RUNNING, RUNNING, "running"), (SUCCESS, RUNNING, "unknown"), (RUNNING, SUCCESS, "unknown")],
)
def test_an_open_step_is_unknown_if_its_job_or_deployment_has_ended(
    job: Standing, deployment: Standing, shown: str
) -> None:
    step = view_step(make_step(), job, deployment)
    assert (step["state"], step["is_current"], step["is_done"]) == (shown, shown == "running", False)


def test_a_queued_step_with_a_waiting_word_is_waiting() -> None:
    assert view_step(make_step(status="queued", status_raw="manual"), RUNNING, RUNNING)["state"] == "waiting"


def node(key: str, **values: Any) -> Any:
    """Return as much of a view as its place in a list depends on."""
    return {"key": key, "number": None, "started_at": None, "started_observed": False, "is_current": False, **values}


def test_steps_are_ordered_by_number_then_by_the_reported_start_then_by_key() -> None:
    steps = [
        node("none b"),
        node("none a"),
        node("observed", started_at="2026-01-01T11:00:00Z", started_observed=True),
        node("a late", started_at="2026-01-01T12:00:00Z"),
        node("b early", started_at="2026-01-01T11:30:00Z"),
        node("second", number=2, started_at="2026-01-01T11:00:00Z"),
        node("first", number=1),
        node("zeroth", number=0),
    ]
    ordered = ["zeroth", "first", "second", "b early", "a late", "none a", "none b", "observed"]
    assert [step["key"] for step in sorted(steps, key=make_sort_key)] == ordered


def test_steps_with_equal_numbers_are_ordered_by_reported_start() -> None:
    steps = [node("a", number=1), node("b", number=1, started_at="2026-01-01T11:00:00Z")]
    assert [step["key"] for step in sorted(steps, key=make_sort_key)] == ["b", "a"]


def test_a_job_has_the_index_of_its_first_current_step() -> None:
    steps = [node("c", number=3, is_current=True), node("b", number=2, is_current=True), node("a", number=1)]
    job = attach_steps(node("deploy"), steps)
    assert (job["key"], job["current_step_index"]) == ("deploy", 1)
    assert [step["key"] for step in job["steps"]] == ["a", "b", "c"]


def test_a_job_without_a_running_step_has_no_current_step() -> None:
    assert attach_steps(node("deploy"), [node("a")])["current_step_index"] is None

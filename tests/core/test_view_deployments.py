"""The view of a deployment: state, progress, start, end and duration."""

from datetime import datetime
from typing import Any

import pytest

from dashboard.core.view import (
    format_time,
)
from dashboard.core.words import State
from tests.core.view_rows import (
    PROJECT,
    SHOWN_AS_SENT,
    at,
    decide,
    make_deployment,
    show,
)


def test_the_view_of_a_running_deployment_is_complete() -> None:
    row = make_deployment(
        started_at=at(1),
        sorted_at=at(1),
        job_tally={"success": 1, "in_progress": 2},
        step_tally={"success": 3, "in_progress": 1},
        current_step={"job": "17", "job_name": "deploy", "key": "build", "name": "Build", "started_at": "a time"},
    )
    assert show(row) == {
        "id": 5,
        "seq": 3,
        "project": PROJECT,
        **SHOWN_AS_SENT,
        "status": "in_progress",
        "conclusion": None,
        "status_raw": "running",
        "is_cut": False,
        "status_known": True,
        "state": "running",
        "conflict": None,
        "started_at": "2026-01-01T12:01:00Z",
        "started_observed": False,
        "completed_at": None,
        "duration_s": None,
        "progress_pct": 75,
        "completed_steps": 3,
        "total_steps": 4,
        "run_progress_pct": 33,
        "completed_jobs": 1,
        "total_jobs_visible": 3,
        "shown_pct": 75,
        "waited_s": None,
        "current_step": "Build",
        "current": {"job": "17", "job_name": "deploy", "key": "build", "started_at": "a time"},
        "links": {
            "repository": "https://github.com/acme/shop",
            "commit": "https://github.com/acme/shop/commit/8f2c1e0",
            "branch": "https://github.com/acme/shop/tree/main",
        },
        "stale_since": None,
        "sorted_at": "2026-01-01T12:01:00Z",
    }


def test_an_ended_deployment_has_a_conclusion_an_end_and_no_current_step() -> None:
    shown = show(
        make_deployment(
            status="completed", conclusion="success", status_raw="ok", started_at=at(1), completed_at=at(3),
            current_step={"name": "Build"},
        )
    )  # fmt: skip
    assert (shown["status"], shown["conclusion"], shown["state"]) == ("completed", "success", "success")
    assert (shown["status_raw"], shown["current_step"], shown["current"]) == ("ok", None, None)
    assert (shown["completed_at"], shown["duration_s"]) == ("2026-01-01T12:03:00Z", 120.0)
    assert (shown["progress_pct"], shown["run_progress_pct"], shown["shown_pct"]) == (100, 100, 100)


def test_progress_without_steps_is_that_of_the_jobs() -> None:
    shown = show(make_deployment(job_tally={"success": 1, "in_progress": 1}))
    assert (shown["progress_pct"], shown["run_progress_pct"], shown["shown_pct"]) == (0, 50, 50)


def test_implicit_jobs_end_with_their_deployment() -> None:
    jobs = {"wordless:in_progress": 2}
    assert show(make_deployment(job_tally=jobs))["completed_jobs"] == 0
    assert show(make_deployment(job_tally=jobs, status="completed", conclusion="success"))["completed_jobs"] == 2


def test_a_silent_deployment_is_stale_since_its_last_report() -> None:
    silent, heard = make_deployment(last_report_at=at(-11)), make_deployment(last_report_at=at(-10))
    assert (show(silent)["state"], show(silent)["stale_since"]) == ("stale", "2026-01-01T11:49:00Z")
    assert (show(heard)["state"], show(heard)["stale_since"]) == ("running", None)
    assert (decide(silent), decide(heard)) == (State.STALE, State.RUNNING)


def test_a_queued_deployment_with_a_waiting_word_is_waiting() -> None:
    row = make_deployment(status="queued", status_raw="manual")
    assert decide(row) == State.WAITING


def test_a_success_with_a_failed_job_is_partial() -> None:
    row = make_deployment(status="completed", conclusion="success", job_tally={"failure": 1})
    assert decide(row) == State.PARTIAL


def test_both_outcomes_of_a_conflict_are_shown_the_decisive_one_first() -> None:
    row = make_deployment(
        status="completed", conclusion="failure", completed_at=at(2),
        conflicting_outcome={"conclusion": "success", "completed_at": "2026-01-01T12:01:00Z"},
    )  # fmt: skip
    assert show(row)["conflict"] == [
        {"conclusion": "failure", "completed_at": "2026-01-01T12:02:00Z"},
        {"conclusion": "success", "completed_at": "2026-01-01T12:01:00Z"},
    ]


@pytest.mark.parametrize(
    ("values", "started_at", "is_observed"),
    [
        pytest.param(
            {"observed_at": at(5)}, at(5), True, id="no time of the sender's: the receipt of the first report"
        ),
        pytest.param({"observed_at": at(5), "started_at": at(1)}, at(1), False, id="the sender's start"),
        pytest.param({"observed_at": at(5), "first_step_at": at(2)}, at(2), False, id="the start of the first step"),
        pytest.param({"first_step_at": at(2), "started_at": at(1)}, at(1), False, id="its own start before a step's"),
        pytest.param({"observed_at": at(5), "completed_at": at(3)}, None, False, id="an end, and so no observed start"),
        pytest.param(
            {"observed_at": at(5), "reported_at": at(3)}, None, False, id="the time of the report that ended it"
        ),
        pytest.param({"observed_at": at(5), "status": "queued"}, None, False, id="queued: it has not begun"),
        pytest.param({"observed_at": at(5), "status": None}, None, False, id="nothing reported: it has not begun"),
        pytest.param(
            {"observed_at": at(5), "status": "completed", "conclusion": "success"}, at(5), True, id="ended, at no time"
        ),
        pytest.param(
            {"observed_at": at(5), "status": "completed", "conclusion": "skipped"},
            None,
            False,
            id="skipped: never begun",
        ),
        pytest.param({}, None, False, id="nothing known"),
    ],
)
def test_the_start_is_reported_or_else_observed_if_anything_began(
    values: dict[str, Any], started_at: datetime | None, is_observed: bool
) -> None:
    shown = show(make_deployment(**values))
    assert (shown["started_at"], shown["started_observed"]) == (format_time(started_at), is_observed)


@pytest.mark.parametrize(
    ("values", "completed_at", "duration_s"),
    [
        pytest.param({"started_at": at(1), "completed_at": at(2)}, at(2), 60.0, id="between both times"),
        pytest.param({"started_at": at(1), "reported_at": at(3)}, at(3), 120.0, id="ended at the time of the report"),
        pytest.param({"started_at": at(1), "completed_at": at(2), "reported_at": at(3)}, at(2), 60.0, id="its own end"),
        pytest.param({"started_at": at(2), "completed_at": at(1)}, at(1), 0.0, id="never negative"),
        pytest.param({"started_at": at(1), "completed_at": at(1, 1)}, at(1, 1), 1.0, id="in seconds"),
        pytest.param(
            {"started_at": at(1), "completed_at": at(2), "duration_s": 55}, at(2), 55, id="as it was reported"
        ),
        pytest.param({"duration_s": 0}, None, 0, id="reported, even 0"),
        pytest.param({"completed_at": at(2)}, at(2), None, id="no start"),
        pytest.param({"started_at": at(1)}, None, None, id="no end"),
    ],
)
def test_the_duration_is_reported_or_else_from_start_to_end(
    values: dict[str, Any], completed_at: datetime | None, duration_s: float | None
) -> None:
    shown = show(make_deployment(status="completed", conclusion="success", **values))
    assert (shown["completed_at"], shown["duration_s"]) == (format_time(completed_at), duration_s)


def test_an_open_deployment_has_neither_end_nor_duration() -> None:
    shown = show(make_deployment(started_at=at(1), reported_at=at(3), duration_s=55))
    assert (shown["completed_at"], shown["duration_s"]) == (None, None)

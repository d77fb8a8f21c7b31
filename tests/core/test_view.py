"""What people and programs see of a row: every value of a project, a deployment, a job and a step."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from dashboard.core.state import Standing
from dashboard.core.view import (
    StalenessRule,
    attach_steps,
    decide_row_state,
    format_time,
    list_environments,
    make_sort_key,
    read_deployment_standing,
    read_job_standing,
    view_deployment,
    view_job,
    view_project,
    view_step,
)
from dashboard.core.view_types.deployments import ProjectView
from dashboard.core.words import Conclusion, State, Status

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
WATCH = StalenessRule(NOON, 600)
QUEUED, RUNNING = Standing(Status.QUEUED), Standing(Status.IN_PROGRESS)
SUCCESS, SKIPPED = (Standing(Status.COMPLETED, word) for word in (Conclusion.SUCCESS, Conclusion.SKIPPED))
NO_TIMES = {"started_at": None, "completed_at": None, "reported_at": None, "observed_at": None}
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
        **values,
    }  # fmt: skip


def make_job(**values: Any) -> dict[str, Any]:
    """Return the row of a job that is running, with these columns."""
    return {
        "key": "17", "number": 2, "name": "deploy", "allowed_to_fail": None, "status": "in_progress",
        "conclusion": None, "status_raw": "running", "conflicting_outcome": None, **NO_TIMES, "first_step_at": None,
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


def test_a_project_is_shown_without_its_deployments() -> None:
    assert view_project({**PROJECT, "id": 1, "retention_days": 30}) == PROJECT


def test_everything_of_a_running_deployment_is_shown() -> None:
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


def test_a_deployment_that_ended_has_its_conclusion_its_end_and_no_current_step() -> None:
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


def test_without_steps_the_jobs_are_what_moves() -> None:
    shown = show(make_deployment(job_tally={"success": 1, "in_progress": 1}))
    assert (shown["progress_pct"], shown["run_progress_pct"], shown["shown_pct"]) == (0, 50, 50)


def test_jobs_without_a_word_end_with_their_deployment() -> None:
    jobs = {"wordless:in_progress": 2}
    assert show(make_deployment(job_tally=jobs))["completed_jobs"] == 0
    assert show(make_deployment(job_tally=jobs, status="completed", conclusion="success"))["completed_jobs"] == 2


def test_an_error_that_was_taken_back_is_no_error() -> None:
    assert show(make_deployment(error=""))["error"] is None
    assert show_job(make_job(error=""), make_deployment())["error"] is None
    assert view_step(make_step(error=""), RUNNING, RUNNING)["error"] is None


def test_a_deployment_that_fell_silent_is_stale_since_its_last_report() -> None:
    silent, heard = make_deployment(last_report_at=at(-11)), make_deployment(last_report_at=at(-10))
    assert (show(silent)["state"], show(silent)["stale_since"]) == ("stale", "2026-01-01T11:49:00Z")
    assert (show(heard)["state"], show(heard)["stale_since"]) == ("running", None)
    assert (decide(silent), decide(heard)) == (State.STALE, State.RUNNING)


def test_a_deployment_that_is_held_back_is_waiting() -> None:
    row = make_deployment(status="queued", status_raw="manual")
    assert decide(row) == State.WAITING


def test_a_success_with_a_failed_job_is_partial() -> None:
    row = make_deployment(status="completed", conclusion="success", job_tally={"failure": 1})
    assert decide(row) == State.PARTIAL


def test_both_endings_of_a_conflict_are_shown_and_the_one_that_counts_first() -> None:
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
        pytest.param({"observed_at": at(5), "status": None}, None, False, id="nothing said: it has not begun"),
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
def test_the_start_is_the_senders_and_else_observed_where_something_began(
    values: dict[str, Any], started_at: datetime | None, is_observed: bool
) -> None:
    shown = show(make_deployment(**values))
    assert (shown["started_at"], shown["started_observed"]) == (format_time(started_at), is_observed)


@pytest.mark.parametrize(
    ("values", "completed_at", "duration_s"),
    [
        pytest.param({"started_at": at(1), "completed_at": at(2)}, at(2), 60.0, id="between both times"),
        pytest.param({"started_at": at(1), "reported_at": at(3)}, at(3), 120.0, id="ended when it was said"),
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
def test_the_duration_is_the_reported_one_or_else_the_time_between_start_and_end(
    values: dict[str, Any], completed_at: datetime | None, duration_s: float | None
) -> None:
    shown = show(make_deployment(status="completed", conclusion="success", **values))
    assert (shown["completed_at"], shown["duration_s"]) == (format_time(completed_at), duration_s)


def test_what_is_open_has_neither_end_nor_duration() -> None:
    shown = show(make_deployment(started_at=at(1), reported_at=at(3), duration_s=55))
    assert (shown["completed_at"], shown["duration_s"]) == (None, None)


def test_everything_of_a_job_is_shown() -> None:
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


def test_a_job_that_may_not_fail_says_so() -> None:
    assert show_job(make_job(allowed_to_fail=None), make_deployment())["allowed_to_fail"] is False


def test_what_has_no_name_is_shown_by_its_key() -> None:
    assert show_job(make_job(name=None), make_deployment())["name"] == "17"
    assert view_step(make_step(name=None), RUNNING, RUNNING)["name"] == "build"


def test_a_job_without_a_word_ends_when_its_deployment_does() -> None:
    job = make_job(status=None, status_raw=None, started_at=at(1), step_tally={"success": 2})
    ended = make_deployment(status="completed", conclusion="success", completed_at=at(4), reported_at=at(5))
    shown = show_job(job, ended)
    assert (shown["state"], shown["completed_at"], shown["duration_s"]) == ("success", "2026-01-01T12:04:00Z", 180.0)
    assert shown["job_progress_pct"] == 100
    said = show_job(job, {**ended, "completed_at": None})
    assert (said["completed_at"], said["duration_s"]) == ("2026-01-01T12:05:00Z", 240.0)
    assert show_job(job, make_deployment(completed_at=at(4)))["completed_at"] is None


def test_a_job_with_a_word_of_its_own_ends_at_its_own_time() -> None:
    job = make_job(status="completed", conclusion="success", started_at=at(1), completed_at=at(2))
    ended = make_deployment(status="completed", conclusion="success", completed_at=at(4))
    assert show_job(job, ended)["completed_at"] == "2026-01-01T12:02:00Z"


def test_a_job_without_steps_is_done_when_it_has_ended() -> None:
    assert show_job(make_job(), make_deployment())["job_progress_pct"] == 0
    assert show_job(make_job(status="completed", conclusion="success"), make_deployment())["job_progress_pct"] == 100


def test_an_open_job_of_an_ended_deployment_is_unknown() -> None:
    ended = make_deployment(status="completed", conclusion="success")
    assert show_job(make_job(), ended)["state"] == "unknown"
    assert show_job(make_job(status="queued", status_raw="manual"), make_deployment())["state"] == "waiting"


def test_a_job_stands_where_its_steps_put_it() -> None:
    assert read_job_standing(make_job(status=None, step_tally={"success": 1}), RUNNING) == RUNNING
    assert read_job_standing(make_job(status=None, step_tally={"success": 1}), SUCCESS) == SUCCESS
    assert read_job_standing(make_job(status="completed", conclusion="skipped"), RUNNING) == SKIPPED


def test_everything_of_a_step_is_shown() -> None:
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
def test_an_open_step_is_unknown_where_its_job_or_its_deployment_has_ended(
    job: Standing, deployment: Standing, shown: str
) -> None:
    step = view_step(make_step(), job, deployment)
    assert (step["state"], step["is_current"], step["is_done"]) == (shown, shown == "running", False)


def test_a_step_that_waits_for_a_person_is_waiting() -> None:
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


def test_of_steps_with_one_number_the_one_with_the_earlier_reported_start_comes_first() -> None:
    steps = [node("a", number=1), node("b", number=1, started_at="2026-01-01T11:00:00Z")]
    assert [step["key"] for step in sorted(steps, key=make_sort_key)] == ["b", "a"]


def test_a_job_names_the_place_of_its_first_current_step() -> None:
    steps = [node("c", number=3, is_current=True), node("b", number=2, is_current=True), node("a", number=1)]
    job = attach_steps(node("deploy"), steps)
    assert (job["key"], job["current_step_index"]) == ("deploy", 1)
    assert [step["key"] for step in job["steps"]] == ["a", "b", "c"]


def test_a_job_in_which_nothing_runs_has_no_current_step() -> None:
    assert attach_steps(node("deploy"), [node("a")])["current_step_index"] is None


def test_environments_are_listed_once_and_in_order() -> None:
    outcomes: Any = [{"environment": name} for name in ("production", None, "test", "", "production")]
    assert list_environments(outcomes) == ["production", "test"]


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (None, None),
        (datetime(2026, 1, 1, 12, tzinfo=UTC), "2026-01-01T12:00:00Z"),
        (datetime(2026, 1, 1, 12, 0, 0, 5, tzinfo=UTC), "2026-01-01T12:00:00.000005Z"),
        (datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=8))), "2026-01-01T04:00:00Z"),
    ],
)
def test_a_time_is_iso_8601_in_utc(moment: datetime | None, text: str | None) -> None:
    assert format_time(moment) == text

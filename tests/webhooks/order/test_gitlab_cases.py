"""GitLab's hard cases in every order: pipelines that continue after their end, late hooks, jobs allowed to fail."""

from typing import Any

from flask.testing import FlaskClient

from tests.support.bodies.gitlab import make_build, make_deployment, make_job, make_pipeline
from tests.support.delivery_orders import show_in_any_order
from tests.support.sender_deliveries import Delivery, Json, make_series
from tests.support.sender_series import clock

BEGUN = {"started_at": "2026-03-01 10:01:00 UTC"}
FAILED = {**BEGUN, "finished_at": "2026-03-01 10:02:00 UTC", "failure_reason": "script_failure"}
ENDED = {**BEGUN, "finished_at": "2026-03-01T10:02:00Z", "duration": 60.0}
AGAIN = {"created_at": "2026-03-01 10:10:00 UTC", "started_at": "2026-03-01 10:11:00 +0000"}
AGAIN_ENDED = {**AGAIN, "finished_at": "2026-03-01 10:12:00 UTC", "duration": 60.0}
PIPELINE_ENDED, PIPELINE_ENDED_AGAIN = {"finished_at": clock("10:02:01")}, {"finished_at": clock("10:12:01")}


def pipeline_event(run: int, status: str, *builds: Json, **fields: Any) -> tuple[str, Json]:
    return "Pipeline Hook", make_pipeline(status, *builds, id=run, **fields)


def job_event(run: int, number: int, status: str, times: Json) -> tuple[str, Json]:
    fields = {f"build_{name}": value for name, value in times.items()}
    return "Job Hook", make_job(number, "unit", status, pipeline_id=run, **fields)


def test_a_retried_job_reopens_its_pipeline(shared_client: FlaskClient) -> None:
    def series(run: int) -> list[Delivery]:
        return make_series(
            "gitlab",
            run,
            pipeline_event(run, "failed", make_build(5, "unit", "failed", **FAILED), **PIPELINE_ENDED),
            pipeline_event(run, "running", make_build(9, "unit", "running", **AGAIN), **PIPELINE_ENDED),
        )

    view = show_in_any_order(shared_client, series)
    (job,) = view["jobs"]
    assert (view["state"], view["conclusion"], view["completed_at"]) == ("running", None, None)
    assert (job["state"], job["started_at"], job["error"]) == ("running", clock("10:11:00"), None)
    assert (view["run_progress_pct"], view["completed_jobs"], view["total_jobs_visible"]) == (0, 0, 1)


def test_a_retried_job_that_succeeds_ends_its_pipeline_again(shared_client: FlaskClient) -> None:
    def series(run: int) -> list[Delivery]:
        return make_series(
            "gitlab",
            run,
            pipeline_event(run, "failed", make_build(5, "unit", "failed", **FAILED), **PIPELINE_ENDED),
            job_event(run, 9, "running", AGAIN),
            pipeline_event(run, "running", make_build(9, "unit", "running", **AGAIN), **PIPELINE_ENDED),
            pipeline_event(run, "success", make_build(9, "unit", "success", **AGAIN_ENDED), **PIPELINE_ENDED_AGAIN),
        )

    view = show_in_any_order(shared_client, series)
    (job,) = view["jobs"]
    assert (view["state"], view["completed_at"], view["conflict"]) == ("success", clock("10:12:01"), None)
    assert (job["state"], job["duration_s"], job["error"]) == ("success", 60, None)


def test_a_late_hook_from_before_the_retry_changes_nothing(shared_client: FlaskClient) -> None:
    def series(run: int) -> list[Delivery]:
        waiting = make_build(9, "unit", "pending", created_at="2026-03-01 10:10:00 UTC")
        return make_series(
            "gitlab",
            run,
            pipeline_event(run, "running", waiting),
            job_event(run, 5, "failed", FAILED),
            job_event(run, 5, "running", BEGUN),
            pipeline_event(run, "failed", make_build(5, "unit", "failed", **FAILED), **PIPELINE_ENDED),
        )

    view = show_in_any_order(shared_client, series)
    (job,) = view["jobs"]
    assert (view["state"], view["completed_at"]) == ("running", None)
    assert (job["state"], job["status_raw"], job["error"]) == ("queued", "pending", None)


def test_a_failed_job_that_is_allowed_to_fail_leaves_a_success(shared_client: FlaskClient) -> None:
    def series(run: int) -> list[Delivery]:
        lint = make_build(6, "lint", "failed", allow_failure=True, **FAILED)
        return make_series(
            "gitlab",
            run,
            pipeline_event(run, "running", lint, make_build(5, "unit", "running", **BEGUN)),
            pipeline_event(run, "success", lint, make_build(5, "unit", "success", **ENDED), **PIPELINE_ENDED),
        )

    view = show_in_any_order(shared_client, series)
    assert (view["state"], view["run_progress_pct"]) == ("success", 100)
    assert {job["name"]: job["state"] for job in view["jobs"]} == {"lint": "failed", "unit": "success"}


def test_a_failed_job_that_is_not_allowed_to_fail_makes_a_success_partial(shared_client: FlaskClient) -> None:
    def series(run: int) -> list[Delivery]:
        lint, unit = make_build(6, "lint", "failed", **FAILED), make_build(5, "unit", "success", **ENDED)
        return make_series(
            "gitlab",
            run,
            pipeline_event(run, "running", make_build(6, "lint", "running", **BEGUN), unit),
            pipeline_event(run, "success", lint, unit, **PIPELINE_ENDED),
        )

    view = show_in_any_order(shared_client, series)
    assert (view["state"], view["conclusion"]) == ("partial", "success")


def test_success_while_a_job_is_open_is_partial_until_its_hook_comes(shared_client: FlaskClient) -> None:
    def series(run: int) -> list[Delivery]:
        return make_series(
            "gitlab",
            run,
            job_event(run, 5, "running", BEGUN),
            pipeline_event(run, "success", make_build(5, "unit", "running", **BEGUN), **PIPELINE_ENDED),
        )

    view = show_in_any_order(shared_client, series)
    assert (view["state"], view["jobs"][0]["state"], view["run_progress_pct"]) == ("partial", "unknown", 0)

    def with_late_hook(run: int) -> list[Delivery]:
        return series(run) + make_series("gitlab", -run, job_event(run, 5, "success", ENDED))

    corrected = show_in_any_order(shared_client, with_late_hook)
    assert (corrected["state"], corrected["jobs"][0]["state"]) == ("success", "success")


def test_an_end_before_the_start_gives_no_negative_duration(shared_client: FlaskClient) -> None:
    def series(run: int) -> list[Delivery]:
        times = {"started_at": "2026-03-01 10:09:00 UTC", "finished_at": "2026-03-01 10:08:59 UTC"}
        return make_series("gitlab", run, job_event(run, 5, "created", {}), job_event(run, 5, "canceled", times))

    (job,) = show_in_any_order(shared_client, series)["jobs"]
    assert (job["state"], job["duration_s"]) == ("cancelled", 0)


def test_a_deployment_ends_with_its_last_status(shared_client: FlaskClient) -> None:
    def series(run: int) -> list[Delivery]:
        bodies = [
            make_deployment(status, deployment_id=run, status_changed_at=f"2026-03-01 12:{minute} +0200")
            for status, minute in (("created", "00:00"), ("running", "01:00"), ("success", "03:00"))
        ]
        return make_series("gitlab", run, *(("Deployment Hook", body) for body in bodies))

    view = show_in_any_order(shared_client, series)
    assert (view["state"], view["environment"], view["duration_s"]) == ("success", "staging", 120)
    assert (view["started_at"], view["completed_at"]) == (clock("10:01:00"), clock("10:03:00"))

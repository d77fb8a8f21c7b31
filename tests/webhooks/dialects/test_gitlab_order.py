"""GitLab's hard cases: neither order nor repetition of its hooks changes the state."""

from collections.abc import Mapping

from dashboard.core.report import Report
from dashboard.webhooks.dialects.gitlab import parse
from tests.support.bodies.gitlab import make_build, make_job, make_pipeline
from tests.support.parsed_reports import at, merge_in_any_order, only, outcome, values

FIRST = {"started_at": "2026-03-01 10:01:00 UTC"}
FIRST_ENDED = {**FIRST, "finished_at": "2026-03-01 10:02:00 UTC", "failure_reason": "script_failure"}
AGAIN = {"created_at": "2026-03-01 10:10:00 UTC", "started_at": "2026-03-01 10:11:00 UTC"}
AGAIN_ENDED = {**AGAIN, "finished_at": "2026-03-01 10:12:00 UTC", "duration": 60.0}
ENDED, ENDED_AGAIN = "2026-03-01 10:02:01 UTC", "2026-03-01 10:12:01 UTC"


def pipeline_report(status: str, *builds: dict[str, object], finished_at: str | None = None) -> Report:
    return only(parse("pipeline", make_pipeline(status, *builds, finished_at=finished_at)))


def job_report(number: int, status: str, times: Mapping[str, object]) -> Report:
    return only(parse("build", make_job(number, "unit", status, **{f"build_{name}": at for name, at in times.items()})))


def test_a_skipped_job_runs_again_after_a_retry_with_the_same_id() -> None:
    skipped = pipeline_report("failed", make_build(2, "deploy", "skipped"), finished_at=ENDED)
    running = pipeline_report("running", make_build(2, "deploy", "running", started_at="2026-03-01 10:11:00 UTC"))
    merged = merge_in_any_order([skipped, running])
    assert outcome(merged.jobs["deploy"]) == ("in_progress", None, "running")


def test_a_retried_job_reopens_its_pipeline_until_it_succeeds() -> None:
    failed = pipeline_report("failed", make_build(5, "unit", "failed", **FIRST_ENDED), finished_at=ENDED)
    running = pipeline_report("running", make_build(9, "unit", "running", **AGAIN), finished_at=ENDED)
    success = pipeline_report("success", make_build(9, "unit", "success", **AGAIN_ENDED), finished_at=ENDED_AGAIN)
    reopened = merge_in_any_order([failed, running])
    assert outcome(reopened.deployment) == ("in_progress", None, "running")
    assert outcome(reopened.jobs["unit"]) == ("in_progress", None, "running")
    merged = merge_in_any_order([failed, running, success])
    assert outcome(merged.deployment) == ("completed", "success", "success")
    assert merged.deployment.outcomes[0].completed_at == at("10:12:01")
    assert len(merged.deployment.outcomes) == 1
    assert outcome(merged.jobs["unit"]) == ("completed", "success", "success")
    assert (merged.jobs["unit"].started_at, merged.jobs["unit"].outcomes[0].generation) == (at("10:11:00"), 19)
    assert (values(merged.jobs["unit"])["error"], values(merged.jobs["unit"])["duration_s"]) == ("", 60.0)


def test_a_late_hook_from_before_the_retry_changes_nothing() -> None:
    late = job_report(5, "failed", FIRST_ENDED)
    newer = pipeline_report("running", make_build(9, "unit", "pending", created_at="2026-03-01 10:10:00 UTC"))
    merged = merge_in_any_order([late, newer, job_report(5, "running", FIRST)])
    assert outcome(merged.jobs["unit"]) == ("queued", None, "pending")
    assert values(merged.jobs["unit"])["error"] == ""


def test_hooks_of_jobs_and_of_their_pipeline_merge_into_one_state() -> None:
    merged = merge_in_any_order(
        [
            job_report(5, "created", {}),
            job_report(5, "running", FIRST),
            job_report(5, "failed", FIRST_ENDED),
            pipeline_report("failed", make_build(5, "unit", "failed", **FIRST_ENDED), finished_at=ENDED),
        ]
    )
    assert outcome(merged.deployment) == ("completed", "failure", "failed")
    assert outcome(merged.jobs["unit"]) == ("completed", "failure", "failed")
    assert values(merged.jobs["unit"]) == {
        "name": "unit",
        "number": 1,
        "allowed_to_fail": False,
        "error": "script_failure",
    }


def test_a_job_that_is_allowed_to_fail_does_not_fail_its_pipeline() -> None:
    lint = make_build(6, "lint", "failed", allow_failure=True, **FIRST_ENDED)
    merged = merge_in_any_order(
        [
            pipeline_report("running", lint, make_build(5, "unit", "running", **FIRST)),
            pipeline_report("success", lint, make_build(5, "unit", "success", **FIRST), finished_at=ENDED),
        ]
    )
    assert outcome(merged.deployment) == ("completed", "success", "success")
    assert outcome(merged.jobs["lint"]) == ("completed", "failure", "failed")
    assert values(merged.jobs["lint"])["allowed_to_fail"] is True


def test_a_manual_job_waits_until_it_is_started() -> None:
    manual = pipeline_report("manual", make_build(5, "unit", "manual"))
    assert outcome(manual.jobs["unit"]) == ("queued", None, "manual")
    started = merge_in_any_order([manual, job_report(5, "pending", {}), job_report(5, "running", FIRST)])
    assert outcome(started.jobs["unit"]) == ("in_progress", None, "running")


def test_a_pipeline_continued_by_a_manual_job_ends_with_that_job() -> None:
    unit, live = make_build(5, "unit", "success", **FIRST), make_build(6, "live", "manual", allow_failure=True)
    played = make_build(6, "live", "success", allow_failure=True, **AGAIN_ENDED)
    merged = merge_in_any_order(
        [
            pipeline_report("success", unit, live, finished_at=ENDED),
            pipeline_report("success", unit, played, finished_at=ENDED_AGAIN),
        ]
    )
    assert merged.deployment.outcomes[0].completed_at == at("10:12:01")
    assert outcome(merged.jobs["live"]) == ("completed", "success", "success")


def test_an_end_before_the_start_is_kept_as_sent() -> None:
    times = {"started_at": "2026-03-01 10:09:00 UTC", "finished_at": "2026-03-01 10:08:59 UTC"}
    job = job_report(5, "canceled", times).jobs["unit"]
    assert (job.started_at, job.outcomes[0].completed_at) == (at("10:09:00"), at("10:08:59"))


def test_another_pipeline_of_the_same_project_is_another_deployment() -> None:
    one, other = parse("pipeline", make_pipeline("running")), parse("pipeline", make_pipeline("running", id=32))
    assert only(one).identity.digest != only(other).identity.digest

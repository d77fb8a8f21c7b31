"""Difficult series that GitHub has sent: neither order nor repetition changes the state."""

from dashboard.webhooks.dialects.github import parse
from tests.support.bodies.github import make_job, make_run, make_step
from tests.support.parsed_reports import at, merge_in_any_order, only, outcome


def test_completed_then_in_progress_then_queued_ends_completed() -> None:
    merged = merge_in_any_order(
        [
            only(parse("workflow_run", make_run("completed", "success", updated_at="2026-03-01T10:05:00Z"))),
            only(parse("workflow_run", make_run("in_progress", updated_at="2026-03-01T10:00:09Z"))),
            only(parse("workflow_run", make_run("queued", updated_at="2026-03-01T10:00:00Z"))),
        ]
    )
    assert outcome(merged.deployment) == ("completed", "success", "success")
    assert merged.deployment.started_at == at("10:00:00")


def test_a_job_that_goes_from_queued_to_waiting_and_back_has_not_started() -> None:
    merged = merge_in_any_order(
        [
            only(parse("workflow_job", make_job("queued", started_at="2026-03-01T10:00:10Z"))),
            only(parse("workflow_job", make_job("waiting", started_at="2026-03-01T10:00:20Z"))),
            only(parse("workflow_job", make_job("queued", started_at="2026-03-01T10:00:30Z"))),
        ]
    )
    assert outcome(merged.jobs["77"])[:2] == ("queued", None)
    assert merged.jobs["77"].started_at is None


def test_the_started_at_of_a_queued_job_is_ignored() -> None:
    merged = merge_in_any_order(
        [
            only(parse("workflow_job", make_job("queued", started_at="2026-03-01T10:00:10Z"))),
            only(parse("workflow_job", make_job("in_progress", started_at="2026-03-01T10:02:00Z"))),
        ]
    )
    assert merged.jobs["77"].started_at == at("10:02:00")


def test_a_late_completed_event_of_the_old_attempt_does_not_change_the_new_one() -> None:
    late = only(parse("workflow_run", make_run("completed", "failure", updated_at="2026-03-01T10:30:00Z")))
    new = only(parse("workflow_run", make_run("in_progress", run_attempt=2, updated_at="2026-03-01T10:20:00Z")))
    assert late.identity.digest != new.identity.digest
    assert (late.identity.run_id, late.identity.attempt) == ("9001", 1)
    assert (new.identity.run_id, new.identity.attempt) == ("9001", 2)


def test_jobs_that_a_rerun_reports_again_belong_to_the_new_attempt() -> None:
    first = only(parse("workflow_job", make_job("completed", "success", completed_at="2026-03-01T10:03:00Z")))
    again = make_job("completed", "success", completed_at="2026-03-01T10:03:00Z", run_attempt=2, id=177)
    rerun = only(parse("workflow_run", make_run("in_progress", run_attempt=2)))
    merged = merge_in_any_order([rerun, only(parse("workflow_job", again))])
    assert merged.identity != first.identity
    assert outcome(merged.deployment)[0] == "in_progress"
    assert outcome(merged.jobs["177"]) == ("completed", "success", "success")


def test_a_job_that_is_reported_completed_twice_is_one_job() -> None:
    done = make_job("completed", "failure", completed_at="2026-03-01T10:03:00Z", steps=[make_step(1)])
    merged = merge_in_any_order([only(parse("workflow_job", done)), only(parse("workflow_job", done))])
    assert (len(merged.jobs), len(merged.steps), len(merged.jobs["77"].outcomes)) == (1, 1, 1)


def test_an_end_before_the_start_is_kept_as_sent() -> None:
    skipped = make_job("completed", "skipped", started_at="2026-03-01T10:09:00Z", completed_at="2026-03-01T10:08:59Z")
    job = only(parse("workflow_job", skipped)).jobs["77"]
    assert (job.started_at, job.outcomes[0].completed_at) == (at("10:09:00"), at("10:08:59"))


def test_equal_job_ids_in_different_runs_are_different_jobs() -> None:
    one = only(parse("workflow_job", make_job("in_progress")))
    other = only(parse("workflow_job", make_job("in_progress", run_id=9002)))
    assert one.identity.digest != other.identity.digest


def test_a_run_and_its_jobs_merge_into_one_state() -> None:
    merged = merge_in_any_order(
        [
            only(parse("workflow_run", make_run("completed", "success"))),
            only(parse("workflow_job", make_job("in_progress", steps=[make_step(1), make_step(2, "queued", None)]))),
            only(parse("workflow_job", make_job("completed", "success", steps=[make_step(1), make_step(2)]))),
        ]
    )
    assert outcome(merged.deployment) == ("completed", "success", "success")
    assert [outcome(step)[1] for step in merged.steps.values()] == ["success", "success"]

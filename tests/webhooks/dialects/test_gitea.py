"""Reports from Gitea's and Forgejo's runs, jobs and commit statuses."""

from typing import Any

import pytest

from dashboard.webhooks.dialects.gitea import EVENTS, name_event, parse
from dashboard.webhooks.dialects.payload import Ignored
from tests.support.bodies.gitea import (
    EPOCH,
    HOME,
    NEVER,
    SHA,
    make_forgejo_job,
    make_forgejo_run,
    make_job,
    make_run,
    make_status,
)
from tests.support.parsed_reports import at, make_identity, merge_in_any_order, only, outcome, read_errors, values

RUN = make_identity("gitea", "octo/shop", ("git.example.org:3000", 62, "run", "10", 1), "10", 1)
DESCRIBED = {
    "repository": "octo/shop",
    "branch": "main",
    "commit_hash": SHA,
    "triggered_by": "grace",
    "trigger_type": "push",
    "run_url": f"{HOME}/actions/runs/3",
    "message": "Pay by card",
}


def test_a_run_of_gitea_reports_its_identity_and_outcome() -> None:
    report = only(parse("workflow_run", make_run("completed", "failure")))
    assert report.identity == RUN
    assert values(report.deployment) == DESCRIBED
    assert outcome(report.deployment) == ("completed", "failure", "failure")
    assert (report.deployment.started_at, report.deployment.outcomes[0].completed_at) == (
        at("10:00:00"),
        at("10:05:00"),
    )


def test_a_job_of_gitea_reports_on_its_run_with_steps_from_number_0() -> None:
    report = only(parse("workflow_job", make_job("in_progress")))
    assert report.identity == RUN
    assert values(report.deployment)["run_url"] == f"{HOME}/actions/runs/3"
    assert outcome(report.jobs["21"]) == ("in_progress", None, "in_progress")
    assert {key: values(step) for key, step in report.steps.items()} == {
        ("21", "0"): {"name": "Checkout", "number": 0},
        ("21", "1"): {"name": "Build", "number": 1},
    }
    assert outcome(report.steps["21", "1"]) == ("queued", None, "queued")


@pytest.mark.parametrize("unset", [NEVER, EPOCH, "1970-01-01T00:00:00Z", None])
def test_an_unset_time_is_none(unset: str | None) -> None:
    body = make_job("completed", "skipped", created_at=unset, started_at=unset, completed_at=unset, steps=None)
    job = only(parse("workflow_job", body)).jobs["21"]
    assert (job.started_at, job.outcomes[0].completed_at, job.outcomes[0].reported_at) == (None, None, None)


@pytest.mark.parametrize(
    ("status", "conclusion", "expected"),
    [
        ("requested", "", ("queued", None, "requested")),
        ("queued", "", ("queued", None, "queued")),
        ("pending", "", ("queued", None, "pending")),
        ("waiting", "", ("queued", None, "waiting")),
        ("blocked", "", ("queued", None, "blocked")),
        ("in_progress", "", ("in_progress", None, "in_progress")),
        ("running", "", ("in_progress", None, "running")),
        ("cancelling", "", ("in_progress", None, "cancelling")),
        ("completed", "", ("completed", "unknown", "completed")),
        ("completed", "success", ("completed", "success", "success")),
        ("completed", "failure", ("completed", "failure", "failure")),
        ("completed", "cancelled", ("completed", "cancelled", "cancelled")),
        ("completed", "skipped", ("completed", "skipped", "skipped")),
        ("success", "", ("completed", "success", "success")),
        ("failure", "", ("completed", "failure", "failure")),
        ("cancelled", "", ("completed", "cancelled", "cancelled")),
        ("skipped", "", ("completed", "skipped", "skipped")),
        ("unknown", "", ("queued", None, "unknown")),
    ],
)
def test_every_status_of_a_run_and_of_a_job(status: str, conclusion: str, expected: tuple[str, ...]) -> None:
    assert outcome(only(parse("workflow_run", make_run(status, conclusion))).deployment) == expected
    assert outcome(only(parse("workflow_job", make_job(status, conclusion))).jobs["21"]) == expected
    if not conclusion:
        assert outcome(only(parse("workflow_job_running", make_forgejo_job(status))).jobs["21"]) == expected


def test_completed_then_in_progress_then_queued_ends_completed() -> None:
    merged = merge_in_any_order(
        [
            only(parse("workflow_run", make_run("completed", "success"))),
            only(parse("workflow_run", make_run("in_progress"))),
            only(parse("workflow_run", make_run("queued", started_at=EPOCH))),
            only(parse("workflow_job", make_job("completed", "success"))),
        ]
    )
    assert outcome(merged.deployment) == ("completed", "success", "success")


@pytest.mark.parametrize("attempt", [None, 0, 1, 2])
def test_every_attempt_is_the_same_deployment(attempt: int | None) -> None:
    for event, body in (
        ("workflow_run", make_run("in_progress", run_attempt=attempt)),
        ("workflow_job", make_job("in_progress", run_attempt=attempt)),
    ):
        assert only(parse(event, body)).identity == RUN


def test_a_job_that_gitea_runs_again_is_reopened() -> None:
    merged = merge_in_any_order(
        [
            only(parse("workflow_job", make_job("completed", "failure"))),
            only(parse("workflow_job", make_job("in_progress", run_attempt=2, started_at="2026-03-01T11:00:00Z"))),
        ]
    )
    assert outcome(merged.jobs["21"]) == ("in_progress", None, "in_progress")
    assert merged.jobs["21"].started_at == at("11:00:00")


def test_without_attempt_numbers_a_restart_reopens_the_run() -> None:
    first, then = "2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z"
    merged = merge_in_any_order(
        [
            only(parse("workflow_run", make_run("completed", "failure", run_attempt=0, started_at=first))),
            only(parse("workflow_run", make_run("queued", run_attempt=0, started_at=EPOCH))),
            only(parse("workflow_run", make_run("in_progress", run_attempt=0, started_at=then))),
        ]
    )
    assert merged.identity == RUN
    assert outcome(merged.deployment) == ("in_progress", None, "in_progress")
    assert merged.deployment.started_at == at("11:00:00")


def test_a_later_attempt_of_a_job_wins_even_without_times() -> None:
    unset = {"created_at": NEVER, "started_at": NEVER, "completed_at": NEVER, "steps": []}
    merged = merge_in_any_order(
        [
            only(parse("workflow_job", make_job("completed", "failure"))),
            only(parse("workflow_job", make_job("completed", "success", run_attempt=2, **unset))),
        ]
    )
    assert outcome(merged.jobs["21"]) == ("completed", "success", "success")


@pytest.mark.parametrize("event", ["action_run_success", "action_run_recover", "workflow_run_success"])
def test_a_run_of_forgejo_reports_its_identity_and_outcome(event: str) -> None:
    report = only(parse(event, make_forgejo_run("success")))
    assert report.identity == RUN
    assert values(report.project) == {"name": "octo/shop", "repository": "octo/shop"}
    assert values(report.deployment) == DESCRIBED
    assert outcome(report.deployment) == ("completed", "success", "success")
    assert (report.deployment.started_at, report.deployment.outcomes[0].completed_at) == (
        at("10:00:00"),
        at("10:05:00"),
    )


def test_the_url_of_a_run_of_an_older_forgejo_is_read() -> None:
    body = make_forgejo_run("failure", html_url=None, run_html_url=f"{HOME}/actions/runs/3", prettyref="#12")
    claimed = values(only(parse("action_run_failure", body)).deployment)
    assert claimed["run_url"] == f"{HOME}/actions/runs/3"
    assert "branch" not in claimed


def test_a_job_of_forgejo_reports_on_its_run() -> None:
    report = only(parse("workflow_job_failure", make_forgejo_job("failure")))
    assert report.identity == RUN
    assert values(report.deployment) == DESCRIBED
    assert outcome(report.deployment) == ("in_progress", None, "running")
    assert values(report.jobs["21"]) == {"name": "build"}
    assert outcome(report.jobs["21"]) == ("completed", "failure", "failure")


def test_a_job_that_forgejo_runs_again_is_reopened() -> None:
    again = {"started": "2026-03-01T11:00:00Z", "updated": "2026-03-01T11:00:01Z"}
    merged = merge_in_any_order(
        [
            only(parse("workflow_job_failure", make_forgejo_job("failure"))),
            only(parse("action_run_failure", make_forgejo_run("failure"))),
            only(parse("workflow_job_running", make_forgejo_job("running", again, attempt=2))),
        ]
    )
    assert outcome(merged.jobs["21"]) == ("in_progress", None, "running")
    assert outcome(merged.deployment) == ("in_progress", None, "running")


def test_steps_of_a_job_of_forgejo_are_read_if_present() -> None:
    steps = [{"number": 0, "name": "Set up job", "status": "success", "started": "2026-03-01T10:00:01Z"}]
    report = only(parse("workflow_job_running", make_forgejo_job("running", steps=steps)))
    assert outcome(report.steps["21", "0"]) == ("completed", "success", "success")
    assert report.steps["21", "0"].started_at == at("10:00:01")


def test_a_commit_status_is_identified_by_commit_and_context() -> None:
    report = only(parse("status", make_status()))
    target_url = "https://ci.example.org/repos/1/pipeline/8"
    parts = ("git.example.org:3000", 62, "status", SHA, "ci/woodpecker")
    assert report.identity == make_identity("gitea", "octo/shop", parts)
    assert values(report.deployment) == {
        "repository": "octo/shop",
        "commit_hash": SHA,
        "commit_message": "Pay by card",
        "triggered_by": "woodpecker",
        "run_url": target_url,
        "message": "Pipeline was successful",
    }
    assert values(report.jobs["ci/woodpecker"]) == {"name": "ci/woodpecker", "message": "Pipeline was successful"}


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("pending", ("queued", None, "pending")),
        ("success", ("completed", "success", "success")),
        ("warning", ("completed", "success", "warning")),
        ("error", ("completed", "failure", "error")),
        ("failure", ("completed", "failure", "failure")),
        ("skipped", ("completed", "skipped", "skipped")),
    ],
)
def test_every_state_of_a_commit(state: str, expected: tuple[str, ...]) -> None:
    assert outcome(only(parse("status", make_status(state))).jobs["ci/woodpecker"]) == expected


def test_the_latest_status_of_a_commit_is_its_outcome() -> None:
    merged = merge_in_any_order(
        [
            only(parse("status", make_status("failure", id=5, updated_at="2026-03-01T13:01:00Z"))),
            only(parse("status", make_status("pending", id=6, updated_at="2026-03-01T13:02:00Z"))),
            only(parse("status", make_status("success", id=7, updated_at="2026-03-01T13:03:00Z"))),
        ]
    )
    assert outcome(merged.deployment) == ("completed", "success", "success")
    assert len(merged.deployment.outcomes) == 1


def test_a_commit_status_of_giteas_own_actions_is_ignored() -> None:
    body = make_status(context="deploy / build (push)", target_url=f"{HOME}/actions/runs/3/jobs/0")
    assert parse("status", body) == Ignored("job of Gitea Actions; it is reported as workflow_job")


@pytest.mark.parametrize(
    ("event", "body", "field"),
    [
        ("workflow_run", [1], "run id"),
        ("workflow_job", {**make_job(), "repository": None}, "repository.full_name"),
        ("action_run_success", {}, "run id"),
        ("action_run_success", make_forgejo_run(repository=None), "repository.full_name"),
        ("workflow_job_running", make_forgejo_job(id=None, name=""), "job.id"),
        ("status", make_status(state=""), "state"),
    ],
)
def test_a_body_without_an_identity_is_malformed(event: str, body: Any, field: str) -> None:
    assert list(read_errors(parse, event, body)) == [field]


@pytest.mark.parametrize("event", [event for event, handled in EVENTS.items() if isinstance(handled, Ignored)])
def test_an_ignored_event_is_ignored_with_any_body(event: str) -> None:
    assert parse(event, {"action": "created"}) == EVENTS[event]


def test_an_unknown_event_is_ignored_by_name() -> None:
    assert parse("moon_phase", make_run()) == Ignored("unknown event 'moon_phase'")


@pytest.mark.parametrize(
    ("header", "body", "expected"),
    [
        ("push", make_run(), "push"),
        ("", make_run(), "workflow_run"),
        (None, make_job(), "workflow_job"),
        ("", make_status(), "status"),
        (None, 7, "unnamed"),
    ],
)
def test_an_event_is_named_by_its_header_or_else_by_its_body(header: str, body: Any, expected: str) -> None:
    assert name_event(header, body) == expected

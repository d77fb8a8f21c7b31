"""Reports from GitHub's runs and jobs, and which of its events are ignored."""

from datetime import datetime
from typing import Any

import pytest

from dashboard.core.registers import make_stamp
from dashboard.core.words import WAITING_WORDS
from dashboard.webhooks.dialects.github import EVENTS, WORDS, name_event, parse
from dashboard.webhooks.dialects.payload import Ignored
from tests.support.bodies.github import SHA, make_check, make_deployment, make_job, make_run, make_status
from tests.support.bodies.github import make_step as step
from tests.support.parsed_reports import at, make_identity, only, outcome, read_errors, values

RUN = make_identity("github", "octo/shop", ("github.com", 4711, "run", "9001", 1), "9001", 1)


def test_a_run_reports_its_identity_and_outcome() -> None:
    report = only(parse("workflow_run", make_run("completed", "success")))
    assert report.identity == RUN
    assert values(report.project) == {"name": "Octo/Shop", "repository": "Octo/Shop"}
    assert values(report.deployment) == {
        "repository": "Octo/Shop",
        "branch": "main",
        "commit_hash": SHA,
        "commit_message": "Pay by card\n\nAt last.",
        "triggered_by": "grace",
        "trigger_type": "push",
        "run_url": "https://github.com/Octo/Shop/actions/runs/9001",
        "message": "Pay by card",
    }
    assert outcome(report.deployment) == ("completed", "success", "success")
    assert report.deployment.started_at == at("10:00:00")
    assert report.deployment.outcomes[0].completed_at == report.deployment.outcomes[0].reported_at == at("10:05:00")
    assert (report.jobs, report.steps) == ({}, {})


def test_a_run_with_missing_fields_reports_the_others() -> None:
    body = make_run("queued", display_title=None, triggering_actor=None, head_commit=None, head_branch=None)
    claimed = values(only(parse("workflow_run", body)).deployment)
    assert (claimed["message"], claimed["triggered_by"]) == ("Deploy", "ada")
    assert not {"commit_message", "branch"} & set(claimed)


def test_every_claim_carries_the_time_of_the_report() -> None:
    report = only(parse("workflow_run", make_run("in_progress", updated_at="2026-03-01T10:00:07Z")))
    stamps = {claim[0] for node in (report.project, report.deployment) for claim in node.fields.values()}
    assert stamps == {1772359207000000}


def test_a_job_reports_the_state_of_each_step() -> None:
    steps = [
        step(1),
        step(2, "completed", "skipped"),
        step(3, "in_progress", None),
        step(4, "queued", None, started_at=None),
        step(5, "pending", None, started_at=None),
    ]
    report = only(parse("workflow_job", make_job("in_progress", steps=steps)))
    assert report.identity == RUN
    assert list(report.jobs) == ["77"]
    assert values(report.jobs["77"]) == {"name": "build (3.11)"}
    assert outcome(report.jobs["77"]) == ("in_progress", None, "in_progress")
    assert report.jobs["77"].started_at == at("10:00:30")
    assert {key: outcome(node) for key, node in report.steps.items()} == {
        ("77", "1"): ("completed", "success", "success"),
        ("77", "2"): ("completed", "skipped", "skipped"),
        ("77", "3"): ("in_progress", None, "in_progress"),
        ("77", "4"): ("queued", None, "queued"),
        ("77", "5"): ("queued", None, "pending"),
    }
    assert values(report.steps["77", "1"]) == {"name": "Step 1", "number": 1}
    assert report.steps["77", "1"].outcomes[0].completed_at == at("10:01:02")


def test_a_job_reports_the_known_fields_of_its_run() -> None:
    body = {**make_job("in_progress"), "deployment": {"id": 326, "environment": "production"}}
    parsed = parse("workflow_job", body)
    assert not isinstance(parsed, Ignored)
    report, deployed = parsed
    assert values(report.deployment) == {
        "repository": "Octo/Shop",
        "commit_hash": SHA,
        "run_url": "https://github.com/Octo/Shop/actions/runs/9001",
    }
    assert report.deployment.outcome is None
    assert values(deployed.deployment)["environment"] == "production"
    assert (values(deployed.deployment)["of_run"], values(deployed.deployment)["of_attempt"]) == ("9001", 1)
    assert outcome(deployed.deployment) == outcome(deployed.jobs["deploy"]) == ("in_progress", None, "in_progress")


@pytest.mark.parametrize(("status", "conclusion"), [("queued", None), ("waiting", None), ("completed", "skipped")])
def test_a_job_that_did_not_start_deploys_nothing(status: str, conclusion: str | None) -> None:
    body = {**make_job(status, conclusion), "deployment": {"id": 326, "environment": "production"}}
    assert values(only(parse("workflow_job", body)).deployment).get("environment") is None


def test_a_job_is_as_recent_as_its_latest_step() -> None:
    report = only(parse("workflow_job", make_job("in_progress", steps=[step(1), step(9, "in_progress", None)])))
    assert report.jobs["77"].fields["name"][0] == make_stamp(at("10:01:09"))


@pytest.mark.parametrize(
    ("status", "conclusion", "expected"),
    [
        ("requested", None, ("queued", None, "requested")),
        ("queued", None, ("queued", None, "queued")),
        ("pending", None, ("queued", None, "pending")),
        ("waiting", None, ("queued", None, "waiting")),
        ("in_progress", None, ("in_progress", None, "in_progress")),
        ("completed", "success", ("completed", "success", "success")),
        ("completed", "failure", ("completed", "failure", "failure")),
        ("completed", "startup_failure", ("completed", "failure", "startup_failure")),
        ("completed", "neutral", ("completed", "neutral", "neutral")),
        ("completed", "cancelled", ("completed", "cancelled", "cancelled")),
        ("completed", "timed_out", ("completed", "timed_out", "timed_out")),
        ("completed", "action_required", ("completed", "action_required", "action_required")),
        ("completed", "stale", ("completed", "unknown", "stale")),
        ("completed", "skipped", ("completed", "skipped", "skipped")),
        ("completed", None, ("completed", "unknown", "completed")),
        ("completed", "exploded", ("completed", "unknown", "exploded")),
        ("completed", "queued", ("completed", "unknown", "queued")),
        ("in_progress", "success", ("in_progress", None, "in_progress")),
        ("paused", None, ("queued", None, "paused")),
        ("Completed", "SUCCESS", ("completed", "success", "SUCCESS")),
    ],
)
def test_every_status_of_a_run_and_of_a_job(status: str, conclusion: str | None, expected: tuple[str, ...]) -> None:
    assert outcome(only(parse("workflow_run", make_run(status, conclusion))).deployment) == expected
    assert outcome(only(parse("workflow_job", make_job(status, conclusion))).jobs["77"]) == expected


def test_waiting_is_a_status_word_of_the_waiting_state() -> None:
    assert "waiting" in WAITING_WORDS & WORDS.keys()


def test_the_status_overrides_a_different_action() -> None:
    body = {**make_job("waiting"), "action": "queued"}
    assert outcome(only(parse("workflow_job", body)).jobs["77"]) == ("queued", None, "waiting")


def test_without_a_status_there_is_no_outcome() -> None:
    body = make_run("queued")
    del body["workflow_run"]["status"]
    assert only(parse("workflow_run", body)).deployment.outcome is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T10:05:00Z", at("10:05:00")),
        ("2026-03-01T10:05:00.250Z", at("10:05:00.250")),
        ("2026-03-01T10:05:00+00:00", at("10:05:00")),
        ("2026-03-01T12:05:00+02:00", at("10:05:00")),
        (1772359500, at("10:05:00")),
        ("2026-03-01T10:05:00", None),
        ("1970-01-01T00:00:00Z", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_every_format_of_a_time(text: Any, expected: datetime | None) -> None:
    report = only(parse("workflow_job", make_job("completed", "success", completed_at=text)))
    assert report.jobs["77"].outcomes[0].completed_at == expected


def test_a_repository_without_an_id_is_identified_by_its_name() -> None:
    body = {
        **make_run(),
        "repository": {"full_name": "Octo/Shop", "html_url": "https://GHE.example.org:8443/Octo/Shop"},
    }
    assert only(parse("workflow_run", body)).identity.parts == ("ghe.example.org:8443", "octo/shop", "run", "9001", 1)


def test_a_run_without_an_attempt_is_the_first() -> None:
    assert only(parse("workflow_run", make_run(run_attempt=None))).identity == RUN


def test_a_step_without_a_number_is_left_out() -> None:
    report = only(parse("workflow_job", make_job(steps=[step(1), {"name": "Odd", "status": "queued"}, "odd", None])))
    assert list(report.steps) == [("77", "1")]


def test_a_job_without_an_id_is_identified_by_its_name() -> None:
    assert list(only(parse("workflow_job", make_job(id=None, name="Lint  All"))).jobs) == ["lint all"]


@pytest.mark.parametrize(
    ("event", "body", "field"),
    [
        ("workflow_run", {}, "run id"),
        ("workflow_run", [], "run id"),
        ("workflow_run", None, "run id"),
        ("workflow_run", {"workflow_run": "done"}, "run id"),
        ("workflow_run", {**make_run(), "repository": None}, "repository.full_name"),
        ("workflow_job", make_job(run_id=None), "run id"),
        ("workflow_job", make_job(id=None, name=None), "job.id"),
        ("deployment", {**make_deployment(), "deployment": {}}, "deployment.id"),
        ("deployment_status", {**make_deployment("success"), "repository": {}}, "repository.full_name"),
        ("check_run", make_check(id=None), "check_run.id"),
        ("status", make_status(sha=None), "sha"),
        ("status", make_status(state=None), "state"),
    ],
)
def test_a_body_without_an_identity_is_malformed(event: str, body: Any, field: str) -> None:
    assert list(read_errors(parse, event, body)) == [field]


@pytest.mark.parametrize("event", [event for event, handled in EVENTS.items() if isinstance(handled, Ignored)])
def test_an_ignored_event_is_ignored_with_any_body(event: str) -> None:
    assert parse(event, {"organization": {"login": "octo"}}) == EVENTS[event]


def test_an_unknown_event_is_ignored_by_name() -> None:
    assert parse("moon_phase", make_run()) == Ignored("unknown event 'moon_phase'")


@pytest.mark.parametrize(
    ("header", "body", "expected"),
    [
        ("push", make_run(), "push"),
        (None, make_run(), "workflow_run"),
        (None, {**make_job(), "deployment": {"id": 1}}, "workflow_job"),
        (None, {**make_deployment(), **make_run()}, "deployment"),
        (None, {**make_deployment("success"), **make_run(), **make_check()}, "deployment_status"),
        (None, make_check(), "check_run"),
        ("", make_status(), "status"),
        (None, {"zen": "Keep it logically awesome."}, "unnamed"),
        (None, ["workflow_run"], "unnamed"),
    ],
)
def test_an_event_is_named_by_its_header_or_else_by_its_body(header: str, body: Any, expected: str) -> None:
    assert name_event(header, body) == expected

"""The stages of a pipeline, and that all reports on a build reach one deployment in any order."""

import pytest

from dashboard.webhooks.dialects.jenkins import name_event, parse
from dashboard.webhooks.dialects.payload import MAX_STEPS, Ignored
from tests.support.bodies.jenkins import make_notification, make_run, make_stage, make_stages
from tests.support.parsed_reports import at, merge_in_any_order, only, outcome, values


def test_stages_are_the_steps_of_their_build() -> None:
    failed = make_stage(
        "Deploy", "FAILED", from_ms=60_000, took_ms=30_500, error={"message": "exit code 1", "type": "E"}
    )
    report = only(parse("wfapi.describe", make_stages("FAILED", make_stage("Build"), failed)))
    assert report.identity.parts == ("", "team/shop", "run", "12")
    assert outcome(report.deployment) == outcome(report.jobs["build"]) == ("completed", "failure", "FAILED")
    assert values(report.deployment) == {"duration_s": 90.5}
    assert report.deployment.started_at == at("11:00:00")
    assert report.deployment.outcomes[0].completed_at == at("11:01:30.500")
    assert {key: values(step) for key, step in report.steps.items()} == {
        ("build", "build"): {"name": "Build", "number": 1},
        ("build", "deploy"): {"name": "Deploy", "number": 2, "error": "exit code 1"},
    }
    assert report.steps["build", "deploy"].started_at == at("11:01:00")
    assert report.steps["build", "deploy"].outcomes[0].completed_at == at("11:01:30.500")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("IN_PROGRESS", ("in_progress", None, "IN_PROGRESS")),
        ("PAUSED_PENDING_INPUT", ("in_progress", None, "PAUSED_PENDING_INPUT")),
        ("SUCCESS", ("completed", "success", "SUCCESS")),
        ("FAILED", ("completed", "failure", "FAILED")),
        ("UNSTABLE", ("completed", "failure", "UNSTABLE")),
        ("ABORTED", ("completed", "cancelled", "ABORTED")),
        ("NOT_EXECUTED", ("completed", "skipped", "NOT_EXECUTED")),
        ("CUSTOM", ("queued", None, "CUSTOM")),
    ],
)
def test_every_status_of_a_stage(word: str, expected: tuple[str, ...]) -> None:
    report = only(parse("wfapi.describe", make_stages("IN_PROGRESS", make_stage("Build", word))))
    assert outcome(report.steps["build", "build"]) == expected


def test_a_build_that_is_not_executed_may_not_have_begun() -> None:
    report = only(parse("wfapi.describe", make_stages("NOT_EXECUTED")))
    assert report.deployment.outcome is None


def test_stages_with_equal_names_are_distinguished() -> None:
    body = make_stages("IN_PROGRESS", make_stage("Test"), make_stage("Deploy"), make_stage("test"), {"name": None})
    steps = only(parse("wfapi.describe", body)).steps
    assert [key for _, key in steps] == ["test", "deploy", "test#2"]


def test_the_longest_name_of_a_stage_makes_a_valid_key() -> None:
    body = make_stages("IN_PROGRESS", make_stage("ﷺ" * 255), make_stage("ﷺ" * 255))
    assert [len(key) for _, key in only(parse("wfapi.describe", body)).steps] == [240, 242]


@pytest.mark.parametrize("href", ["/jenkins/job/shop/wfapi/describe", "/wfapi/describe", None, 7])
def test_stages_without_a_build_url_are_ignored(href: object) -> None:
    body = make_stages("SUCCESS", _links={"self": {"href": href}})
    assert parse("wfapi.describe", body) == Ignored("stages without a link to their build")


def test_of_too_many_stages_the_first_are_taken() -> None:
    body = make_stages("SUCCESS", *[make_stage("Build")] * (MAX_STEPS + 1))
    assert len(only(parse("wfapi.describe", body)).steps) == MAX_STEPS


def test_the_phases_of_a_build_merge_in_any_order() -> None:
    bodies = [
        make_notification("QUEUED", after_ms=-4000),
        make_notification("STARTED"),
        make_notification("COMPLETED", "FAILURE", after_ms=90_500, duration=90_500),
        make_notification("FINALIZED", "FAILURE", after_ms=90_700, duration=90_500),
    ]
    merged = merge_in_any_order([only(parse(name_event(None, body), body)) for body in bodies])
    assert outcome(merged.deployment) == ("completed", "failure", "FAILURE")
    assert len(merged.deployment.outcomes) == 1
    assert merged.deployment.started_at == at("11:00:00")
    assert merged.deployment.outcomes[0].completed_at == at("11:01:30.700")
    assert values(merged.deployment)["duration_s"] == 90.5


def test_both_plugins_and_the_stages_merge_in_any_order() -> None:
    bodies = [
        make_run("started"),
        make_stages("IN_PROGRESS", make_stage("Build"), make_stage("Deploy", "IN_PROGRESS"), ended_ms=2000),
        make_stages("SUCCESS", make_stage("Build"), make_stage("Deploy", took_ms=80_000)),
        make_run("finalized", "SUCCESS", time="11:01:31.000"),
        make_notification("COMPLETED", "SUCCESS", after_ms=90_500, duration=90_500),
    ]
    merged = merge_in_any_order([only(parse(name_event(None, body), body)) for body in bodies])
    assert outcome(merged.deployment) == outcome(merged.jobs["build"]) == ("completed", "success", "SUCCESS")
    assert {key: outcome(step)[1] for (_, key), step in merged.steps.items()} == {
        "build": "success",
        "deploy": "success",
    }
    assert values(merged.deployment)["triggered_by"] == "Ada"
    assert values(merged.deployment)["run_url"] == "https://ci.example.org/jenkins/job/Team/job/shop/12/"


def test_a_late_end_of_one_build_does_not_change_the_next() -> None:
    late = make_notification("FINALIZED", "FAILURE", after_ms=90_700)
    next_one = make_notification("STARTED", number=13, url="job/Team/job/shop/13/")
    identities = {only(parse(name_event(None, body), body)).identity for body in (late, next_one)}
    assert sorted(identity.run_id or "" for identity in identities) == ["12", "13"]


def test_an_end_before_the_start_is_kept_as_sent() -> None:
    body = make_stages("IN_PROGRESS", make_stage("Build", from_ms=9000), ended_ms=2000)
    step = only(parse("wfapi.describe", body)).steps["build", "build"]
    assert (step.started_at, step.outcomes[0].reported_at) == (at("11:00:09"), at("11:00:02"))

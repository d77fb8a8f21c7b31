"""How the native dialect reads a payload: identity, claims, jobs and steps."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard.core.registers import Node, Outcome, make_stamp
from dashboard.core.report import Report
from dashboard.core.words import Conclusion, Status
from dashboard.webhooks.dialects.native import parse, read_word
from dashboard.webhooks.dialects.payload import MalformedError
from dashboard.webhooks.schemas import DEPLOYMENT
from tests.support.parsed_reports import make_identity, values

NOON, LATER = datetime(2026, 6, 1, 12, tzinfo=UTC), datetime(2026, 6, 1, 13, tzinfo=UTC)
SUMMARY = {
    "run_id": None, "repository": "acme/shop", "branch": "main", "commit_hash": "abc", "status": "success",
    "timestamp": "2026-06-01T12:00:00Z",
}  # fmt: skip


def report(**payload: Any) -> Report:
    """Return the report of a payload, by default on run 1 of the project shop."""
    return parse(DEPLOYMENT.load({"project": "shop", "run_id": "1", **payload}))


def refuse(**payload: Any) -> dict[str, list[str]]:
    """Return the errors of a payload, by field."""
    with pytest.raises(MalformedError) as refused:
        report(**payload)
    return dict(refused.value.errors)


def test_a_run_is_identified_by_project_environment_run_id_and_attempt() -> None:
    assert report().identity == make_identity("native", "shop", ("production", "1", 1), "1", 1)
    assert report(environment="").identity == report(run_attempt=1, environment="production").identity
    again = report(project="My Shop", environment="test", run_id=7, run_attempt=2).identity
    assert again == make_identity("native", "my-shop", ("test", "7", 2), "7", 2)


def test_a_summary_without_run_id_is_identified_by_its_contents_and_time() -> None:
    parts = ("acme/shop", "production", "main", "abc", "2026-06-01T12:00:00+00:00")
    assert report(**SUMMARY).identity == make_identity("native", "shop", parts)


@pytest.mark.parametrize(
    "changed", [{"timestamp": None}, {"status": None}, {"status": "running"}, {"status": "success|running"}]
)
def test_other_payloads_without_run_id_are_refused(changed: dict[str, Any]) -> None:
    advice = "Required, unless the delivery has a final status and a timestamp."
    assert refuse(**{**SUMMARY, **changed}) == {"run_id": [advice]}


def test_a_project_needs_a_letter_or_digit_and_a_short_slug() -> None:
    assert refuse(project="_-_") == {"project": ["Must contain a letter or a digit."]}
    assert refuse(project=None) == {"project": ["Must contain a letter or a digit."]}
    assert report(project="p" * 255).identity.project.path == "p" * 255
    assert refuse(project="ﷺ" * 15) == {"project": ["Must be at most 255 characters as part of a URL."]}


def test_every_field_of_a_deployment_is_claimed() -> None:
    fields = {
        "environment": "test", "repository": "acme/shop", "branch": "main", "commit_hash": "abc", "commit_message": "c",
        "triggered_by": "ana", "trigger_type": "push", "deploy_type": "static", "deploy_path": "/srv",
        "test_url": "https://t.example", "port": 8080, "service_status": "running", "run_url": "https://r.example",
        "duration_s": 1.5, "message": "m", "error": "e", "log": "l",
    }  # fmt: skip
    made = report(**fields, status="running", timestamp=NOON.isoformat(), job="ignored")
    assert values(made.deployment) == fields
    assert {claim[:2] for claim in made.deployment.fields.values()} == {(make_stamp(NOON), 1)}
    assert values(made.project) == {
        "name": "shop", "repository": "acme/shop", "kind": "static", "url": "https://t.example", "port": 8080,
        "service_status": "running",
    }  # fmt: skip
    assert (made.deployment.started_at, made.jobs, made.steps) == (NOON, {}, {})


def test_the_status_and_times_of_a_deployment() -> None:
    times = {"started_at": NOON.isoformat(), "completed_at": LATER.isoformat()}
    ended = report(status="failed", **times, timestamp=LATER.isoformat())
    assert ended.deployment.outcome == ended.project.outcome
    assert ended.deployment.outcome == Outcome(Status.COMPLETED, "failed", Conclusion.FAILURE, LATER, reported_at=LATER)
    assert ended.deployment.started_at == NOON
    running = report(status="running", **times)
    assert running.deployment.outcome == Outcome(Status.IN_PROGRESS, "running")
    assert report(**times).deployment.outcome is None


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("running", (Status.IN_PROGRESS, None)),
        (" Success ", (Status.COMPLETED, Conclusion.SUCCESS)),
        ("no such word", (Status.QUEUED, None)),
        ("success|failed", (Status.COMPLETED, Conclusion.UNKNOWN)),
        ("success | failed", (Status.COMPLETED, Conclusion.UNKNOWN)),
        ("success|running", (Status.QUEUED, None)),
        ("success|no such word", (Status.QUEUED, None)),
        ("", (Status.QUEUED, None)),
    ],
)
def test_the_meaning_of_each_status_word(word: str, meaning: tuple[Status, Conclusion | None]) -> None:
    assert read_word(word) == meaning


STEP = {"name": "Build", "status": "running", "message": "m", "error": "e", "log": "l"}


@pytest.mark.parametrize(
    "fields",
    [
        {"steps": [{**STEP, "job": "web"}]},
        {"steps": [STEP], "job": "web"},
        {"step": STEP, "job": "web"},
        {"step_details": {"Build": STEP}, "job": "web"},
        {"jobs": [{"name": "web", "steps": [STEP]}]},
    ],
)
def test_a_step_belongs_to_the_job_that_names_or_contains_it(fields: dict[str, Any]) -> None:
    made = report(**fields, timestamp=NOON.isoformat())
    assert list(made.jobs) == ["web"]
    assert made.jobs["web"].value("name") == "web"
    assert list(made.steps) == [("web", "build")]
    step = made.steps["web", "build"]
    assert values(step) == {"name": "Build", "message": "m", "error": "e", "log": "l"}
    assert step.outcome == Outcome(Status.IN_PROGRESS, "running")
    assert step.started_at == NOON


@pytest.mark.parametrize(
    "fields",
    [
        {"step_name": "Build", "step_status": "success"},
        {"step_details": {"Build": "success"}},
        {"steps": [{"name": "Build", "status": "success"}]},
    ],
)
def test_a_step_without_a_job_belongs_to_the_job_deploy(fields: dict[str, Any]) -> None:
    made = report(**fields, timestamp=NOON.isoformat())
    assert made.jobs == {"deploy": Node({"name": (make_stamp(NOON), 0, "deploy")})}
    assert list(made.steps) == [("deploy", "build")]
    assert made.steps["deploy", "build"].outcome == Outcome(
        Status.COMPLETED, "success", Conclusion.SUCCESS, reported_at=NOON
    )


def test_a_job_has_its_own_status_and_notes() -> None:
    job = {
        "name": "Web",
        "status": "failed",
        "completed_at": LATER.isoformat(),
        "message": "m",
        "error": "e",
        "log": "l",
    }
    made = report(jobs=[{**job, "started_at": NOON.isoformat()}], timestamp=LATER.isoformat()).jobs["web"]
    assert values(made) == {"name": "Web", "message": "m", "error": "e", "log": "l"}
    assert made.outcome == Outcome(Status.COMPLETED, "failed", Conclusion.FAILURE, LATER, reported_at=LATER)
    assert made.started_at == NOON


def test_a_job_with_a_blank_name_is_the_job_deploy() -> None:
    made = report(jobs=[{"name": " ", "steps": [{"name": "Build"}]}])
    assert (list(made.jobs), list(made.steps)) == (["deploy"], [("deploy", "build")])


def test_a_job_that_is_named_twice_is_one_job() -> None:
    made = report(
        jobs=[{"name": "Web", "message": "m"}, {"name": "web", "error": "e"}],
        steps=[{"name": "Build", "job": "WEB", "message": "s"}],
        step={"name": "build", "job": "web", "error": "t"},
    )
    assert list(made.jobs) == ["web"]
    assert (made.jobs["web"].value("message"), made.jobs["web"].value("error")) == ("m", "e")
    assert list(made.steps) == [("web", "build")]
    step = made.steps["web", "build"]
    assert (step.value("message"), step.value("error")) == ("s", "t")


def test_steps_without_a_name_are_left_out() -> None:
    made = report(steps=[{"name": " ", "job": "none"}, {"name": "Build", "job": "web"}])
    assert (list(made.jobs), list(made.steps)) == (["web"], [("web", "build")])
    assert made.steps["web", "build"].value("number") is None


@pytest.mark.parametrize(
    ("steps", "numbers"),
    [
        ([{"name": "a"}, {"name": "b"}], {"a": 1, "b": 2}),
        ([{"name": "a"}], {"a": None}),
        ([{"name": "a", "number": 7}], {"a": 7}),
        ([{"name": "a", "number": 7}, {"name": "b"}], {"a": 7, "b": None}),
        ([{"name": "a"}, {"name": "a"}], {"a": 1, "a#2": 2}),
        ([{"name": "b"}, {"name": "x", "job": "other"}, {"name": "a"}], {"b": 1, "a": 2}),
    ],
)
def test_steps_of_a_list_are_numbered_unless_it_has_numbers(
    steps: list[dict[str, Any]], numbers: dict[str, int | None]
) -> None:
    made = report(steps=steps)
    assert {key: node.value("number") for (job, key), node in made.steps.items() if job == "deploy"} == numbers


def test_each_form_of_steps_is_numbered_separately() -> None:
    made = report(
        step_details={"a": "ok", "b": "ok"}, steps=[{"name": "c"}, {"name": "d"}], step={"name": "e"}, step_name="f"
    )
    numbers = {key: node.value("number") for (_, key), node in made.steps.items()}
    assert numbers == {"a": 1, "b": 2, "c": 1, "d": 2, "e": None, "f": None}


LONG = "ﷺ" * 14 + "aaa"
"""Normalised it has 18 characters for each of the first: 255."""


@pytest.mark.parametrize(
    "fields",
    [
        {"steps": [{"name": "{}"}]},
        {"steps": [{"name": "a", "job": "{}"}]},
        {"jobs": [{"name": "{}"}]},
        {"step_name": "{}"},
    ],
)
def test_names_of_jobs_and_steps_have_at_most_255_characters(fields: dict[str, Any]) -> None:
    def fill(value: Any, name: str) -> Any:
        if isinstance(value, dict):
            return {key: fill(member, name) for key, member in value.items()}
        return [fill(member, name) for member in value] if isinstance(value, list) else value.replace("{}", name)

    report(**fill(fields, LONG))
    refused = {"steps": ["Names of jobs and steps must be at most 255 characters."]}
    assert refuse(**fill(fields, LONG + "a")) == refused


def test_an_error_names_its_fields() -> None:
    with pytest.raises(MalformedError, match=f"^{re.escape('project: Must contain a letter or a digit.')}$"):
        report(project="?")

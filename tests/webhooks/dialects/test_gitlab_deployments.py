"""Reports from GitLab's deployment hooks."""

import pytest

from dashboard.webhooks.dialects.gitlab import parse
from tests.support.bodies.gitlab import HOME, SHA, make_deployment
from tests.support.parsed_reports import at, make_identity, merge_in_any_order, only, outcome, read_errors, values


def test_a_deployment_has_one_job_and_an_identity_of_its_own() -> None:
    report = only(parse("deployment", make_deployment("success")))
    assert report.identity == make_identity(
        "gitlab", "octo/shop", ("gitlab.example.org", 62, "deployment of job", "796")
    )
    assert values(report.deployment) == {
        "environment": "staging",
        "repository": "octo/shop",
        "branch": "main",
        "commit_hash": SHA,
        "commit_message": "Pay by card",
        "triggered_by": "grace",
        "run_url": f"{HOME}/-/jobs/796",
        "test_url": "https://staging.example.org",
    }
    assert {key: values(job) for key, job in report.jobs.items()} == {"deploy": {"name": "deploy"}}
    for node in (report.deployment, report.jobs["deploy"]):
        assert outcome(node) == ("completed", "success", "success")
        assert node.outcomes[0].completed_at == at("10:30:00")


@pytest.mark.parametrize(
    ("word", "expected", "completed_at"),
    [
        ("created", ("queued", None, "created"), None),
        ("blocked", ("queued", None, "blocked"), None),
        ("running", ("in_progress", None, "running"), None),
        ("success", ("completed", "success", "success"), at("10:30:00")),
        ("failed", ("completed", "failure", "failed"), at("10:30:00")),
        ("canceled", ("completed", "cancelled", "canceled"), at("10:30:00")),
        ("skipped", ("completed", "skipped", "skipped"), at("10:30:00")),
    ],
)
def test_every_status_of_a_deployment(word: str, expected: tuple[str, str | None, str], completed_at: object) -> None:
    node = only(parse("deployment", make_deployment(word))).deployment
    assert outcome(node) == expected
    assert node.outcomes[0].completed_at == completed_at


def test_a_deployment_ends_in_any_order_of_its_hooks() -> None:
    merged = merge_in_any_order(
        [
            only(parse("deployment", make_deployment("created", status_changed_at="2026-03-01 12:20:00 +0200"))),
            only(parse("deployment", make_deployment("running", status_changed_at="2026-03-01 12:21:00 +0200"))),
            only(parse("deployment", make_deployment("failed", status_changed_at="2026-03-01 12:25:00 +0200"))),
        ]
    )
    assert outcome(merged.deployment) == ("completed", "failure", "failed")
    assert merged.deployment.started_at == at("10:21:00")
    assert merged.jobs["deploy"].outcomes[0].completed_at == at("10:25:00")


@pytest.mark.parametrize(
    ("short_sha", "commit_url", "expected"),
    [
        ("6113728f", f"{HOME}/-/commit/{SHA}", SHA),
        ("6113728f", f"{HOME}/-/commit/ffffffffffff", "6113728f"),
        ("6113728f", None, "6113728f"),
        (None, f"{HOME}/-/commit/{SHA}", None),
    ],
)
def test_the_full_commit_hash_is_read_from_the_commit_url(
    short_sha: str | None, commit_url: str | None, expected: str | None
) -> None:
    body = make_deployment(short_sha=short_sha, commit_url=commit_url)
    assert values(only(parse("deployment", body)).deployment).get("commit_hash") == expected


def test_a_deployment_without_a_job_has_no_run_url() -> None:
    report = only(parse("deployment", make_deployment(deployable_id=None, deployable_url=None)))
    assert "run_url" not in values(report.deployment)


@pytest.mark.parametrize(("missing", "field"), [("deployment_id", "deployment_id"), ("project", "project")])
def test_a_deployment_without_an_identity_is_malformed(missing: str, field: str) -> None:
    assert list(read_errors(parse, "deployment", make_deployment() | {missing: None})) == [field]

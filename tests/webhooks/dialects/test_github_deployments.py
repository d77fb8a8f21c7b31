"""Reports from GitHub's deployments, check runs and commit statuses."""

import pytest

from dashboard.core.registers import make_stamp
from dashboard.webhooks.dialects.github import parse
from dashboard.webhooks.dialects.payload import Ignored
from tests.support.bodies.github import SHA, make_check, make_deployment, make_status
from tests.support.parsed_reports import at, make_identity, merge_in_any_order, only, outcome, values

RUN = {"workflow_run": {"id": 9001, "run_attempt": 2, "status": "completed", "conclusion": "failure"}}
STATES = [
    ("pending", ("queued", None, "pending")),
    ("queued", ("queued", None, "queued")),
    ("waiting", ("queued", None, "waiting")),
    ("in_progress", ("in_progress", None, "in_progress")),
    ("success", ("completed", "success", "success")),
    ("failure", ("completed", "failure", "failure")),
    ("error", ("completed", "failure", "error")),
]


def test_a_deployment_of_a_run_is_one_of_its_own_that_knows_the_run() -> None:
    report = only(parse("deployment_status", {**make_deployment("success"), **RUN}))
    assert report.identity == only(parse("deployment_status", make_deployment("success"))).identity
    fields = values(report.deployment)
    assert (fields["of_run"], fields["of_attempt"]) == ("9001", 2)
    assert fields["run_url"] == "https://github.com/Octo/Shop/actions/runs/9001"
    assert (fields["environment"], fields["test_url"]) == ("production", "https://shop.example.org")
    assert outcome(report.deployment) == ("completed", "success", "success")


def test_the_latest_deployment_status_names_the_environment_of_a_run() -> None:
    first = {**make_deployment(), **RUN}
    then = {**make_deployment("in_progress"), **RUN}
    merged = merge_in_any_order([only(parse("deployment", first)), only(parse("deployment_status", then))])
    assert values(merged.deployment)["environment"] == "production"


def test_a_deployment_without_a_run_has_one_job() -> None:
    report = only(parse("deployment_status", make_deployment("success", description="Rolled out")))
    assert report.identity == make_identity("github", "octo/shop", ("github.com", 4711, "deployment", "326"))
    assert values(report.deployment) == {
        "environment": "production",
        "repository": "Octo/Shop",
        "branch": "main",
        "commit_hash": SHA,
        "triggered_by": "ada",
        "run_url": "https://ci.example.org/log/1",
        "test_url": "https://shop.example.org",
        "message": "Rolled out",
        "error": "",
    }
    assert list(report.jobs) == ["deploy"]
    assert values(report.jobs["deploy"]) == {"name": "deploy", "message": "Rolled out", "error": ""}
    for node in (report.deployment, report.jobs["deploy"]):
        assert outcome(node) == ("completed", "success", "success")
        assert node.outcomes[0].completed_at == at("11:02:00")


def test_a_created_deployment_has_no_outcome() -> None:
    report = only(parse("deployment", make_deployment()))
    assert (values(report.deployment)["environment"], report.deployment.outcome) == ("staging", None)
    assert (values(report.jobs["deploy"])["name"], report.jobs["deploy"].outcome) == ("deploy", None)


@pytest.mark.parametrize(("state", "expected"), STATES)
def test_every_state_of_a_deployment(state: str, expected: tuple[str, ...]) -> None:
    report = only(parse("deployment_status", make_deployment(state)))
    assert outcome(report.deployment) == outcome(report.jobs["deploy"]) == expected


def test_a_failed_deployment_has_its_description_as_error() -> None:
    report = only(parse("deployment_status", make_deployment("error", description="No route to host")))
    assert values(report.deployment)["error"] == values(report.jobs["deploy"])["error"] == "No route to host"


def test_an_inactive_deployment_keeps_its_outcome() -> None:
    merged = merge_in_any_order(
        [
            only(parse("deployment_status", make_deployment("in_progress"))),
            only(parse("deployment_status", make_deployment("success", updated_at="2026-03-01T11:04:00Z"))),
            only(parse("deployment_status", make_deployment("inactive", updated_at="2026-03-01T11:30:00Z"))),
        ]
    )
    assert outcome(merged.deployment) == ("completed", "success", "success")
    assert merged.deployment.started_at == at("11:02:00")


def test_a_check_of_another_app_is_a_deployment_with_one_job() -> None:
    report = only(parse("check_run", make_check()))
    assert report.identity == make_identity("github", "octo/shop", ("github.com", 4711, "check_run", "128"))
    assert values(report.deployment) == {
        "repository": "Octo/Shop",
        "branch": "main",
        "commit_hash": SHA,
        "run_url": "https://terraform.example.org/128",
        "message": "2 to add",
        "error": "",
    }
    assert values(report.project) == {"name": "Octo/Shop", "repository": "Octo/Shop"}
    assert values(report.jobs["128"]) == {"name": "Terraform plan", "message": "2 to add", "error": ""}
    for node in (report.deployment, report.jobs["128"]):
        assert outcome(node) == ("completed", "success", "success")
        assert (node.started_at, node.outcomes[0].completed_at) == (at("12:00:00"), at("12:01:00"))


def test_a_failed_check_has_its_summary_as_error() -> None:
    claimed = values(only(parse("check_run", make_check("completed", "failure"))).jobs["128"])
    assert (claimed["message"], claimed["error"]) == ("2 to add", "Adds a queue and a bucket.")


def test_a_check_that_belongs_to_a_deployment_has_its_environment() -> None:
    body = make_check(deployment={"environment": "lab"}, details_url=None)
    claimed = values(only(parse("check_run", body)).deployment)
    assert (claimed["environment"], claimed["run_url"]) == ("lab", "https://github.com/Octo/Shop/runs/128")


def test_a_check_of_github_actions_is_ignored() -> None:
    body = make_check(app={"slug": "github-actions"})
    assert parse("check_run", body) == Ignored("job of GitHub Actions; it is reported as workflow_job")


def test_a_commit_status_is_identified_by_commit_and_context() -> None:
    report = only(parse("status", make_status()))
    target_url = "https://jenkins.example.org/job/shop/5/"
    parts = ("github.com", 4711, "status", SHA, "ci/Jenkins")
    assert report.identity == make_identity("github", "octo/shop", parts)
    assert values(report.deployment) == {
        "repository": "Octo/Shop",
        "branch": "main",
        "commit_hash": SHA,
        "commit_message": "Pay by card",
        "triggered_by": "jenkins-bot",
        "run_url": target_url,
        "message": "All is well",
    }
    assert values(report.jobs["ci/jenkins"]) == {"name": "ci/Jenkins", "message": "All is well"}
    assert report.deployment.outcomes[0].generation == 680
    unnumbered = only(parse("status", make_status(id=None)))
    assert unnumbered.deployment.outcomes[0].generation == 1772370000000


@pytest.mark.parametrize(("state", "expected"), [STATES[0], *STATES[4:]])
def test_every_state_of_a_commit(state: str, expected: tuple[str, ...]) -> None:
    report = only(parse("status", make_status(state)))
    assert outcome(report.deployment) == outcome(report.jobs["ci/jenkins"]) == expected


def test_the_latest_status_of_a_commit_is_its_outcome_even_if_pending() -> None:
    merged = merge_in_any_order(
        [
            only(parse("status", make_status("pending", updated_at="2026-03-01T13:00:00+00:00"))),
            only(parse("status", make_status("failure", updated_at="2026-03-01T13:04:00+00:00"))),
            only(parse("status", make_status("pending", updated_at="2026-03-01T13:09:00+00:00"))),
        ]
    )
    assert outcome(merged.deployment) == outcome(merged.jobs["ci/jenkins"]) == ("queued", None, "pending")


def test_a_commit_on_several_branches_has_no_branch() -> None:
    body = make_status(branches=[{"name": "main"}, {"name": "release"}], target_url=None, context=None)
    report = only(parse("status", body))
    assert "branch" not in report.deployment.fields
    assert report.identity.parts[4:] == ("default",)


def test_a_check_without_details_url_has_its_html_url() -> None:
    body = make_check(details_url=None, html_url="https://github.com/" + "x" * 3000)
    assert len(values(only(parse("check_run", body)).deployment)["run_url"]) == 2048


def test_a_check_is_as_recent_as_its_latest_time() -> None:
    report = only(parse("check_run", make_check("in_progress", None, updated_at="2026-03-01T12:00:30Z")))
    for node in (report.project, report.deployment, report.jobs["128"]):
        assert {claim[0] for claim in node.fields.values()} == {make_stamp(at("12:00:30"))}

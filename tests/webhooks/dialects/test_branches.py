"""Branches of forks, in the dialects that tell whose branch it is."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.core.report import Report
from dashboard.webhooks.dialects import bitbucket, buildbot, gitea, github, gitlab
from tests.support.bodies import bitbucket as bitbucket_bodies
from tests.support.bodies import buildbot as buildbot_bodies
from tests.support.bodies import gitea as gitea_bodies
from tests.support.bodies import github as github_bodies
from tests.support.bodies import gitlab as gitlab_bodies
from tests.support.delivery_orders import show_in_any_order
from tests.support.parsed_reports import only, values
from tests.support.sender_deliveries import Delivery, make_series

OWN = {"full_name": "octo/SHOP"}
FORK = {"full_name": "evil/shop", "fork": True}


def read_branch(report: Report) -> Any:
    """Return the branch that the report claims, None if it claims none."""
    return values(report.deployment).get("branch")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "main"),
        ({"head_repository": OWN}, "main"),
        ({"head_repository": {"id": 4711, "full_name": "octo/renamed"}}, "main"),
        ({"head_repository": FORK}, "evil:main"),
        ({"head_repository": {"id": 4712, "full_name": "Octo/Shop", "owner": {"login": "evil"}}}, "evil:main"),
        ({"head_repository": {"id": 4712}}, "fork:main"),
        ({"head_repository": FORK, "head_branch": None}, None),
        ({"head_repository": None, "event": "pull_request"}, "fork:main"),
        ({"head_repository": None, "event": "workflow_run"}, "fork:main"),
        ({"head_repository": None, "event": "push"}, "main"),
        ({"event": "pull_request_target"}, None),
        ({"event": "schedule"}, "main"),
    ],
)
def test_branch_of_a_run_of_github(fields: dict[str, Any], expected: str | None) -> None:
    assert read_branch(only(github.parse("workflow_run", github_bodies.make_run(**fields)))) == expected


def test_branch_of_a_run_of_gitea_from_a_fork_has_its_owner() -> None:
    body = gitea_bodies.make_run(event="pull_request", head_repository=FORK)
    assert read_branch(only(gitea.parse("workflow_run", body))) == "evil:main"


def test_job_of_github_claims_no_branch_because_it_may_be_a_forks() -> None:
    assert read_branch(only(github.parse("workflow_job", github_bodies.make_job()))) is None


def make_pull(
    repository_id: int, ref: str = "main", url: str | None = "https://api.github.com/repos/evil/shop"
) -> dict[str, Any]:
    """Return the pull request of a check run."""
    repository = {"id": repository_id, "url": url, "name": "shop"}
    return {"head": {"ref": ref, "repo": repository}, "base": {"ref": "main", "repo": {"id": 4711}}}


@pytest.mark.parametrize(
    ("pulls", "expected"),
    [
        ([], "main"),
        ([make_pull(4711)], "main"),
        ([make_pull(4712)], "evil:main"),
        ([make_pull(4712), make_pull(4711)], "main"),
        ([make_pull(4712, "other")], "main"),
        ([make_pull(4712, url="https://github.example.org/api/v3/repos/repos/shop")], "repos:main"),
        ([make_pull(4712, url=None)], "fork:main"),
    ],
)
@pytest.mark.parametrize("of_suite", [True, False])
def test_branch_of_a_check_run(pulls: list[Any], expected: str, *, of_suite: bool) -> None:
    suite = {"id": 5, "head_branch": "main", "pull_requests": pulls if of_suite else []}
    body = github_bodies.make_check(check_suite=suite, pull_requests=[] if of_suite else pulls)
    assert read_branch(only(github.parse("check_run", body))) == expected


@pytest.mark.parametrize(("head", "expected"), [(OWN, "main"), (FORK, "evil:main")])
def test_branch_of_a_deployment_is_that_of_its_run(head: Any, expected: str) -> None:
    body = github_bodies.make_deployment("success")
    assert read_branch(only(github.parse("deployment_status", body))) == "main"
    body["workflow_run"] = {"head_repository": head, "event": "pull_request"}
    assert read_branch(only(github.parse("deployment_status", body))) == expected


@pytest.mark.parametrize(
    ("merge_request", "expected"),
    [
        (None, "main"),
        ({"source_project_id": 62, "target_project_id": 62}, "main"),
        ({"source_project_id": 62, "target_project_id": 7}, "main"),
        ({"source_project_id": 99, "target_project_id": 62}, "fork:main"),
        ({"source_project_id": None, "target_project_id": 62}, "main"),
    ],
    ids=["none", "own", "pipeline in the fork itself", "pipeline for a fork", "unknown"],
)
def test_branch_of_a_pipeline(merge_request: Any, expected: str) -> None:
    body = gitlab_bodies.make_pipeline() | {"merge_request": merge_request}
    assert read_branch(only(gitlab.parse("pipeline", body))) == expected


def test_deployment_for_a_merge_request_has_no_branch() -> None:
    body = gitlab_bodies.make_deployment("success", ref="refs/merge-requests/4/head")
    assert read_branch(only(gitlab.parse("deployment", body))) is None


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        (None, "main"),
        ({"uuid": bitbucket_bodies.UUID, "full_name": "evil/shop"}, "main"),
        ({"full_name": "octo/shop"}, "main"),
        ({"uuid": "{1}", "full_name": "evil/shop"}, "evil:main"),
        ({"full_name": "evil/shop"}, "evil:main"),
        ({"uuid": "{1}"}, "fork:main"),
    ],
)
def test_branch_of_a_commit_status_of_bitbucket(repository: Any, expected: str) -> None:
    commit = {"hash": bitbucket_bodies.SHA, "repository": repository}
    report = only(bitbucket.parse("repo:commit_status_updated", bitbucket_bodies.make_status(commit=commit)))
    assert read_branch(report) == expected


@pytest.mark.parametrize(("source_id", "expected"), [(7, "main"), (8, "evil:fix"), (None, "main")])
def test_branch_of_a_build_of_buildbot_for_a_merge_request(source_id: int | None, expected: str) -> None:
    said = {
        "source_project_id": source_id,
        "target_project_id": 7,
        "source_branch": "fix",
        "source_repository": "https://gitlab.example.org/evil/shop.git",
    }
    body = buildbot_bodies.make_build(properties={name: [value, "Change"] for name, value in said.items()})
    assert read_branch(only(buildbot.parse("build", body))) == expected


def test_run_of_a_fork_is_not_found_by_its_branch_and_links_to_no_revision(shared_client: FlaskClient) -> None:
    def series(run: int) -> list[Delivery]:
        address = {"html_url": f"https://github.com/Octo/Shop/actions/runs/{run}"}
        whole = github_bodies.make_run(
            "completed", "failure", id=run, event="pull_request", head_repository=FORK, **address
        )
        job = github_bodies.make_job("completed", "failure", id=run * 10, run_id=run, updated_at="2026-03-01T11:00:00Z")
        return make_series("github", run, ("workflow_run", whole), ("workflow_job", job))

    view = show_in_any_order(shared_client, series)
    assert view["branch"] == "evil:main"
    assert view["links"] == {"repository": "https://github.com/Octo/Shop", "commit": None, "branch": None}
    listed = {
        branch: {
            item["branch"]
            for item in shared_client.get("/api/deployments", query_string={"branch": branch}).get_json()["items"]
        }
        for branch in ("main", "evil:main")
    }
    assert listed["main"] <= {"main"}
    assert listed["evil:main"] == {"evil:main"}

"""Which deployment a report belongs to, and the verbs and options of the command line."""

import shutil
import subprocess
from typing import Any

import pytest

from tests.senders.report_harness import Receiver, Sender

IDENTITY = {
    "project": "网店",
    "repository": "acme/shop",
    "environment": "staging",
    "branch": "main",
    "commit_hash": "abc123",
    "run_id": "77",
    "run_attempt": 2,
    "run_url": "https://ci.example/77",
    "triggered_by": "wanda",
    "trigger_type": "manual",
}


def test_every_report_identifies_its_deployment(any_shell: Sender, receiver: Receiver) -> None:
    any_shell.environ |= {f"DASHBOARD_{name.upper()}": str(value) for name, value in IDENTITY.items()}
    any_shell.run("start")
    any_shell.run("step", "Build", "--", "true")
    any_shell.run("step", "Check", "--status", "skipped")
    any_shell.run("finish", "success")
    assert len(receiver.deliveries) == 5
    for delivery in receiver.deliveries:
        assert {name: delivery.json[name] for name in IDENTITY} == IDENTITY
        assert "timestamp" in delivery.json


def test_options_override_the_environment(sender: Sender, receiver: Receiver) -> None:
    sender.environ |= {f"DASHBOARD_{name.upper()}": "elsewhere" for name in IDENTITY}
    options = [part for name, value in IDENTITY.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    sender.run("start", *options)
    assert {name: receiver.deliveries[0].json[name] for name in IDENTITY} == IDENTITY


def test_start_and_finish_send_all_known_fields(sender: Sender, receiver: Receiver) -> None:
    facts = {
        "deploy_type": "backend",
        "deploy_path": "/srv/shop",
        "test_url": "https://shop.example/?a=b&c",
        "port": 8080,
        "service_status": "running",
        "commit_message": "Fix the till",
    }
    sender.run("start", "--message", "", *(f"--{name.replace('_', '-')}={value}" for name, value in facts.items()))
    sender.run("finish", "success", "--message", "done")
    begin, end = (delivery.json for delivery in receiver.deliveries)
    assert {name: begin[name] for name in facts} == facts
    assert (begin["status"], begin["started_at"]) == ("running", begin["timestamp"])

    assert (end["status"], end["completed_at"], end["message"]) == ("success", end["timestamp"], "done")


@pytest.mark.parametrize(
    ("given", "sent"),
    [("0", "success"), ("1", "failed"), ("failure", "failure"), ("cancelled", "cancelled"), ("success", "success")],
)
def test_finish_accepts_status_words_and_exit_statuses(
    sender: Sender, receiver: Receiver, given: str, sent: str
) -> None:
    sender.run("finish", given)
    sender.run("finish", "--status", given)
    assert [delivery.json["status"] for delivery in receiver.deliveries] == [sent, sent]
    assert receiver.deliveries[0].json.get("error") == ("exit status 1" if given == "1" else None)


@pytest.mark.parametrize(
    ("status", "times"),
    [("pending", set()), ("running", {"started_at"}), ("skipped", {"completed_at"}), ("failure", {"completed_at"})],
)
def test_a_step_can_be_reported_without_a_command(
    sender: Sender, receiver: Receiver, status: str, times: set[str]
) -> None:
    assert sender.run("step", "--name", "--odd name", "--status", status).returncode == 0
    assert receiver.steps[0].keys() == {"name", "status"} | times
    assert (receiver.steps[0]["name"], receiver.steps[0]["status"]) == ("--odd name", status)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["begin"],
        ["finish"],
        ["start", "now"],
        ["start", "--", "true"],
        ["step", "Build"],
        ["step", "Build", "--"],
        ["step", "Build", "make", "--", "true"],
        ["step", "--", "true"],
        ["step", "Build", "--nmber", "1", "--", "true"],
        ["step", "Build", "--number"],
    ],
)
def test_a_mistake_in_the_command_line_is_an_error(sender: Sender, receiver: Receiver, arguments: list[str]) -> None:
    result = sender.run(*arguments)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert receiver.deliveries == []


def test_help_names_the_verbs(sender: Sender) -> None:
    result = sender.run("--help")
    assert result.returncode == 0
    assert b"report.sh step NAME" in result.stdout


GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_REF_NAME": "12/merge",
    "GITHUB_HEAD_REF": "fix-till",
    "GITHUB_SHA": "abc",
    "GITHUB_RUN_ID": "900",
    "GITHUB_RUN_NUMBER": "31",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_ACTOR": "wanda",
    "GITHUB_EVENT_NAME": "push",
}
RUN: dict[str, Any] = {"project": "shop", "repository": "acme/shop", "commit_hash": "abc"}
CI: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "github": (
        GITHUB | {"GITHUB_TRIGGERING_ACTOR": "rerunner"},
        RUN
        | {"run_id": "900", "run_attempt": 2, "branch": "fix-till", "trigger_type": "push", "triggered_by": "rerunner"}
        | {"run_url": "https://github.com/acme/shop/actions/runs/900/attempts/2"},
    ),
    "gitea": (
        GITHUB | {"GITEA_ACTIONS": "true", "GITHUB_SERVER_URL": "https://git.example/"},
        RUN
        | {"run_id": "900", "triggered_by": "wanda", "run_url": "https://git.example/acme/shop/actions/runs/31"}
        | {"run_attempt": None},
    ),
    "gitlab": (
        {"GITLAB_CI": "true", "CI_PROJECT_NAME": "shop", "CI_PROJECT_PATH": "acme/shop", "CI_COMMIT_REF_NAME": "main"}
        | {
            "CI_COMMIT_SHA": "abc",
            "CI_PIPELINE_ID": "55",
            "CI_PIPELINE_URL": "https://gl/55",
            "CI_PIPELINE_SOURCE": "web",
        }
        | {"GITLAB_USER_LOGIN": "wanda", "CI_ENVIRONMENT_NAME": "staging", "CI_COMMIT_TITLE": "Fix"}
        | {"CI_PIPELINE_SOURCE": "web"},
        RUN
        | {"run_id": "55", "branch": "main", "environment": "staging", "run_url": "https://gl/55"}
        | {"trigger_type": "web", "triggered_by": "wanda", "commit_message": "Fix"},
    ),
    "jenkins": (
        {"JENKINS_URL": "https://j/", "BUILD_TAG": "jenkins-shop-7", "BUILD_URL": "https://j/job/shop/7/"}
        | {"GIT_URL": "https://user:token@git.example/acme/shop.git", "GIT_BRANCH": "origin/main", "GIT_COMMIT": "abc"},
        RUN | {"run_id": "jenkins-shop-7", "branch": "main", "run_url": "https://j/job/shop/7/"},
    ),
    "bitbucket": (
        {"BITBUCKET_STEP_RUN_NUMBER": "2", "BITBUCKET_BUILD_NUMBER": "8"}
        | {"BITBUCKET_REPO_SLUG": "shop", "BITBUCKET_REPO_FULL_NAME": "acme/shop"}
        | {"BITBUCKET_BRANCH": "main", "BITBUCKET_COMMIT": "abc", "BITBUCKET_DEPLOYMENT_ENVIRONMENT": "test"},
        RUN
        | {"run_id": "8", "branch": "main", "environment": "test"}
        | {"run_url": "https://bitbucket.org/acme/shop/pipelines/results/8", "run_attempt": None},
    ),
    "woodpecker": (
        {"CI": "woodpecker", "CI_REPO": "acme/shop", "CI_REPO_NAME": "shop", "CI_COMMIT_BRANCH": "main"}
        | {"CI_COMMIT_SHA": "abc", "CI_PIPELINE_NUMBER": "9", "CI_PIPELINE_URL": "https://w/9"}
        | {"CI_COMMIT_AUTHOR": "wanda", "CI_PIPELINE_EVENT": "deployment", "CI_PIPELINE_DEPLOY_TARGET": "live"},
        RUN
        | {"run_id": "9", "branch": "main", "environment": "live", "run_url": "https://w/9"}
        | {"trigger_type": "deployment", "triggered_by": "wanda"},
    ),
    "buildkite": (
        {"BUILDKITE": "true", "BUILDKITE_REPO": "git@git.example:acme/shop.git", "BUILDKITE_BRANCH": "main"}
        | {"BUILDKITE_COMMIT": "abc", "BUILDKITE_BUILD_ID": "0f-1", "BUILDKITE_BUILD_URL": "https://b/acme/7"}
        | {"BUILDKITE_BUILD_CREATOR": "wanda", "BUILDKITE_SOURCE": "webhook", "BUILDKITE_RETRY_COUNT": "1"}
        | {"BUILDKITE_PULL_REQUEST_REPO": "https://git.example/acme/shop.git"},
        RUN
        | {"run_id": "0f-1", "branch": "main", "run_url": "https://b/acme/7", "run_attempt": None}
        | {"triggered_by": "wanda", "trigger_type": "webhook"},
    ),
    "azure": (
        {"TF_BUILD": "True", "SYSTEM_COLLECTIONURI": "https://dev.azure.com/acme/", "SYSTEM_TEAMPROJECTID": "6c-1"}
        | {"BUILD_REPOSITORY_NAME": "acme/shop", "BUILD_SOURCEBRANCH": "refs/heads/fix/till"}
        | {"BUILD_SOURCEVERSION": "abc", "BUILD_BUILDID": "41", "BUILD_REQUESTEDFOR": "Wanda", "BUILD_REASON": "Manual"}
        | {"ENVIRONMENT_NAME": "live", "SYSTEM_JOBATTEMPT": "2", "SYSTEM_PULLREQUEST_ISFORK": "False"},
        RUN
        | {"run_id": "41", "branch": "fix/till", "environment": "live", "run_attempt": None}
        | {"run_url": "https://dev.azure.com/acme/6c-1/_build/results?buildId=41"}
        | {"triggered_by": "Wanda", "trigger_type": "Manual"},
    ),
    "circleci": (
        {"CIRCLECI": "true", "CIRCLE_PROJECT_USERNAME": "acme", "CIRCLE_PROJECT_REPONAME": "shop"}
        | {"CIRCLE_BRANCH": "main", "CIRCLE_SHA1": "abc", "CIRCLE_WORKFLOW_ID": "w-1", "CIRCLE_USERNAME": "wanda"}
        | {"CIRCLE_BUILD_URL": "https://circleci.com/gh/acme/shop/7"},
        RUN
        | {"run_id": "w-1", "branch": "main", "run_attempt": None, "triggered_by": "wanda"}
        | {"run_url": "https://circleci.com/gh/acme/shop/7"},
    ),
}
PULL_REQUEST = """{
  "label": {"name": "evil:fix-till"},
  "pull_request": {
    "body": "\\"label\\": \\"mallory:fix-till\\"",
    "base": {"label": "acme:fix-till", "ref": "fix-till"},
    "head": {"label": "evil:fix-till", "ref": "fix-till"}
  }
}"""
FORKS = {
    "gitlab": ({"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "evil/tools/shop"}, "evil/tools:main"),
    "gitlab, own": ({"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "acme/shop"}, "main"),
    "jenkins": ({"CHANGE_FORK": "evil/shop", "CHANGE_BRANCH": "main"}, "evil:main"),
    "buildkite": ({"BUILDKITE_PULL_REQUEST_REPO": "https://git.example/evil/shop.git"}, "evil:main"),
    "azure": (
        {"SYSTEM_PULLREQUEST_ISFORK": "True", "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/main"},
        "fork:main",
    ),
}


@pytest.mark.parametrize("system", CI)
def test_each_ci_system_identifies_the_deployment(sender: Sender, receiver: Receiver, system: str) -> None:
    environ, expected = CI[system]
    del sender.environ["DASHBOARD_PROJECT"], sender.environ["DASHBOARD_RUN_ID"]
    sender.environ |= environ
    sender.run("start")
    sent: dict[str, Any] = receiver.deliveries[0].json
    assert {name: sent.get(name) for name in expected} == expected


@pytest.mark.parametrize("name", FORKS)
def test_the_branch_of_a_fork_has_its_owner(sender: Sender, receiver: Receiver, name: str) -> None:
    environ, branch = FORKS[name]
    sender.environ |= CI[name.partition(",")[0]][0] | environ
    sender.run("start")
    assert receiver.deliveries[0].json["branch"] == branch


@pytest.mark.parametrize("is_compact", [False, True])
@pytest.mark.parametrize(("owner", "branch"), [("evil", "evil:fix-till"), ("acme", "fix-till")])
def test_the_branch_of_a_pull_request_on_github_has_the_owner_of_its_fork(
    any_shell: Sender, receiver: Receiver, owner: str, branch: str, *, is_compact: bool
) -> None:
    event = PULL_REQUEST.replace('"head": {"label": "evil', f'"head": {{"label": "{owner}')
    path = any_shell.directory / "event.json"
    path.write_text(event.replace("\n", "").replace(": ", ":") if is_compact else event)
    any_shell.environ |= GITHUB | {"GITHUB_EVENT_PATH": str(path)}
    any_shell.run("start", stdin=b"not read")
    assert receiver.deliveries[0].json["branch"] == branch


def test_a_retried_job_of_gitlab_tells_when_it_started(sender: Sender, receiver: Receiver) -> None:
    sender.environ |= CI["gitlab"][0] | {"CI_JOB_STARTED_AT": "2026-03-01T11:00:00+01:00"}
    sender.run("finish", "success")
    sender.run("step", "Check", "--status", "success")
    finish, step = (delivery.json for delivery in receiver.deliveries)
    assert finish["started_at"] == "2026-03-01T11:00:00+01:00"
    assert "run_attempt" not in finish
    assert "started_at" not in step["step"]


@pytest.mark.parametrize("remote", ["https://wanda:token@git.example/acme/shop.git", "git@git.example:acme/shop", None])
def test_without_a_ci_system_git_identifies_the_project(sender: Sender, receiver: Receiver, remote: str | None) -> None:
    del sender.environ["DASHBOARD_PROJECT"]
    directory = sender.directory / "checkout"
    directory.mkdir()
    git = [shutil.which("git") or "git", "-C", str(directory)]
    subprocess.run([*git, "init", "-q", "-b", "trunk"], check=True, env=sender.environ)
    if remote:
        subprocess.run([*git, "remote", "add", "origin", remote], check=True, env=sender.environ)
    sender.run("start", cwd=directory)
    assert receiver.deliveries[0].json["project"] == ("shop" if remote else "checkout")
    assert receiver.deliveries[0].json["branch"] == "trunk"
    assert b"token" not in receiver.deliveries[0].body

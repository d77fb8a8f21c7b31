"""Each known event of each dialect, with our own body: it shows a deployment's state, or is ignored with a reason."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.webhooks.dialects.payload import Ignored
from tests.support.bodies import bitbucket, buildbot, cdevents, gitea, github, gitlab, jenkins
from tests.webhooks.foreign_checks import receive

BEGUN = {"started_at": "2026-03-01 10:01:00 UTC"}
DEPLOYING = jenkins.make_stage("Deploy", "IN_PROGRESS", from_ms=30_000, took_ms=5_000)

READ: Mapping[str, Mapping[str, tuple[Any, str]]] = {
    "github": {
        "workflow_run": (github.make_run("completed", "failure"), "failed"),
        "workflow_job": (github.make_job("in_progress", steps=[github.make_step(1)]), "running"),
        "deployment": (github.make_deployment(), "queued"),
        "deployment_status": (github.make_deployment("success"), "success"),
        "check_run": (github.make_check("completed", "success"), "success"),
        "status": (github.make_status("error"), "failed"),
    },
    "gitea": {
        "workflow_run": (gitea.make_run("completed", "failure"), "failed"),
        "workflow_job": (gitea.make_job("in_progress"), "running"),
        "status": (gitea.make_status("success"), "success"),
        "action_run_failure": (gitea.make_forgejo_run("failure"), "failed"),
        "action_run_recover": (gitea.make_forgejo_run("success"), "success"),
        "action_run_success": (gitea.make_forgejo_run("success"), "success"),
        "workflow_job_blocked": (gitea.make_forgejo_job("blocked"), "waiting"),
        "workflow_job_cancelled": (gitea.make_forgejo_job("cancelled"), "running"),
        "workflow_job_failure": (gitea.make_forgejo_job("failure"), "running"),
        "workflow_job_running": (gitea.make_forgejo_job("running"), "running"),
        "workflow_job_skipped": (gitea.make_forgejo_job("skipped"), "running"),
        "workflow_job_success": (gitea.make_forgejo_job("success"), "running"),
        "workflow_job_waiting": (gitea.make_forgejo_job("waiting"), "waiting"),
        "workflow_run_blocked": (gitea.make_forgejo_run("blocked"), "waiting"),
        "workflow_run_cancelled": (gitea.make_forgejo_run("cancelled"), "cancelled"),
        "workflow_run_failure": (gitea.make_forgejo_run("failure"), "failed"),
        "workflow_run_running": (gitea.make_forgejo_run("running"), "running"),
        "workflow_run_skipped": (gitea.make_forgejo_run("skipped"), "skipped"),
        "workflow_run_success": (gitea.make_forgejo_run("success"), "success"),
        "workflow_run_waiting": (gitea.make_forgejo_run("waiting"), "waiting"),
    },
    "gitlab": {
        "pipeline": (gitlab.make_pipeline("failed", gitlab.make_build(7, "unit", "failed", **BEGUN)), "failed"),
        "build": (gitlab.make_job(7, "unit", "running", build_started_at=BEGUN["started_at"]), "running"),
        "job": (gitlab.make_job(7, "unit", "created") | {"object_kind": "job"}, "queued"),
        "deployment": (gitlab.make_deployment("success"), "success"),
    },
    "bitbucket": {
        "repo:commit_status_created": (bitbucket.make_status("INPROGRESS"), "running"),
        "repo:commit_status_updated": (bitbucket.make_status("FAILED"), "failed"),
    },
    "jenkins": {
        "notification.queued": (jenkins.make_notification("QUEUED"), "queued"),
        "notification.started": (jenkins.make_notification("STARTED"), "running"),
        "notification.completed": (jenkins.make_notification("COMPLETED", "FAILURE"), "failed"),
        "notification.finalized": (jenkins.make_notification("FINALIZED", "SUCCESS"), "success"),
        "notification.none": (jenkins.make_notification("NONE"), "running"),
        "run.initialize": (jenkins.make_run("initialize"), "queued"),
        "run.started": (jenkins.make_run("started"), "running"),
        "run.completed": (jenkins.make_run("completed", "ABORTED"), "cancelled"),
        "run.finalized": (jenkins.make_run("finalized", "SUCCESS"), "success"),
        "wfapi.describe": (jenkins.make_stages("IN_PROGRESS", jenkins.make_stage("Build"), DEPLOYING), "running"),
    },
    "cdevents": {
        "pipelinerun.queued": (cdevents.make_pipeline_run("queued"), "queued"),
        "pipelinerun.started": (cdevents.make_pipeline_run("started"), "running"),
        "pipelinerun.finished": (cdevents.make_pipeline_run("finished", "failure"), "failed"),
        "taskrun.queued": (cdevents.make_task_run("queued"), "queued"),
        "taskrun.started": (cdevents.make_task_run("started"), "running"),
        "taskrun.finished": (cdevents.make_task_run("finished", "success"), "running"),
        "service.deployed": (cdevents.make_service("deployed"), "success"),
        "service.upgraded": (cdevents.make_service("upgraded"), "success"),
        "service.rolledback": (cdevents.make_service("rolledback"), "success"),
        "service.removed": (cdevents.make_service("removed"), "neutral"),
        "batch": ([cdevents.wrap(cdevents.make_pipeline_run("started"))], "running"),
    },
    "buildbot": {"build": (buildbot.FAILED, "failed")},
}
"""By dialect and event: a body, and the state in which its deployment is shown."""


def list_events(dialect: str, *, ignored: bool) -> set[str]:
    """Return the events that a dialect ignores, or those that it reads."""
    events = import_module(f"dashboard.webhooks.dialects.{dialect}").EVENTS
    return {event for event, read in events.items() if isinstance(read, Ignored) is ignored}


def make_ignored(dialect: str, event: str) -> Any:
    """Return a body of an event that is ignored: no more than names it."""
    match dialect:
        case "gitlab":
            return {"object_kind": event}
        case "jenkins":
            return {} if event == "unknown" else {"type": event, "data": {}}
        case "cdevents":
            kind = "dev.cdeventsx.tool.thing" if event == "custom" else f"dev.cdevents.{event}"
            return cdevents.make_event("", "subject", {}, type=f"{kind}.0.2.0")
        case "buildbot":
            return {"buildrequest": {"buildrequest": {}}, "buildset": {"builds": []}}.get(event, "Build started.")
    return {}


@pytest.mark.parametrize("dialect", READ)
def test_every_parsed_event_has_a_body(dialect: str) -> None:
    assert READ[dialect].keys() == list_events(dialect, ignored=False)


@pytest.mark.parametrize(("dialect", "event"), [(dialect, event) for dialect in READ for event in READ[dialect]])
def test_an_event_shows_the_state_of_its_deployment(client: FlaskClient, dialect: str, event: str) -> None:
    body, state = READ[dialect][event]
    answer = receive(client, dialect, event, body)
    assert answer["verdict"] == "applied"
    shown = client.get(f"/api/deployments/{answer['deployment_id']}").get_json()
    assert (shown["dialect"], shown["state"]) == (dialect, state)


@pytest.mark.parametrize("dialect", READ)
def test_the_other_events_are_ignored_with_a_reason(shared_client: FlaskClient, dialect: str) -> None:
    answers = {
        event: receive(shared_client, dialect, event, make_ignored(dialect, event))
        for event in list_events(dialect, ignored=True)
    }
    assert {answer["verdict"] for answer in answers.values()} == {"ignored"}
    assert [event for event, answer in answers.items() if answer["reason"].startswith("unknown event")] == []

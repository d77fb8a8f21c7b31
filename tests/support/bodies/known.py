"""Valid bodies for each dialect; the fuzz tests mutate them."""

from collections.abc import Mapping
from typing import Any

from tests.support.bodies import (
    bitbucket,
    buildbot,
    cdevents,
    gitea,
    github,
    gitlab,
    jenkins,
)

BEGUN = {"started_at": "2026-03-01 10:01:00 UTC", "environment": {"name": "production", "action": "start"}}
FAILED_TASK = {"task": "pack", "outcome": "error", "errors": "Out of memory"}
FAILED_STAGE = jenkins.make_stage("Deploy", "FAILED", error={"message": "exit code 1"})
TESTED: dict[str, Any] = {"log": ["one", "two"], "test_summary": {"failed_tests": ["CartTest.pays"]}}
PACKED = cdevents.wrap(cdevents.make_task_run("started"))

KNOWN_BODIES: Mapping[str, list[tuple[str, Any]]] = {
    "github": [
        ("workflow_run", github.make_run("completed", "success")),
        ("workflow_job", github.make_job(steps=[github.make_step(1), github.make_step(2)])),
        ("deployment_status", github.make_deployment("failure", description="No route to host")),
        ("deployment_status", {**github.make_deployment("success"), **github.make_run()}),
        ("check_run", github.make_check("completed", "failure")),
        ("status", github.make_status("error")),
    ],
    "gitea": [
        ("workflow_run", gitea.make_run("completed", "failure")),
        ("workflow_job", gitea.make_job("in_progress")),
        ("status", gitea.make_status("warning")),
        ("action_run_recover", gitea.make_forgejo_run()),
        (
            "workflow_job_running",
            gitea.make_forgejo_job("running", steps=[{"number": 0, "status": "running"}]),
        ),
    ],
    "gitlab": [
        ("pipeline", gitlab.make_pipeline("failed", gitlab.make_build(7, "unit", "failed", **BEGUN))),
        ("build", gitlab.make_job(7, "unit", "failed", build_finished_at="2026-03-01T10:02:00Z")),
        ("deployment", gitlab.make_deployment("running")),
    ],
    "bitbucket": [
        ("repo:commit_status_created", bitbucket.make_status("INPROGRESS")),
        ("repo:commit_status_updated", bitbucket.make_status("FAILED", commit=None)),
    ],
    "jenkins": [
        ("notification.started", jenkins.make_notification("STARTED")),
        ("notification.finalized", jenkins.make_notification("FINALIZED", "UNSTABLE", **TESTED)),
        ("run.started", jenkins.make_run("started", _multiBranch=True)),
        ("run.completed", jenkins.make_run("completed", "FAILURE")),
        ("wfapi.describe", jenkins.make_stages("FAILED", jenkins.make_stage("Build"), FAILED_STAGE)),
    ],
    "cdevents": [
        ("pipelinerun.finished", cdevents.make_pipeline_run("finished", "failure")),
        ("taskrun.started", PACKED),
        ("taskrun.finished", cdevents.make_event("taskrun.finished", "pack-1", FAILED_TASK)),
        ("service.deployed", cdevents.wrap(cdevents.make_service("deployed"))),
        (
            "batch",
            [
                cdevents.wrap(cdevents.make_service("removed")),
                cdevents.make_pipeline_run("queued"),
            ],
        ),
    ],
    "buildbot": [("build", buildbot.FAILED)],
}
"""By dialect: event and body."""

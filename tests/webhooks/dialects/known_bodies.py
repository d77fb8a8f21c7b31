"""For each dialect, bodies that say something as they are: what is mutated starts from them."""

from collections.abc import Mapping
from typing import Any

from tests.webhooks.dialects import (
    bitbucket_bodies,
    buildbot_bodies,
    cdevents_bodies,
    gitea_bodies,
    github_bodies,
    gitlab_bodies,
    jenkins_bodies,
)

BEGUN = {"started_at": "2026-03-01 10:01:00 UTC", "environment": {"name": "production", "action": "start"}}
TOLD_TASK = {"task": "pack", "outcome": "error", "errors": "Out of memory"}
FAILED_STAGE = jenkins_bodies.make_stage("Deploy", "FAILED", error={"message": "exit code 1"})
TESTED: dict[str, Any] = {"log": ["one", "two"], "test_summary": {"failed_tests": ["CartTest.pays"]}}
PACKED = cdevents_bodies.wrap(cdevents_bodies.make_task_run("started"))

KNOWN_BODIES: Mapping[str, list[tuple[str, Any]]] = {
    "github": [
        ("workflow_run", github_bodies.make_run("completed", "success")),
        ("workflow_job", github_bodies.make_job(steps=[github_bodies.make_step(1), github_bodies.make_step(2)])),
        ("deployment_status", github_bodies.make_deployment("failure", description="No route to host")),
        ("deployment_status", {**github_bodies.make_deployment("success"), **github_bodies.make_run()}),
        ("check_run", github_bodies.make_check("completed", "failure")),
        ("status", github_bodies.make_status("error")),
    ],
    "gitea": [
        ("workflow_run", gitea_bodies.make_run("completed", "failure")),
        ("workflow_job", gitea_bodies.make_job("in_progress")),
        ("status", gitea_bodies.make_status("warning")),
        ("action_run_recover", gitea_bodies.make_forgejo_run()),
        (
            "workflow_job_running",
            gitea_bodies.make_forgejo_job("running", steps=[{"number": 0, "status": "running"}]),
        ),
    ],
    "gitlab": [
        ("pipeline", gitlab_bodies.make_pipeline("failed", gitlab_bodies.make_build(7, "unit", "failed", **BEGUN))),
        ("build", gitlab_bodies.make_job(7, "unit", "failed", build_finished_at="2026-03-01T10:02:00Z")),
        ("deployment", gitlab_bodies.make_deployment("running")),
    ],
    "bitbucket": [
        ("repo:commit_status_created", bitbucket_bodies.make_status("INPROGRESS")),
        ("repo:commit_status_updated", bitbucket_bodies.make_status("FAILED", commit=None)),
    ],
    "jenkins": [
        ("notification.started", jenkins_bodies.make_notification("STARTED")),
        ("notification.finalized", jenkins_bodies.make_notification("FINALIZED", "UNSTABLE", **TESTED)),
        ("run.started", jenkins_bodies.make_run("started", _multiBranch=True)),
        ("run.completed", jenkins_bodies.make_run("completed", "FAILURE")),
        ("wfapi.describe", jenkins_bodies.make_stages("FAILED", jenkins_bodies.make_stage("Build"), FAILED_STAGE)),
    ],
    "cdevents": [
        ("pipelinerun.finished", cdevents_bodies.make_pipeline_run("finished", "failure")),
        ("taskrun.started", PACKED),
        ("taskrun.finished", cdevents_bodies.make_event("taskrun.finished", "pack-1", TOLD_TASK)),
        ("service.deployed", cdevents_bodies.wrap(cdevents_bodies.make_service("deployed"))),
        (
            "batch",
            [
                cdevents_bodies.wrap(cdevents_bodies.make_service("removed")),
                cdevents_bodies.make_pipeline_run("queued"),
            ],
        ),
    ],
    "buildbot": [("build", buildbot_bodies.FAILED)],
}
"""By dialect: event and body."""

"""Bodies as Jenkins posts them: of its Notification and Generic Event plugins, and the stages of a pipeline."""

from typing import Any

NOON_MS = 1772362800000
"""The first of March 2026, 11:00 UTC, in milliseconds: when the build began."""
SHA = "5d1f0b8c2e4a6973b1c0d9e8f7a6b5c4d3e2f1a0"


def make_notification(phase: str, status: str | None = None, *, after_ms: int = 0, **build: Any) -> dict[str, Any]:
    """Return a notification on build 12 of the job shop in the folder team, so long after the build began."""
    given = {} if status is None else {"status": status}
    return {
        "name": "shop",
        "display_name": "Shop",
        "url": "job/Team/job/shop/",
        "build": {
            "full_url": "https://ci.example.org/jenkins/job/Team/job/shop/12/",
            "number": 12,
            "queue_id": 31,
            "timestamp": NOON_MS + after_ms,
            "duration": 0,
            "phase": phase,
            "url": "job/Team/job/shop/12/",
            "scm": {
                "url": "https://deploy:hunter2@git.example.org/octo/shop.git",
                "branch": "origin/main",
                "commit": SHA,
                "changes": [],
                "culprits": [],
            },
            "log": "",
            "artifacts": {},
            **given,
            **build,
        },
    }


def make_run(kind: str, result: str | None = None, *, time: str = "11:00:01.000", **data: Any) -> dict[str, Any]:
    """Return a generic event on the same build."""
    return {
        "data": {
            "_class": "io.jenkins.plugins.generic.event.data.WorkflowRunData",
            "actions": [make_cause(), make_checkout()],
            "building": result is None,
            "description": None,
            "duration": 0 if result is None else 90_500,
            "number": 12,
            "result": result,
            "timestamp": NOON_MS,
            "_multiBranch": False,
            "_parentFullName": "Team",
            "_projectName": "shop",
            **data,
        },
        "dataType": "org.jenkinsci.plugins.workflow.job.WorkflowRun",
        "id": "0f4d7a52-4c1e-4b7a-9f0e-6a1d2c3b4e5f",
        "source": "job/Team/job/shop/",
        "time": f"2026-03-01T{time}+0000",
        "type": f"run.{kind}",
    }


def make_cause(user: str | None = "Ada") -> dict[str, Any]:
    """Return the action for who started a build."""
    return {"causes": [{"shortDescription": f"Started by user {user}", "userId": "ada", "userName": user}]}


def make_checkout(remote: str = "git@git.example.org:octo/shop.git") -> dict[str, Any]:
    """Return the action for the revision of a build."""
    revision = {"SHA1": SHA, "branch": [{"SHA1": SHA, "name": "refs/remotes/origin/main"}]}
    return {"lastBuiltRevision": revision, "remoteUrls": [remote], "scmName": ""}


def make_stages(status: str, *stages: dict[str, Any], ended_ms: int = 90_500, **fields: Any) -> dict[str, Any]:
    """Return what wfapi/describe answers for the same build, so long after it began."""
    return {
        "_links": {"self": {"href": "/jenkins/job/Team/job/shop/12/wfapi/describe"}},
        "id": "12",
        "name": "#12",
        "status": status,
        "startTimeMillis": NOON_MS,
        "endTimeMillis": NOON_MS + ended_ms,
        "durationMillis": ended_ms,
        "stages": list(stages),
        **fields,
    }


def make_stage(
    name: str, status: str = "SUCCESS", *, from_ms: int = 0, took_ms: int = 1000, **more: Any
) -> dict[str, Any]:
    """Return a stage that began so long after the build did."""
    return {"name": name, "status": status, "startTimeMillis": NOON_MS + from_ms, "durationMillis": took_ms, **more}

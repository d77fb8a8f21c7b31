"""Bodies as Gitea and Forgejo send them, reduced to the fields that matter, with defaults."""

from typing import Any

Json = dict[str, Any]
HOME = "https://git.example.org:3000/octo/shop"
REPOSITORY: Json = {"id": 62, "full_name": "octo/shop", "html_url": HOME, "clone_url": f"{HOME}.git"}
SHA = "65f1bf27bc3bf70f64657658635e66094edbcb4d"
NEVER = "0001-01-01T00:00:00Z"
"""How Go writes a time that was not set; also the second of 1970 in the zone of the server."""
EPOCH = "1970-01-01T01:00:00+01:00"


def make_run(status: str = "completed", conclusion: str = "", **fields: Any) -> Json:
    """Return a `workflow_run` body of Gitea."""
    run: Json = {
        "id": 10,
        "display_title": "Pay by card",
        "path": "deploy.yml@refs/heads/main",
        "run_number": 3,
        "run_attempt": 1,
        "head_branch": "main",
        "head_sha": SHA,
        "event": "push",
        "status": status,
        "conclusion": conclusion,
        "started_at": "2026-03-01T12:00:00+02:00",
        "completed_at": "2026-03-01T12:05:00+02:00" if status == "completed" else EPOCH,
        "html_url": f"{HOME}/actions/runs/3",
        "actor": {"login": "ada"},
        "trigger_actor": {"login": "grace"},
        **fields,
    }
    return {"action": status, "workflow": {"name": "Deploy"}, "workflow_run": run, "repository": REPOSITORY}


def make_job(status: str = "completed", conclusion: str = "", **fields: Any) -> Json:
    """Return a `workflow_job` body of Gitea."""
    job: Json = {
        "id": 21,
        "run_id": 10,
        "run_attempt": 1,
        "name": "build",
        "head_branch": "main",
        "head_sha": SHA,
        "status": status,
        "conclusion": conclusion,
        "created_at": "2026-03-01T10:00:00Z",
        "started_at": "2026-03-01T10:00:05Z",
        "completed_at": "2026-03-01T10:04:00Z" if status == "completed" else NEVER,
        "html_url": f"{HOME}/actions/runs/3/jobs/0",
        "steps": [
            {"name": "Checkout", "number": 0, "status": status, "conclusion": conclusion, "started_at": NEVER},
            {"name": "Build", "number": 1, "status": "queued", "started_at": NEVER, "completed_at": NEVER},
        ],
        **fields,
    }
    return {"action": status, "workflow_job": job, "repository": REPOSITORY}


def make_status(state: str = "success", **fields: Any) -> Json:
    """Return a `status` body of Gitea."""
    return {
        "id": 5,
        "sha": SHA,
        "context": "ci/woodpecker",
        "state": state,
        "description": "Pipeline was successful",
        "target_url": "https://ci.example.org/repos/1/pipeline/8",
        "commit": {"id": SHA, "message": "Pay by card\n"},
        "created_at": "2026-03-01T13:00:00Z",
        "updated_at": "2026-03-01T13:00:00Z",
        "repository": REPOSITORY,
        "sender": {"login": "woodpecker"},
        **fields,
    }


def make_forgejo_run(status: str = "success", **fields: Any) -> Json:
    """Return a body of Forgejo about a run that has ended."""
    run: Json = {
        "id": 10,
        "title": "Pay by card",
        "repository": REPOSITORY,
        "workflow_id": "deploy.yml",
        "index_in_repo": 3,
        "trigger_user": {"login": "grace"},
        "prettyref": "main",
        "commit_sha": SHA,
        "trigger_event": "push",
        "status": status,
        "started": "2026-03-01T10:00:00Z",
        "stopped": "2026-03-01T10:05:00Z",
        "created": "2026-03-01T09:59:00Z",
        "updated": "2026-03-01T10:05:00Z",
        "html_url": f"{HOME}/actions/runs/3",
        **fields,
    }
    return {"action": status, "run": run, "prior_status": "running"}


def make_forgejo_job(status: str = "success", run: Json | None = None, **fields: Any) -> Json:
    """Return a body of Forgejo about a job; `run` is what differs in its run."""
    job = {"id": 21, "run_id": 10, "attempt": 1, "name": "build", "status": status, **fields}
    ran = {"repository": None, "stopped": NEVER, "updated": "2026-03-01T10:04:00Z", **(run or {})}
    return {"action": status, "job": job, "repository": REPOSITORY, **make_forgejo_run("running", **ran)}

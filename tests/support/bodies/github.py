"""Bodies as GitHub sends them, reduced to the fields that matter, with defaults."""

from typing import Any

Json = dict[str, Any]
REPOSITORY: Json = {"id": 4711, "full_name": "Octo/Shop", "html_url": "https://github.com/Octo/Shop", "private": True}
SHA = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"


def make_run(status: str = "completed", conclusion: str | None = None, **fields: Any) -> Json:
    """Return a `workflow_run` body."""
    run: Json = {
        "id": 9001,
        "name": "Deploy",
        "display_title": "Pay by card",
        "head_branch": "main",
        "head_sha": SHA,
        "head_commit": {"id": SHA, "message": "Pay by card\n\nAt last."},
        "event": "push",
        "status": status,
        "conclusion": conclusion,
        "run_number": 36,
        "run_attempt": 1,
        "run_started_at": "2026-03-01T10:00:00Z",
        "created_at": "2026-03-01T10:00:00Z",
        "updated_at": "2026-03-01T10:05:00Z",
        "html_url": "https://github.com/Octo/Shop/actions/runs/9001",
        "actor": {"login": "ada"},
        "triggering_actor": {"login": "grace"},
        **fields,
    }
    return {"action": status, "workflow_run": run, "repository": REPOSITORY, "sender": {"login": "grace"}}


def make_job(status: str = "completed", conclusion: str | None = None, **fields: Any) -> Json:
    """Return a `workflow_job` body."""
    job: Json = {
        "id": 77,
        "run_id": 9001,
        "run_attempt": 1,
        "name": "build (3.11)",
        "workflow_name": "Deploy",
        "head_branch": "main",
        "head_sha": SHA,
        "status": status,
        "conclusion": conclusion,
        "created_at": "2026-03-01T10:00:10Z",
        "started_at": "2026-03-01T10:00:30Z",
        "completed_at": None,
        "html_url": "https://github.com/Octo/Shop/actions/runs/9001/job/77",
        "steps": [],
        **fields,
    }
    return {"action": status, "workflow_job": job, "repository": REPOSITORY}


def make_step(number: int, status: str = "completed", conclusion: str | None = "success", **fields: Any) -> Json:
    """Return a step of a job; a completed one took the second of its number."""
    return {
        "name": f"Step {number}",
        "number": number,
        "status": status,
        "conclusion": conclusion,
        "started_at": f"2026-03-01T10:01:{number:02}Z",
        "completed_at": f"2026-03-01T10:01:{number + 1:02}Z" if status == "completed" else None,
        **fields,
    }


def make_deployment(state: str | None = None, **fields: Any) -> Json:
    """Return a `deployment_status` body, without a state a `deployment` body; `fields` are those of the status."""
    body: Json = {
        "action": "created",
        "deployment": {
            "id": 326,
            "sha": SHA,
            "ref": "main",
            "task": "deploy",
            "environment": "staging",
            "description": "From the console",
            "creator": {"login": "ada"},
            "created_at": "2026-03-01T11:00:00Z",
            "updated_at": "2026-03-01T11:00:00Z",
        },
        "repository": REPOSITORY,
    }
    if state is None:
        return body
    status = {
        "id": 1,
        "state": state,
        "environment": "production",
        "description": "",
        "environment_url": "https://shop.example.org",
        "log_url": "https://ci.example.org/log/1",
        "target_url": "https://ci.example.org/log",
        "created_at": "2026-03-01T11:02:00Z",
        "updated_at": "2026-03-01T11:02:00Z",
    }
    return {**body, "deployment_status": {**status, **fields}}


def make_check(status: str = "completed", conclusion: str | None = "success", **fields: Any) -> Json:
    """Return a `check_run` body of an app that is not GitHub Actions."""
    check: Json = {
        "id": 128,
        "name": "Terraform plan",
        "head_sha": SHA,
        "status": status,
        "conclusion": conclusion,
        "started_at": "2026-03-01T12:00:00Z",
        "completed_at": "2026-03-01T12:01:00Z" if status == "completed" else None,
        "html_url": "https://github.com/Octo/Shop/runs/128",
        "details_url": "https://terraform.example.org/128",
        "output": {"title": "2 to add", "summary": "Adds a queue and a bucket."},
        "check_suite": {"id": 5, "head_branch": "main"},
        "app": {"slug": "terraform"},
        **fields,
    }
    return {"action": "created", "check_run": check, "repository": REPOSITORY}


def make_status(state: Any = "success", **fields: Any) -> Json:
    """Return a `status` body: what another CI server says of a commit."""
    return {
        "id": 680,
        "sha": SHA,
        "name": "Octo/Shop",
        "context": "ci/Jenkins",
        "state": state,
        "description": "All is well",
        "target_url": "https://jenkins.example.org/job/shop/5/",
        "commit": {"sha": SHA, "commit": {"message": "Pay by card"}},
        "branches": [{"name": "main"}],
        "created_at": "2026-03-01T13:00:00+00:00",
        "updated_at": "2026-03-01T13:00:00+00:00",
        "repository": REPOSITORY,
        "sender": {"login": "jenkins-bot"},
        **fields,
    }

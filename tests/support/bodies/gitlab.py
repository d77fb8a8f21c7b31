"""Bodies as GitLab sends them, reduced to the fields that matter, with defaults."""

from typing import Any

Json = dict[str, Any]
HOME = "https://gitlab.example.org/octo/shop"
SHA = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"
PROJECT: Json = {"id": 62, "name": "Shop", "web_url": HOME, "path_with_namespace": "octo/shop"}
REPOSITORY: Json = {
    "name": "Shop",
    "homepage": HOME,
    "git_ssh_url": "git@gitlab.example.org:octo/shop.git",
    "git_http_url": f"{HOME}.git",
}


def make_build(number: int, name: str, status: Any = "success", **fields: Any) -> Json:
    """Return what a pipeline hook says of a job."""
    return {
        "id": number,
        "stage": "test",
        "name": name,
        "status": status,
        "created_at": "2026-03-01 10:00:00 UTC",
        "started_at": None,
        "finished_at": None,
        "duration": None,
        "failure_reason": None,
        "allow_failure": False,
        "environment": None,
        **fields,
    }


def make_pipeline(status: str = "success", *builds: Json, **fields: Any) -> Json:
    """Return the body of a pipeline hook; `fields` are the pipeline's."""
    pipeline: Json = {
        "id": 31,
        "iid": 3,
        "name": None,
        "ref": "main",
        "tag": False,
        "sha": SHA,
        "source": "push",
        "status": status,
        "stages": ["build", "test", "deploy"],
        "created_at": "2026-03-01 10:00:00 UTC",
        "finished_at": None,
        "duration": None,
        **fields,
    }
    return {
        "object_kind": "pipeline",
        "object_attributes": pipeline,
        "user": {"id": 5, "name": "Grace Hopper", "username": "grace"},
        "project": PROJECT,
        "commit": {"id": SHA, "title": "Pay by card", "message": "Pay by card\n\nAt last."},
        "builds": list(builds),
    }


def make_job(number: int, name: str, status: str = "success", **fields: Any) -> Json:
    """Return the body of a job hook; `fields` that begin with `build_` are the job's, the others the body's."""
    return {
        "object_kind": "build",
        "ref": "main",
        "sha": SHA,
        "build_id": number,
        "build_name": name,
        "build_stage": "test",
        "build_status": status,
        "build_created_at": "2026-03-01 10:00:00 UTC",
        "build_started_at": None,
        "build_finished_at": None,
        "build_duration": None,
        "build_allow_failure": False,
        "build_failure_reason": "unknown_failure",
        "pipeline_id": 31,
        "project_id": 62,
        "project_name": "Octo / Shop",
        "user": {"id": 6, "name": "Ada Lovelace", "username": "ada"},
        "commit": {"id": 31, "name": None, "sha": SHA, "message": "Pay by card\n\nAt last.", "status": "running"},
        "repository": REPOSITORY,
        "environment": None,
        **fields,
    }


def make_deployment(status: str = "success", **fields: Any) -> Json:
    """Return the body of a deployment hook."""
    return {
        "object_kind": "deployment",
        "status": status,
        "status_changed_at": "2026-03-01 12:30:00 +0200",
        "deployment_id": 15,
        "deployable_id": 796,
        "deployable_url": f"{HOME}/-/jobs/796",
        "environment": "staging",
        "environment_external_url": "https://staging.example.org",
        "project": PROJECT,
        "ref": "main",
        "short_sha": SHA[:8],
        "user": {"id": 5, "name": "Grace Hopper", "username": "grace"},
        "commit_url": f"{HOME}/-/commit/{SHA}",
        "commit_title": "Pay by card",
        **fields,
    }

"""The bodies of the load: the reports of a workflow while its eight steps run, and at their end."""

import json
from typing import Any

STEPS = (
    "validate_artifact", "parse_secrets", "server_init", "deploy_project", "configure_nginx", "start_service",
    "test_website_static", "test_website_backend",
)  # fmt: skip
LAST_STAGE = 2 * len(STEPS)
"""Stage 0: nothing has begun; in odd stages a step runs, in even ones it has ended; in the last one all have ended."""


def make_payload(stage: int, project: str, run_id: str, at: str) -> dict[str, Any]:
    """Return the report on a deployment at a stage: all of its steps, as in a workflow's summary."""
    done, runs = divmod(stage, 2)
    statuses = ["success"] * done + ["running"] * runs + ["pending"] * len(STEPS)
    return {
        "project": project,
        "repository": f"example/{project}",
        "environment": "production",
        "branch": "main",
        "commit_hash": "c2d30e3d1a5b1d0f1f1e2fbc1f0e6a1b7c9d8e7f",
        "commit_message": "Let the export say which rows it left out",
        "run_id": run_id,
        "run_url": f"https://ci.example.org/example/{project}/actions/runs/{run_id}",
        "status": "success" if stage == LAST_STAGE else "running",
        "triggered_by": "lin.wei",
        "trigger_type": "push",
        "deploy_type": "backend",
        "deploy_path": "/srv/www/export",
        "test_url": "https://export.example.org/health",
        "port": 8080,
        "message": f"{done} of {len(STEPS)} steps",
        "timestamp": at,
        "step_details": dict(zip(STEPS, statuses, strict=False)),
    }


def make_templates(*, hot: bool) -> str:
    """Return a line for each stage if `hot`, else for the last one; `deliveries.lua` replaces $project, $run, $time."""
    stages = range(LAST_STAGE + 1) if hot else [LAST_STAGE]
    return "".join(json.dumps(make_payload(stage, "$project", "$run", "$time")) + "\n" for stage in stages)

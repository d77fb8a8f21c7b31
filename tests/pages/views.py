"""Builders of minimal views: a step, a job, a deployment and a project."""

from typing import Any

from dashboard.core.view_types.deployments import DeploymentView, JobView, Related, StepView
from dashboard.core.view_types.projects import ListedProject

RELATED: Related = {
    "attempts": [], "linked": [], "earlier": [], "before": None, "last_success": None, "runs": 0, "failures": {}
}  # fmt: skip


def make_step(**fields: Any) -> StepView:
    given: Any = fields
    return {
        "job": "deploy", "key": "build", "number": None, "name": "build", "category": "build",
        "status": "completed", "conclusion": "success", "status_raw": None, "status_known": True,
        "state": "success", "conflict": None,
        "started_at": None, "started_observed": False, "completed_at": None, "duration_s": None,
        "is_current": False, "is_done": True, "message": None, "error": None, "log": None,
        **given,
    }  # fmt: skip


def make_job(*steps: StepView, **fields: Any) -> JobView:
    given: Any = fields
    return {
        "key": "deploy", "number": None, "name": "deploy", "allowed_to_fail": False,
        "status": "completed", "conclusion": "success", "status_raw": None, "status_known": True,
        "state": "success", "conflict": None,
        "started_at": None, "started_observed": False, "completed_at": None, "duration_s": None,
        "job_progress_pct": 100, "completed_steps": len(steps), "total_steps": len(steps),
        "message": None, "error": None, "log": None, "current_step_index": None, "steps": list(steps),
        **given,
    }  # fmt: skip


def make_deployment(*jobs: JobView, **fields: Any) -> DeploymentView:
    given: Any = fields
    project = make_project()
    return {
        "id": 1, "seq": 1, "project": project, "environment": None, "repository": None, "branch": None,
        "commit_hash": None, "commit_message": None, "run_id": None, "run_key": None, "attempt": 1, "run_url": None,
        "dialect": "native", "triggered_by": None, "trigger_type": None, "deploy_type": None, "deploy_path": None,
        "test_url": None, "port": None, "service_status": None, "message": None, "error": None, "is_cut": False,
        "log": None,
        "status": "completed", "conclusion": "success", "status_raw": None, "status_known": True,
        "state": "success", "conflict": None,
        "started_at": None, "started_observed": False, "completed_at": None, "duration_s": None,
        "waited_s": None, "progress_pct": 100, "completed_steps": 0, "total_steps": 0, "run_progress_pct": 100,
        "completed_jobs": len(jobs), "total_jobs_visible": len(jobs), "shown_pct": 100,
        "current_step": None, "current": None, "links": None, "stale_since": None, "sorted_at": "2024-01-01T00:00:00Z",
        "usual": None, "estimate": None, "related": None, "jobs": list(jobs),
        **given,
    }  # fmt: skip


def make_project(slug: str = "shop", **fields: Any) -> ListedProject:
    """Return a project that was never deployed."""
    given: Any = fields
    return {
        "slug": slug, "name": slug, "kind": None, "repository": None, "url": None, "port": None,
        "service_status": None, "seq": 1, "last_deployment": None, "outcomes": [], "environments": [],
        **given,
    }  # fmt: skip

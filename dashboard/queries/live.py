"""What a visitor of the overview or of a project sees at one moment."""

from datetime import datetime

from dashboard.core.view import View
from dashboard.queries.deployments import DeploymentFilters, list_deployments, list_open
from dashboard.queries.projects import get_project, list_projects

NEWEST = 50
"""How many of the newest deployments a page lists besides all open ones."""


def snapshot_overview(now: datetime, slug: str | None = None) -> dict[str, list[View]]:
    """Return the projects (or the one), all open deployments and the newest, each deployment once, newest first."""
    shown, _ = list_deployments(DeploymentFilters(project=slug), now, NEWEST, None)
    known = {view["id"] for view in shown}
    shown += [view for view in list_open(now, slug) if view["id"] not in known]
    shown.sort(key=lambda view: (datetime.fromisoformat(view["sorted_at"]), view["id"]), reverse=True)
    projects = list_projects(now) if slug is None else [project for project in [get_project(slug, now)] if project]
    return {"projects": projects, "deployments": shown}

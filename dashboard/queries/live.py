"""What a visitor of the overview or of a project sees at one moment."""

from datetime import datetime

from dashboard.core.view import View
from dashboard.queries.estimates import attach_open_estimates
from dashboard.queries.lists import DeploymentFilters, read_open, read_page
from dashboard.queries.projects import get_project, list_projects
from dashboard.queries.rows import view_deployments

NEWEST = 50
"""How many of the newest deployments a page lists besides all open ones."""


def snapshot_overview(now: datetime, slug: str | None = None) -> dict[str, list[View]]:
    """Return the projects (or the one), all open deployments and the newest, each deployment once, newest first."""
    newest, _ = read_page(DeploymentFilters(project=slug), now, NEWEST, None)
    known = {row["id"] for row in newest}
    rows = [*newest, *(row for row in read_open(slug) if row["id"] not in known)]
    rows.sort(key=lambda row: (row["sorted_at"], row["id"]), reverse=True)
    shown = attach_open_estimates(view_deployments(rows, now), now)
    projects = list_projects(now) if slug is None else [project for project in [get_project(slug, now)] if project]
    return {"projects": projects, "deployments": shown}

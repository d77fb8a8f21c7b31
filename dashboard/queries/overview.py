"""The content of the overview and of the pages of projects."""

from dashboard.core.view_types.projects import OverviewSnapshot
from dashboard.queries.estimates import list_with_estimates
from dashboard.queries.lists import DeploymentFilters, read_open, read_page
from dashboard.queries.projects import get_project, list_projects
from dashboard.queries.reader import Reader
from dashboard.queries.rows import view_deployments

MAX_RECENT = 50
"""How many of the newest deployments a page lists, in addition to all open ones."""


def snapshot_overview(reader: Reader, slug: str | None = None) -> OverviewSnapshot:
    """Return all projects, or one, with all open deployments and the newest others, newest first."""
    newest, _ = read_page(reader, DeploymentFilters(project=slug), MAX_RECENT, None)
    known = {row["id"] for row in newest}
    rows = [*newest, *(row for row in read_open(reader, slug) if row["id"] not in known)]
    rows.sort(key=lambda row: (row["sorted_at"], row["id"]), reverse=True)
    shown = list_with_estimates(reader, view_deployments(reader, rows))
    projects = list_projects(reader) if slug is None else [found for found in [get_project(reader, slug)] if found]
    return {"projects": projects, "deployments": shown}

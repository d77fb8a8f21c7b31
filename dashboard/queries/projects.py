"""Projects, each with its newest deployment."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, select, true

from dashboard.core.paging import cut_page
from dashboard.core.view import View, view_project
from dashboard.extensions import db
from dashboard.models import Deployment
from dashboard.queries.rows import DEPLOYMENTS, PROJECTS, Row, read_rows, select_newest, view_deployments


def list_projects(now: datetime) -> list[View]:
    """Return all projects in the order of their slugs."""
    return _view_projects(read_rows(select(PROJECTS).order_by(PROJECTS.c.slug)), now)


def list_page(now: datetime, limit: int, cursor: str | None) -> tuple[list[View], str | None]:
    """Return a page of projects in the order of their slugs, and the cursor of the next; a cursor is a slug."""
    query = select(PROJECTS).order_by(PROJECTS.c.slug).limit(limit + 1)
    if cursor:
        query = query.where(PROJECTS.c.slug > cursor)
    rows, more = cut_page(read_rows(query), limit)
    return _view_projects(rows, now), rows[-1]["slug"] if more else None


def get_project(slug: str, now: datetime) -> View | None:
    """Return one project, None if there is none."""
    found = _view_projects(read_rows(select(PROJECTS).where(PROJECTS.c.slug == slug)), now)
    return found[0] if found else None


def exists(slug: str) -> bool:
    """Return whether there is such a project."""
    return db.session.scalar(select(PROJECTS.c.id).where(PROJECTS.c.slug == slug)) is not None


def _view_projects(rows: Sequence[Row], now: datetime) -> list[View]:
    newest = {view["project"]["slug"]: view for view in view_deployments(_read_newest(rows), now)}
    return [{**view_project(row), "last_deployment": newest.get(row["slug"])} for row in rows]


def _read_newest(projects: Sequence[Row]) -> list[Row]:
    """Return the newest deployment of each project, one step down the index for each."""
    return read_rows(_select_newest_of([row["id"] for row in projects])) if projects else []


def _select_newest_of(ids: Sequence[int]) -> Select[tuple[Deployment]]:
    newest = select_newest().where(DEPLOYMENTS.c.project_id == PROJECTS.c.id).limit(1).lateral("newest")
    return select(newest).select_from(PROJECTS).join(newest, true()).where(PROJECTS.c.id.in_(ids))

"""Projects, each with its newest deployment and how the last ones ended."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select, true

from dashboard.core.paging import cut_page
from dashboard.core.view import View, list_environments, view_outcome, view_project
from dashboard.extensions import db
from dashboard.queries.rows import (
    DEPLOYMENTS,
    PROJECTS,
    SUMMARY_COLUMNS,
    Row,
    read_rows,
    select_newest,
    view_deployments,
    watch_at,
)

STRIP = 20
"""How many of its newest deployments the strip of a project shows."""
OUTCOME_COLUMNS = tuple(
    DEPLOYMENTS.c[name]
    for name in (
        "id", "project_id", "seq", "sorted_at", "environment", "status", "state", "last_report_at", "usual_gap_s",
        "started_at", "first_step_at", "completed_at", "said_at", "duration_s",
    )
)  # fmt: skip


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
    ids = [row["id"] for row in rows]
    newest = {view["project"]["slug"]: view for view in view_deployments(_read_newest(ids), now)}
    outcomes = _read_outcomes(ids, now)
    return [
        {
            **view_project(row),
            "last_deployment": newest.get(row["slug"]),
            "outcomes": outcomes[row["id"]],
            "environments": list_environments(outcomes[row["id"]]),
        }
        for row in rows
    ]


def _read_newest(ids: Sequence[int]) -> list[Row]:
    """Return the newest deployment of each project."""
    return read_rows(_select_newest_of(ids, SUMMARY_COLUMNS, 1)) if ids else []


def _read_outcomes(ids: Sequence[int], now: datetime) -> dict[int, list[View]]:
    """Return by project what its strip shows, the newest first."""
    rows = read_rows(_select_newest_of(ids, OUTCOME_COLUMNS, STRIP)) if ids else []
    watch = watch_at(now)
    outcomes: dict[int, list[View]] = {number: [] for number in ids}
    for row in rows:
        outcomes[row["project_id"]].append(view_outcome(row, watch))
    return outcomes


def _select_newest_of(ids: Sequence[int], columns: Iterable[ColumnElement[Any]], most: int) -> Select[Any]:
    """Return the query for the newest deployments of each project, newest first: a walk down the index for each."""
    newest = (
        select_newest()
        .with_only_columns(*columns)
        .where(DEPLOYMENTS.c.project_id == PROJECTS.c.id)
        .limit(most)
        .lateral("newest")
    )
    return (
        select(newest)
        .select_from(PROJECTS)
        .join(newest, true())
        .where(PROJECTS.c.id.in_(ids))
        .order_by(newest.c.project_id, newest.c.sorted_at.desc(), newest.c.id.desc())
    )

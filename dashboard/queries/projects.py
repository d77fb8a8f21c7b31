"""Projects, each with its newest deployment and recent outcomes."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Float, Select, case, literal_column, select, true

from dashboard.core.paging import cut_page
from dashboard.core.view import format_time, list_environments, view_listed_deployment, view_project
from dashboard.core.view_types.projects import MAX_OUTCOMES, ListedProject, OutcomeView
from dashboard.core.words import State
from dashboard.database.rows import Row
from dashboard.database.tables import DEPLOYMENTS, PROJECTS
from dashboard.queries.reader import Reader
from dashboard.queries.rows import (
    SUMMARY_COLUMNS,
    TOOK_S,
    is_stale,
    select_newest,
    select_project_id,
    view_deployments,
)


def list_projects(reader: Reader) -> list[ListedProject]:
    """Return all projects by slug."""
    return _view_projects(reader, reader.read_rows(select(PROJECTS).order_by(PROJECTS.c.slug)))


def list_page(reader: Reader, limit: int, cursor: str | None) -> tuple[list[ListedProject], str | None]:
    """Return a page of projects by slug, and the cursor of the next page if there is one. A cursor is a slug."""
    query = select(PROJECTS).order_by(PROJECTS.c.slug).limit(limit + 1)
    if cursor:
        query = query.where(PROJECTS.c.slug > cursor)
    rows, more = cut_page(reader.read_rows(query), limit)
    return _view_projects(reader, rows), rows[-1]["slug"] if more else None


def get_project(reader: Reader, slug: str) -> ListedProject | None:
    """Return a project by its slug or a former one, None if it does not exist."""
    of_slug = PROJECTS.c.id == select_project_id(slug).scalar_subquery()
    found = _view_projects(reader, reader.read_rows(select(PROJECTS).where(of_slug)))
    return found[0] if found else None


def exists(reader: Reader, slug: str) -> bool:
    """Return whether the project exists, by its slug or a former one."""
    return reader.session.scalar(select_project_id(slug)) is not None


def find_slug(reader: Reader, slug: str) -> str | None:
    """Return the present slug of the project that has or had this one, None if there is none."""
    of_slug = PROJECTS.c.id == select_project_id(slug).scalar_subquery()
    return reader.session.scalar(select(PROJECTS.c.slug).where(of_slug))


def _view_projects(reader: Reader, rows: Sequence[Row]) -> list[ListedProject]:
    ids = [row["id"] for row in rows]
    summaries = view_deployments(reader, _read_newest(reader, ids))
    newest = {view["project"]["slug"]: view_listed_deployment(view) for view in summaries}
    outcomes = _read_outcomes(reader, ids)
    return [
        {
            **view_project(row),
            "last_deployment": newest.get(row["slug"]),
            "outcomes": outcomes[row["id"]],
            "environments": list_environments(outcomes[row["id"]]),
        }
        for row in rows
    ]


def _read_newest(reader: Reader, ids: Sequence[int]) -> list[Row]:
    """Return the newest deployment of each project."""
    return reader.read_rows(_select_newest_of(ids, SUMMARY_COLUMNS, 1)) if ids else []


def _read_outcomes(reader: Reader, ids: Sequence[int]) -> dict[int, list[OutcomeView]]:
    """Return the newest outcomes by project, newest first: the state of the last event, stale if it is silent now.

    This repeats core.view in SQL, because a page of projects shows thousands of outcomes.
    """
    table = DEPLOYMENTS.c
    state = case((is_stale(reader), State.STALE.value), else_=table.state).label("state")
    took_s = literal_column(TOOK_S, Float).label("duration_s")
    columns = (table.id, table.seq, table.sorted_at, table.environment, state, took_s, table.project_id)
    outcomes: dict[int, list[OutcomeView]] = {number: [] for number in ids}
    for row in reader.read_rows(_select_newest_of(ids, columns, MAX_OUTCOMES)) if ids else []:
        outcomes[row["project_id"]].append(
            {
                "id": row["id"],
                "seq": row["seq"],
                "sorted_at": cast("str", format_time(row["sorted_at"])),
                "environment": row["environment"],
                "state": row["state"],
                "duration_s": row["duration_s"],
            }
        )
    return outcomes


def _select_newest_of(ids: Sequence[int], columns: Iterable[ColumnElement[Any]], limit: int) -> Select[Any]:
    """Return the query for the newest deployments of each project, newest first, with one index scan per project."""
    newest = (
        select_newest()
        .with_only_columns(*columns)
        .where(DEPLOYMENTS.c.project_id == PROJECTS.c.id)
        .limit(limit)
        .lateral("newest")
    )
    return (
        select(newest)
        .select_from(PROJECTS)
        .join(newest, true())
        .where(PROJECTS.c.id.in_(ids))
        .order_by(newest.c.project_id, newest.c.sorted_at.desc(), newest.c.id.desc())
    )

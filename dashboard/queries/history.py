"""Queries of the deployment history: the choices of its filters, the number of newer deployments, the export."""

from collections.abc import Iterator
from datetime import datetime
from typing import TypedDict

from sqlalchemy import func, select, tuple_

from dashboard.core.paging import write_cursor
from dashboard.core.view_types.deployments import ListedDeployment
from dashboard.database.tables import DEPLOYMENTS, PROJECTS
from dashboard.queries.lists import (
    DeploymentFilters,
    find_list_window_end,
    list_deployments,
    list_filter_conditions,
    list_index_conditions,
    read_position,
)
from dashboard.queries.reader import Reader
from dashboard.queries.rows import NEWEST_FIRST, SORT_KEY
from dashboard.queries.suggestions import list_recent_values

BATCH_SIZE = 500


class HistoryChoices(TypedDict):
    """The choices of the filters."""

    project: list[tuple[str, str]]
    """(slug, name) of every project, by name."""
    environment: list[str]
    branch: list[str]
    triggered_by: list[str]
    """Recent values."""


def list_choices(reader: Reader) -> HistoryChoices:
    """Return all projects, and recent values of the other filters."""
    projects = reader.session.execute(
        select(PROJECTS.c.slug, PROJECTS.c.name).order_by(PROJECTS.c.name, PROJECTS.c.slug)
    )
    columns = DEPLOYMENTS.c
    suggested = list_recent_values(reader, (columns.environment, columns.branch, columns.triggered_by), NEWEST_FIRST)
    return {
        "project": [(slug, name) for slug, name in projects],
        "environment": suggested["environment"],
        "branch": suggested["branch"],
        "triggered_by": suggested["triggered_by"],
    }


def make_top_cursor(view: ListedDeployment) -> str:
    """Return the cursor of the list that begins with this deployment, whatever was added since."""
    return write_cursor(datetime.fromisoformat(view["sorted_at"]), view["id"] + 1)


def count_newer(reader: Reader, filters: DeploymentFilters, top: str, limit: int) -> int:
    """Return how many matching deployments are newer than the list that begins at `top`, at most limit + 1.

    Only those in the scan window are counted. Raises CursorError.
    """
    conditions = [*list_index_conditions(filters), tuple_(*SORT_KEY) >= read_position(top)]
    window_end = find_list_window_end(reader, filters, conditions)
    if window_end is not None:
        conditions.append(tuple_(*SORT_KEY) >= window_end)
    conditions += list_filter_conditions(reader, filters)
    found = select(DEPLOYMENTS.c.id).where(*conditions).limit(limit + 1).subquery()
    return reader.session.scalar(select(func.count()).select_from(found)) or 0


def iterate_deployments(reader: Reader, filters: DeploymentFilters, limit: int) -> Iterator[list[ListedDeployment]]:
    """Yield up to `limit` matching deployments in batches, newest first.

    No connection is held between batches, because the client may be slow.
    """
    cursor: str | None = None
    while limit > 0:
        batch, cursor = list_deployments(reader, filters, min(BATCH_SIZE, limit), cursor)
        reader.release()
        yield batch
        limit -= len(batch)
        if cursor is None:
            return

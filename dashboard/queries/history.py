"""What only the page of all deployments needs of them: the choices of its filters, what came since, the export."""

from collections.abc import Iterator
from datetime import datetime
from typing import TypedDict

from sqlalchemy import func, select, tuple_

from dashboard.core.paging import write_cursor
from dashboard.core.view_types import ListedDeployment
from dashboard.database.reader import Reader
from dashboard.queries.lists import (
    PLACE,
    DeploymentFilters,
    find_edge_of,
    list_deployments,
    read_key,
    select_narrowing,
    select_span,
)
from dashboard.queries.rows import DEPLOYMENTS, PROJECTS

NEWEST = 1000
"""How many of the newest deployments the suggestions are taken from."""
SUGGESTED = ("environment", "branch", "triggered_by")
MAX_SUGGESTIONS = 50
BATCH = 500


class HistoryChoices(TypedDict):
    """What the filters of the history offer."""

    project: list[tuple[str, str]]
    """(slug, name) of every project, by name."""
    environment: list[str]
    branch: list[str]
    triggered_by: list[str]
    """Recent values."""


def list_choices(reader: Reader) -> HistoryChoices:
    """Return every project as (slug, name) in the order of their names, and recent values of the other filters."""
    projects = reader.session.execute(
        select(PROJECTS.c.slug, PROJECTS.c.name).order_by(PROJECTS.c.name, PROJECTS.c.slug)
    )
    table = DEPLOYMENTS.c
    order = (table.sorted_at.desc(), table.id.desc())
    newest = select(*(table[name] for name in SUGGESTED)).order_by(*order).limit(NEWEST).subquery()
    values = reader.session.execute(select(newest).distinct()).mappings().all()

    def suggest(name: str) -> list[str]:
        return sorted({row[name] for row in values if row[name]})[:MAX_SUGGESTIONS]

    return {
        "project": [(slug, name) for slug, name in projects],
        "environment": suggest("environment"),
        "branch": suggest("branch"),
        "triggered_by": suggest("triggered_by"),
    }


def mark_top(view: ListedDeployment) -> str:
    """Return the cursor of a list that begins with this deployment, whatever came since."""
    return write_cursor(datetime.fromisoformat(view["sorted_at"]), view["id"] + 1)


def count_newer(reader: Reader, filters: DeploymentFilters, top: str, most: int) -> int:
    """Return how many matching deployments come before a list that begins at `top`, counted up to one more than `most`.

    Of very many that came since, only the newest are looked at. Raises CursorError.
    """
    span = [*select_span(filters), tuple_(*PLACE) >= read_key(top)]
    edge = find_edge_of(reader, filters, span)
    if edge is not None:
        span.append(tuple_(*PLACE) >= edge)
    found = select(DEPLOYMENTS.c.id).where(*span, *select_narrowing(reader, filters)).limit(most + 1).subquery()
    return reader.session.scalar(select(func.count()).select_from(found)) or 0


def iterate_deployments(reader: Reader, filters: DeploymentFilters, most: int) -> Iterator[list[ListedDeployment]]:
    """Yield the matching deployments in batches, newest first, and at most so many of them.

    Between two batches no connection is held: who takes them may be slow.
    """
    cursor: str | None = None
    while most > 0:
        batch, cursor = list_deployments(reader, filters, min(BATCH, most), cursor)
        reader.release()
        yield batch
        most -= len(batch)
        if cursor is None:
            return

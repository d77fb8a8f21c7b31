"""Lists of deployments, newest first: narrowed by filters, a page at a time, however long the past is.

A page is read along an index. What no index knows is looked for in a window of rows (`windows`), and behind that in the
terms of older deployments (`core.terms`), if it can be there and is rare enough. A page may so hold fewer deployments
than were asked for, and yet have a next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, text, tuple_

from dashboard.core.paging import MAX_ID, CursorError, cut_page, read_cursor, write_cursor
from dashboard.core.search_index import hash_ngrams, hash_value
from dashboard.core.view_types import ListedDeployment
from dashboard.core.words import State
from dashboard.database.reader import Reader, Row
from dashboard.models import Base, DeploymentTerms
from dashboard.models.deployment_terms import EXACT_FIELDS, SEARCHED_FIELDS
from dashboard.queries.estimates import attach_estimates
from dashboard.queries.rows import (
    DEPLOYMENTS,
    ENVIRONMENT,
    IS_OPEN,
    PROJECTS,
    is_stale,
    select_newest,
    view_deployments,
)
from dashboard.queries.scan_window import Place, find_edge

TERMS = Base.metadata.tables[DeploymentTerms.__tablename__]
PLACE = (DEPLOYMENTS.c.sorted_at, DEPLOYMENTS.c.id)
OPEN_STATES = (State.QUEUED, State.RUNNING, State.STALE)
"""Only what has not ended is in one of these: an index knows all of that."""
MAX_OPEN = 500
"""More open ones than that were abandoned: they are found in the history."""
MAX_FOUND, MAX_GUESSED = 2000, 10_000
"""What more deployments than that are found by, or expected to be, says too little."""
FIND_BY_TERMS = text("SELECT deployment_id FROM deployment_terms WHERE terms @> CAST(:terms AS integer[]) LIMIT :most")
PLACES, NEIGHBOURS = 250, 4
"""From so many places at most, and half of them at least, a sample takes so many ids each."""
FEW = 2
"""As many that match in a sample are chance."""
COUNT_IN_SAMPLE = text(
    """
    SELECT count(*) FROM generate_series(0, :last, :step) AS place (id) CROSS JOIN LATERAL (
      SELECT terms FROM deployment_terms WHERE deployment_id >= place.id AND deployment_id < place.id + :neighbours
      LIMIT :neighbours
    ) AS sample
    WHERE terms @> CAST(:terms AS integer[])
    """
)


@dataclass(frozen=True, slots=True)
class DeploymentFilters:
    """What a list of deployments is narrowed to; None narrows nothing."""

    project: str | None = None
    """Slug."""
    environment: str | None = None
    state: State | None = None
    branch: str | None = None
    triggered_by: str | None = None
    q: str | None = None
    """Text found anywhere in branch, commit, message, person, environment, repository, run id or project."""
    since: datetime | None = None
    until: datetime | None = None
    """Bounds of the place in the list: at or after, before."""


def list_deployments(
    reader: Reader, filters: DeploymentFilters, limit: int, cursor: str | None
) -> tuple[list[ListedDeployment], str | None]:
    """Return a page of deployments without jobs, newest first, and the cursor of the next page if there may be one.

    Raises CursorError.
    """
    rows, next_cursor = read_page(reader, filters, limit, cursor)
    return attach_estimates(reader, view_deployments(reader, rows)), next_cursor


def read_page(
    reader: Reader, filters: DeploymentFilters, limit: int, cursor: str | None
) -> tuple[Sequence[Row], str | None]:
    """Return the rows of a page, and the cursor of the next one. Raises CursorError."""
    span = select_span(filters, cursor)
    newest = select_newest().where(*span, *select_narrowing(reader, filters)).limit(limit + 1)
    edge = find_edge_of(reader, filters, span)
    rows = reader.read_rows(newest if edge is None else newest.where(tuple_(*PLACE) >= edge))
    if edge is not None and len(rows) <= limit:
        found = _find_by_terms(reader, filters, edge)
        if found is None:
            return rows, write_cursor(*edge)
        rows += reader.read_rows(newest.where(tuple_(*PLACE) < edge, DEPLOYMENTS.c.id == func.any(found)))
    page, more = cut_page(rows, limit)
    return page, write_cursor(page[-1]["sorted_at"], page[-1]["id"]) if more else None


def read_open(reader: Reader, slug: str | None = None) -> list[Row]:
    """Return the rows of the deployments that have not ended, newest first and at most MAX_OPEN."""
    query = select_newest().where(IS_OPEN).limit(MAX_OPEN)
    return reader.read_rows(query if slug is None else query.where(is_of_project(slug)))


def list_open(reader: Reader, slug: str | None = None) -> list[ListedDeployment]:
    """Return the deployments that have not ended as read_open does, without jobs."""
    return attach_estimates(reader, view_deployments(reader, read_open(reader, slug)))


def select_span(filters: DeploymentFilters, cursor: str | None = None) -> list[ColumnElement[bool]]:
    """Return the conditions on a list that an index follows in its order. Raises CursorError."""
    conditions: list[ColumnElement[bool]] = []
    if filters.project is not None:
        conditions.append(is_of_project(filters.project))
    if filters.project is not None and filters.environment is not None:
        conditions.append(ENVIRONMENT == filters.environment)  # noqa: SIM300
    if filters.since is not None:
        conditions.append(DEPLOYMENTS.c.sorted_at >= filters.since)
    if filters.until is not None:
        conditions.append(DEPLOYMENTS.c.sorted_at < filters.until)
    if cursor:
        conditions.append(tuple_(*PLACE) < read_key(cursor))
    return conditions


def select_narrowing(reader: Reader, filters: DeploymentFilters) -> list[ColumnElement[bool]]:
    """Return all other conditions on a list."""
    wanted = ((DEPLOYMENTS.c[name], getattr(filters, name)) for name in ("environment", "branch", "triggered_by"))
    conditions: list[ColumnElement[bool]] = [column == value for column, value in wanted if value is not None]
    if filters.state is not None:
        conditions.append(_is_in_state(reader, filters.state))
    if filters.q:
        conditions.append(_contains(filters.q))
    return conditions


def find_edge_of(reader: Reader, filters: DeploymentFilters, span: Sequence[ColumnElement[bool]]) -> Place | None:
    """Return the place of the last row in the window of a list; None if it needs none."""
    elsewhere = filters.environment if filters.project is None else None
    narrows = any((filters.state, filters.branch, filters.triggered_by, filters.q, elsewhere))
    return find_edge(reader, PLACE, span) if narrows and filters.state not in OPEN_STATES else None


def _find_by_terms(reader: Reader, filters: DeploymentFilters, edge: Place) -> list[int] | None:
    """Return the ids of all deployments behind this place that may match; None if that cannot be told."""
    values = ((name, getattr(filters, name)) for name in EXACT_FIELDS)
    terms = hash_ngrams(filters.q or "") | {hash_value(name, value) for name, value in values if value is not None}
    # A value of its own, not a subquery: so the planner knows how few come behind the last.
    last = reader.session.scalar(select(func.max(TERMS.c.deployment_id))) or 0
    too_new = select(DEPLOYMENTS.c.id).where(DEPLOYMENTS.c.id > last, tuple_(*PLACE) < edge)
    if not terms or reader.session.scalar(too_new.limit(1)) is not None:
        return None
    wanted = sorted(terms)
    if _guess_number(reader, wanted, last) > MAX_GUESSED:
        return None
    found = list(reader.session.scalars(FIND_BY_TERMS, {"terms": wanted, "most": MAX_FOUND + 1}))
    return found if len(found) <= MAX_FOUND else None


def _guess_number(reader: Reader, terms: Sequence[int], last: int) -> float:
    """Return how many deployments a sample makes expect: to find very many by an index takes long, and is no use.

    The planner cannot tell: it takes the pieces of one word to come independently of each other. The sample has few
    neighbours, which are alike, from many places, which stay the same while the past grows: they are in memory. What
    was deleted counts as not matching.
    """
    step = 1 << (last // PLACES).bit_length()
    places = {"last": last, "step": step, "neighbours": NEIGHBOURS}
    matching = reader.session.execute(COUNT_IN_SAMPLE, {"terms": terms, **places}).scalar_one()
    return matching * step / NEIGHBOURS if matching > FEW else 0


def is_of_project(slug: str) -> ColumnElement[bool]:
    """Return the condition for a project."""
    return DEPLOYMENTS.c.project_id == select(PROJECTS.c.id).where(PROJECTS.c.slug == slug).scalar_subquery()


def _is_in_state(reader: Reader, state: State) -> ColumnElement[bool]:
    """Return the condition for a state; whether an open deployment is stale depends on the time of asking."""
    silent = is_stale(reader)
    if state == State.STALE:
        return silent
    told = and_(DEPLOYMENTS.c.state == state.value, ~silent)
    return and_(IS_OPEN, told) if state in OPEN_STATES else told


def _contains(part: str) -> ColumnElement[bool]:
    in_project = DEPLOYMENTS.c.project_id.in_(
        select(PROJECTS.c.id).where(PROJECTS.c.name.icontains(part, autoescape=True))
    )
    # One comparison for each row instead of eight: half the time where hardly anything matches.
    whole = func.concat_ws("\n", *(DEPLOYMENTS.c[name] for name in SEARCHED_FIELDS))
    return or_(in_project, whole.icontains(part, autoescape=True))


def read_key(cursor: str) -> tuple[datetime, int]:
    """Return time and id of a cursor; raise CursorError for what no list of deployments gave out."""
    moment, row_id = read_cursor(cursor)
    if not (row_id.isascii() and row_id.isdigit() and int(row_id) <= MAX_ID):
        raise CursorError("not a cursor of this list")
    return moment, int(row_id)

"""Filtered lists of deployments, newest first, one page at a time.

A page is read along an index. Conditions that no index covers are checked in a scan window (`scan_window`), and beyond
it with the search index of older deployments, if matches are rare enough. So a page can have fewer deployments than
asked for although there is a next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, text, tuple_

from dashboard.core.paging import CursorError, cut_page, read_cursor, write_cursor
from dashboard.core.search_index import hash_ngrams, hash_value
from dashboard.core.storable import MAX_ID
from dashboard.core.view_types.deployments import ListedDeployment
from dashboard.core.words import State
from dashboard.database.deployments import IS_OPEN
from dashboard.database.rows import Row
from dashboard.database.tables import DEPLOYMENTS, PROJECTS, TERMS
from dashboard.models.deployment_terms import EXACT_FIELDS, SEARCHED_FIELDS
from dashboard.queries.estimates import list_with_estimates
from dashboard.queries.reader import Reader
from dashboard.queries.rows import (
    INDEXED_ENVIRONMENT,
    SORT_KEY,
    is_stale,
    select_newest,
    select_project_id,
    view_deployments,
)
from dashboard.queries.scan_window import Position, find_window_end

OPEN_STATES = (State.QUEUED, State.RUNNING, State.STALE)
"""States that only open deployments have, all of which an index covers."""
MAX_OPEN = 500
"""Open deployments beyond this number are taken to be abandoned; the history still lists them."""
MAX_MATCHES, MAX_ESTIMATED_MATCHES = 2000, 10_000
"""With more matches, found or estimated, the search index is not used: scanning finds enough of them."""
FIND_BY_TERMS = text("SELECT deployment_id FROM deployment_terms WHERE terms @> CAST(:terms AS integer[]) LIMIT :limit")
SAMPLE_POINTS, SAMPLE_ROWS = 250, 4
"""A sample takes SAMPLE_ROWS neighbouring ids from each of SAMPLE_POINTS points, or from at least half as many."""
MAX_CHANCE_MATCHES = 2
"""Up to this number, matches in a sample are due to chance and ignored."""
COUNT_IN_SAMPLE = text(
    """
    SELECT count(*) FROM generate_series(0, :last, :step) AS point (id) CROSS JOIN LATERAL (
      SELECT terms FROM deployment_terms WHERE deployment_id >= point.id AND deployment_id < point.id + :rows
      LIMIT :rows
    ) AS sample
    WHERE terms @> CAST(:terms AS integer[])
    """
)


@dataclass(frozen=True, slots=True)
class DeploymentFilters:
    """The filters of a list of deployments; None filters nothing."""

    project: str | None = None
    """Slug."""
    environment: str | None = None
    state: State | None = None
    branch: str | None = None
    triggered_by: str | None = None
    q: str | None = None
    """Text to find anywhere in branch, commit, message, person, environment, repository, run id or project."""
    since: datetime | None = None
    """sorted_at is at or after."""
    until: datetime | None = None
    """sorted_at is before."""


def list_deployments(
    reader: Reader, filters: DeploymentFilters, limit: int, cursor: str | None
) -> tuple[list[ListedDeployment], str | None]:
    """Return a page of deployments without jobs, newest first, and the cursor of the next page if there may be one.

    Raises CursorError.
    """
    rows, next_cursor = read_page(reader, filters, limit, cursor)
    return list_with_estimates(reader, view_deployments(reader, rows)), next_cursor


def read_page(
    reader: Reader, filters: DeploymentFilters, limit: int, cursor: str | None
) -> tuple[Sequence[Row], str | None]:
    """Return the rows of a page, and the cursor of the next page if there may be one. Raises CursorError."""
    index_conditions = list_index_conditions(filters, cursor)
    newest = select_newest().where(*index_conditions, *list_filter_conditions(reader, filters)).limit(limit + 1)
    window_end = find_list_window_end(reader, filters, index_conditions)
    rows = reader.read_rows(newest if window_end is None else newest.where(tuple_(*SORT_KEY) >= window_end))
    if window_end is not None and len(rows) <= limit:
        found = _find_by_terms(reader, filters, window_end)
        if found is None:
            return rows, write_cursor(*window_end)
        rows += reader.read_rows(newest.where(tuple_(*SORT_KEY) < window_end, DEPLOYMENTS.c.id == func.any(found)))
    page, more = cut_page(rows, limit)
    return page, write_cursor(page[-1]["sorted_at"], page[-1]["id"]) if more else None


def read_open(reader: Reader, slug: str | None = None) -> list[Row]:
    """Return the rows of up to MAX_OPEN open deployments, newest first."""
    query = select_newest().where(IS_OPEN).limit(MAX_OPEN)
    return reader.read_rows(query if slug is None else query.where(is_of_project(slug)))


def list_index_conditions(filters: DeploymentFilters, cursor: str | None = None) -> list[ColumnElement[bool]]:
    """Return the index conditions of the filters, see scan_window. Raises CursorError."""
    conditions: list[ColumnElement[bool]] = []
    if filters.project is not None:
        conditions.append(is_of_project(filters.project))
    if filters.project is not None and filters.environment is not None:
        conditions.append(INDEXED_ENVIRONMENT == filters.environment)  # noqa: SIM300
    if filters.since is not None:
        conditions.append(DEPLOYMENTS.c.sorted_at >= filters.since)
    if filters.until is not None:
        conditions.append(DEPLOYMENTS.c.sorted_at < filters.until)
    if cursor:
        conditions.append(tuple_(*SORT_KEY) < read_position(cursor))
    return conditions


def list_filter_conditions(reader: Reader, filters: DeploymentFilters) -> list[ColumnElement[bool]]:
    """Return the filter conditions of the filters, see scan_window."""
    wanted = ((DEPLOYMENTS.c[name], getattr(filters, name)) for name in ("environment", "branch", "triggered_by"))
    conditions: list[ColumnElement[bool]] = [column == value for column, value in wanted if value is not None]
    if filters.state is not None:
        conditions.append(_is_in_state(reader, filters.state))
    if filters.q:
        conditions.append(_contains(filters.q))
    return conditions


def find_list_window_end(
    reader: Reader, filters: DeploymentFilters, index_conditions: Sequence[ColumnElement[bool]]
) -> Position | None:
    """Return the position of the last row in the scan window, None if the list does not need or fill one."""
    environment = filters.environment if filters.project is None else None
    is_filtered = any((filters.state, filters.branch, filters.triggered_by, filters.q, environment))
    if not is_filtered or filters.state in OPEN_STATES:
        return None
    return find_window_end(reader, SORT_KEY, index_conditions)


def _find_by_terms(reader: Reader, filters: DeploymentFilters, window_end: Position) -> list[int] | None:
    """Return the ids of all deployments beyond the window that may match, None if the search index is of no use."""
    values = ((name, getattr(filters, name)) for name in EXACT_FIELDS)
    terms = hash_ngrams(filters.q or "") | {hash_value(name, value) for name, value in values if value is not None}
    # Read first rather than in a subquery, so that the planner knows how few deployments are newer.
    last = reader.session.scalar(select(func.max(TERMS.c.deployment_id))) or 0
    too_new = select(DEPLOYMENTS.c.id).where(DEPLOYMENTS.c.id > last, tuple_(*SORT_KEY) < window_end)
    if not terms or reader.session.scalar(too_new.limit(1)) is not None:
        return None
    wanted = sorted(terms)
    if _estimate_matches(reader, wanted, last) > MAX_ESTIMATED_MATCHES:
        return None
    found = list(reader.session.scalars(FIND_BY_TERMS, {"terms": wanted, "limit": MAX_MATCHES + 1}))
    return found if len(found) <= MAX_MATCHES else None


def _estimate_matches(reader: Reader, terms: Sequence[int], last: int) -> float:
    """Return how many deployments have all of these terms, estimated from a sample.

    The planner cannot estimate it, because it takes the n-grams of a word to be independent. The sample takes few rows
    per point, because neighbours are alike, and the points stay the same while rows are added, so they stay cached.
    Deleted deployments count as not matching.
    """
    step = 1 << (last // SAMPLE_POINTS).bit_length()
    points = {"last": last, "step": step, "rows": SAMPLE_ROWS}
    matching = reader.session.execute(COUNT_IN_SAMPLE, {"terms": terms, **points}).scalar_one()
    return matching * step / SAMPLE_ROWS if matching > MAX_CHANCE_MATCHES else 0


def is_of_project(slug: str) -> ColumnElement[bool]:
    """Return the condition for a project, by its slug or a former one."""
    return DEPLOYMENTS.c.project_id == select_project_id(slug).scalar_subquery()


def _is_in_state(reader: Reader, state: State) -> ColumnElement[bool]:
    """Return the condition for a state. Whether an open deployment is stale depends on the reader's time."""
    silent = is_stale(reader)
    if state == State.STALE:
        return silent
    in_state = and_(DEPLOYMENTS.c.state == state.value, ~silent)
    return and_(IS_OPEN, in_state) if state in OPEN_STATES else in_state


def _contains(part: str) -> ColumnElement[bool]:
    in_project = DEPLOYMENTS.c.project_id.in_(
        select(PROJECTS.c.id).where(PROJECTS.c.name.icontains(part, autoescape=True))
    )
    # One comparison per row instead of eight takes half the time if few rows match.
    texts = func.concat_ws("\n", *(DEPLOYMENTS.c[name] for name in SEARCHED_FIELDS))
    return or_(in_project, texts.icontains(part, autoescape=True))


def read_position(cursor: str) -> tuple[datetime, int]:
    """Return the position in a cursor. Raises CursorError if no list of deployments has returned it."""
    moment, row_id = read_cursor(cursor)
    if not (row_id.isascii() and row_id.isdigit() and int(row_id) <= MAX_ID):
        raise CursorError
    return moment, int(row_id)

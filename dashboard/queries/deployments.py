"""Deployments: one whole, lists of many, runs."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_

from dashboard.core.paging import CursorError, cut_page, read_cursor, write_cursor
from dashboard.core.view import (
    View,
    attach_steps,
    order_node,
    stand_deployment,
    stand_job,
    tell_row_state,
    view_deployment,
    view_job,
    view_step,
)
from dashboard.core.view import view_project as view_project_row
from dashboard.core.words import State
from dashboard.extensions import db
from dashboard.models import Base, DeploymentJob, DeploymentStep
from dashboard.models.deployment import tell_silent
from dashboard.queries.estimates import attach_estimates, attach_open_estimates
from dashboard.queries.related import read_related
from dashboard.queries.rows import (
    DEPLOYMENTS,
    PROJECTS,
    Row,
    read_projects,
    read_rows,
    select_newest,
    view_deployments,
    watch_at,
)

JOBS, STEPS = (Base.metadata.tables[model.__tablename__] for model in (DeploymentJob, DeploymentStep))
LARGEST_ID = 2**63 - 1
MOST_OPEN = 500
"""More open ones than that were abandoned: they are found in the history."""
SEARCHED = ("branch", "commit_hash", "commit_message", "triggered_by", "message", "environment", "repository", "run_id")
IS_OPEN = DEPLOYMENTS.c.status.is_distinct_from("completed")


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
    filters: DeploymentFilters, now: datetime, limit: int, cursor: str | None
) -> tuple[list[View], str | None]:
    """Return a page of deployments without jobs, newest first, and the cursor of the next page if there is one.

    Raises CursorError.
    """
    query = select_newest().where(*select_conditions(filters, now)).limit(limit + 1)
    if cursor:
        query = query.where(tuple_(DEPLOYMENTS.c.sorted_at, DEPLOYMENTS.c.id) < read_key(cursor))
    rows, more = cut_page(read_rows(query), limit)
    next_cursor = write_cursor(rows[-1]["sorted_at"], rows[-1]["id"]) if more else None
    return attach_open_estimates(view_deployments(rows, now), now), next_cursor


def list_open(now: datetime, slug: str | None = None) -> list[View]:
    """Return the deployments that have not ended, newest first and at most MOST_OPEN, without jobs."""
    query = select_newest().where(IS_OPEN).limit(MOST_OPEN)
    if slug is not None:
        query = query.where(is_of_project(slug))
    return attach_open_estimates(view_deployments(read_rows(query), now), now)


def get_deployment(deployment_id: int, now: datetime) -> View | None:
    """Return a deployment with its jobs and their steps, None if there is none."""
    if not 0 <= deployment_id <= LARGEST_ID:
        return None
    rows = read_rows(select(DEPLOYMENTS).where(DEPLOYMENTS.c.id == deployment_id))
    return _view_whole(rows[0], now) if rows else None


def find_run(run_id: str, repository: str | None) -> Row | None:
    """Return the run's deployment: that of its CI dialect rather than a native one, its newest attempt."""
    query = select(DEPLOYMENTS).where(DEPLOYMENTS.c.run_id == run_id)
    if repository is not None:
        query = query.where(func.lower(DEPLOYMENTS.c.repository) == repository.lower())
    is_native = DEPLOYMENTS.c.dialect == "native"
    order = (is_native, DEPLOYMENTS.c.attempt.desc(), DEPLOYMENTS.c.sorted_at.desc(), DEPLOYMENTS.c.id.desc())
    rows = read_rows(query.order_by(*order).limit(1))
    return rows[0] if rows else None


def view_run(row: Row, now: datetime) -> View:
    """Return a deployment with its jobs and their steps, without what else its page shows."""
    project = view_project_row(read_projects([row["project_id"]])[row["project_id"]])
    return {**view_deployment(row, project, watch_at(now)), "jobs": _view_jobs(row)}


def tag_run(row: Row, now: datetime) -> str:
    """Return what stays the same exactly while view_run does: the seq, and the state that time alone can change."""
    return f"{row['id']}.{row['seq']}.{tell_row_state(row, watch_at(now))}"


def exists(deployment_id: int) -> bool:
    """Return whether there is such a deployment."""
    in_range = 0 <= deployment_id <= LARGEST_ID
    return in_range and db.session.scalar(select(DEPLOYMENTS.c.id).where(DEPLOYMENTS.c.id == deployment_id)) is not None


def _view_whole(row: Row, now: datetime) -> View:
    return attach_estimates([{**view_run(row, now), "related": read_related(row)}], now)[0]


def _view_jobs(row: Row) -> list[View]:
    deployment = stand_deployment(row)
    jobs = read_rows(select(JOBS).where(JOBS.c.deployment_id == row["id"]))
    standings = {job["key"]: stand_job(job, deployment) for job in jobs}
    steps: dict[str, list[View]] = {job["key"]: [] for job in jobs}
    for step in read_rows(select(STEPS).where(STEPS.c.deployment_id == row["id"])):
        steps[step["job_key"]].append(view_step(step, standings[step["job_key"]], deployment))
    whole = [attach_steps(view_job(job, row), steps[job["key"]]) for job in jobs]
    return sorted(whole, key=order_node)


def select_conditions(filters: DeploymentFilters, now: datetime) -> list[ColumnElement[bool]]:
    """Return what a row must fulfil to be in the list."""
    table = DEPLOYMENTS.c
    conditions: list[ColumnElement[bool]] = []
    if filters.project is not None:
        conditions.append(is_of_project(filters.project))
    for name in ("environment", "branch", "triggered_by"):
        wanted = getattr(filters, name)
        if wanted is not None:
            conditions.append(table[name] == wanted)
    if filters.state is not None:
        conditions.append(_is_in_state(filters.state, now))
    if filters.q:
        conditions.append(_contains(filters.q))
    if filters.since is not None:
        conditions.append(table.sorted_at >= filters.since)
    if filters.until is not None:
        conditions.append(table.sorted_at < filters.until)
    return conditions


def is_of_project(slug: str) -> ColumnElement[bool]:
    """Return the condition for a project."""
    return DEPLOYMENTS.c.project_id == select(PROJECTS.c.id).where(PROJECTS.c.slug == slug).scalar_subquery()


def _is_in_state(state: State, now: datetime) -> ColumnElement[bool]:
    """Return the condition for a state; whether an open deployment is stale depends on the time of asking."""
    silent = and_(IS_OPEN, tell_silent(now, watch_at(now).least_s))
    return silent if state == State.STALE else and_(DEPLOYMENTS.c.state == state.value, ~silent)


def _contains(text: str) -> ColumnElement[bool]:
    in_project = DEPLOYMENTS.c.project_id.in_(
        select(PROJECTS.c.id).where(PROJECTS.c.name.icontains(text, autoescape=True))
    )
    # One comparison for each row instead of eight: half the time where hardly anything matches.
    whole = func.concat_ws("\n", *(DEPLOYMENTS.c[name] for name in SEARCHED))
    return or_(in_project, whole.icontains(text, autoescape=True))


def read_key(cursor: str) -> tuple[datetime, int]:
    """Return time and id of a cursor; raise CursorError for what no list of deployments gave out."""
    moment, row_id = read_cursor(cursor)
    if not (row_id.isascii() and row_id.isdigit() and int(row_id) <= LARGEST_ID):
        raise CursorError("not a cursor of this list")
    return moment, int(row_id)

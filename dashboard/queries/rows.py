"""What the queries on deployments share: SQL expressions, and the way from rows to views."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, func, literal_column, select, union_all

from dashboard.core.view import read_deployment_standing, view_deployment, view_project
from dashboard.core.view_types.deployments import DeploymentSummary
from dashboard.database.deployments import IS_OPEN, is_silent
from dashboard.database.rows import Row
from dashboard.database.tables import DEPLOYMENTS, FORMER_SLUGS, PROJECTS
from dashboard.queries.reader import Reader

INDEXED_ENVIRONMENT = func.coalesce(DEPLOYMENTS.c.environment, literal_column("''"))
"""The indexed expression: empty if a deployment has no environment."""
MAX_SCANNED = 1000
"""How many deployments of an environment are searched for those that ended.

Used as a limit it is put into a subquery to hide it from the planner, which then walks the index instead of sorting.
"""

TOOK_S = """
    CASE WHEN status = 'completed' THEN coalesce(duration_s, CASE
      WHEN coalesce(completed_at, reported_at) < coalesce(started_at, first_step_at) THEN 0
      ELSE extract(epoch FROM coalesce(completed_at, reported_at) - coalesce(started_at, first_step_at))
        - coalesce(waited_s, 0)
    END) END
"""
"""How long a deployment took, in seconds: the `duration_s` of core.view in SQL."""

SUMMARY_COLUMNS = [column for column in DEPLOYMENTS.c if column.name != "log"]
SORT_KEY = (DEPLOYMENTS.c.sorted_at, DEPLOYMENTS.c.id)
NEWEST_FIRST = tuple(column.desc() for column in SORT_KEY)


def read_projects(reader: Reader, ids: Iterable[int]) -> dict[int, Row]:
    """Return projects by id."""
    wanted = set(ids)
    query = select(PROJECTS).where(PROJECTS.c.id.in_(wanted))
    return {row["id"]: row for row in reader.read_rows(query)} if wanted else {}


def select_project_id(slug: str) -> CompoundSelect[tuple[int]]:
    """Return the query for the id of the project that has this slug, or had it: never more than one has."""
    return union_all(
        select(PROJECTS.c.id).where(PROJECTS.c.slug == slug),
        select(FORMER_SLUGS.c.project_id).where(FORMER_SLUGS.c.slug == slug),
    )


def is_stale(reader: Reader) -> ColumnElement[bool]:
    """Return the condition for stale deployments: open, and silent for too long."""
    return and_(IS_OPEN, is_silent(reader.now, reader.settings.stale_s))


def view_deployments(reader: Reader, rows: Sequence[Row]) -> list[DeploymentSummary]:
    """Return deployments in the given order."""
    found = read_projects(reader, (row["project_id"] for row in rows))
    projects = {number: view_project(row) for number, row in found.items()}
    return [
        view_deployment(row, projects[row["project_id"]], read_deployment_standing(row), reader.staleness)
        for row in rows
    ]


def select_newest() -> Select[Any]:
    """Return the query for deployments, newest first, without their logs, which can be megabytes."""
    return select(*SUMMARY_COLUMNS).order_by(*NEWEST_FIRST)

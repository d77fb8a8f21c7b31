"""Reading rows as the mappings that core.view takes."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, select

from dashboard.core.view import read_deployment_standing, view_deployment, view_project
from dashboard.core.view_types import ListedDeployment
from dashboard.database.deployments import is_silent
from dashboard.database.reader import Reader, Row
from dashboard.models import Base, Deployment, Project

DEPLOYMENTS, PROJECTS = (Base.metadata.tables[model.__tablename__] for model in (Deployment, Project))

ENVIRONMENT = func.coalesce(DEPLOYMENTS.c.environment, literal_column("''"))
"""As the index knows it: empty where a deployment has none."""
MAX_TRIED = 1000
"""So many deployments of an environment are looked through, at most, for those that ended well.

As a limit it stands in a subquery: the planner does not know it then, and walks the index instead of sorting so many.
"""

IS_OPEN = DEPLOYMENTS.c.status.is_distinct_from("completed")
TOOK_S = """
    CASE WHEN status = 'completed' THEN coalesce(duration_s, CASE
      WHEN coalesce(completed_at, reported_at) < coalesce(started_at, first_step_at) THEN 0
      ELSE extract(epoch FROM coalesce(completed_at, reported_at) - coalesce(started_at, first_step_at))
    END) END
"""
"""How long a deployment took, in seconds: core.view's `duration_s` in SQL."""

SUMMARY_COLUMNS = [column for column in DEPLOYMENTS.c if column.name != "log"]


def read_projects(reader: Reader, ids: Iterable[int]) -> dict[int, Row]:
    """Return projects by id."""
    wanted = set(ids)
    query = select(PROJECTS).where(PROJECTS.c.id.in_(wanted))
    return {row["id"]: row for row in reader.read_rows(query)} if wanted else {}


def is_stale(reader: Reader) -> ColumnElement[bool]:
    """Return the condition for open deployments without a report for too long: Watch.is_silent in SQL."""
    return and_(IS_OPEN, is_silent(reader.now, reader.settings.stale_s))


def view_deployments(reader: Reader, rows: Sequence[Row]) -> list[ListedDeployment]:
    """Return deployments as a list shows them, in the given order; see estimates for the time left."""
    found = read_projects(reader, (row["project_id"] for row in rows))
    projects = {number: view_project(row) for number, row in found.items()}
    return [
        {
            **view_deployment(row, projects[row["project_id"]], read_deployment_standing(row), reader.staleness),
            "usual": None,
            "estimate": None,
            "related": None,
        }
        for row in rows
    ]


def select_newest() -> Select[Any]:
    """Return the query for deployments, newest first, without their logs: of many, those would be megabytes."""
    return select(*SUMMARY_COLUMNS).order_by(DEPLOYMENTS.c.sorted_at.desc(), DEPLOYMENTS.c.id.desc())

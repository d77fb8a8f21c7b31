"""SQL on deployments that several rooms share."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, text

from dashboard.core.view import STALE_GAP_FACTOR
from dashboard.core.words import State, Status
from dashboard.database.tables import DEPLOYMENTS
from dashboard.models.deployment import ENVIRONMENT_SQL

READ_NEWEST_OF_ENVIRONMENTS = text(
    f"""
    WITH RECURSIVE names (environment) AS (
        (SELECT {ENVIRONMENT_SQL} FROM deployments WHERE project_id = :project ORDER BY {ENVIRONMENT_SQL} LIMIT 1)
        UNION ALL
        SELECT (
            SELECT {ENVIRONMENT_SQL} FROM deployments
            WHERE project_id = :project AND {ENVIRONMENT_SQL} > names.environment ORDER BY {ENVIRONMENT_SQL} LIMIT 1
        ) FROM names WHERE names.environment IS NOT NULL
    )
    SELECT environment, (
        SELECT id FROM deployments WHERE project_id = :project AND {ENVIRONMENT_SQL} = names.environment
        ORDER BY sorted_at DESC, id DESC LIMIT 1
    ) AS newest, (
        SELECT id FROM (
            SELECT id, state FROM deployments WHERE project_id = :project AND {ENVIRONMENT_SQL} = names.environment
            ORDER BY sorted_at DESC, id DESC LIMIT (SELECT 1000)
        ) AS tried WHERE state = 'success' LIMIT 1
    ) AS live FROM names WHERE environment IS NOT NULL
    """  # noqa: S608
)
"""For each environment of a project: its newest deployment, and its newest success among the newest 1,000.

The recursion steps along the index from one environment to the next, however many deployments each has. The limit is a
subquery to hide it from the planner, which then walks the index until it can stop instead of sorting all rows.
"""


IS_OPEN = DEPLOYMENTS.c.status.is_distinct_from(Status.COMPLETED.word)
"""The condition for open deployments, as in the index on them."""


def is_silent(now: datetime, min_silence_s: float) -> ColumnElement[bool]:
    """Return the SQL condition for an open deployment that has been silent for too long, unless it is waiting.

    It is what core.view.StalenessRule and core.state.decide_deployment_state decide.
    """
    max_silence_s = func.greatest(STALE_GAP_FACTOR * DEPLOYMENTS.c.usual_gap_s, min_silence_s)
    is_silent = DEPLOYMENTS.c.last_report_at < now - func.make_interval(0, 0, 0, 0, 0, 0, max_silence_s)
    return and_(is_silent, DEPLOYMENTS.c.state != State.WAITING.value)

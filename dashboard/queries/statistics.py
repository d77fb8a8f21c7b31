"""What the past of a project says: what runs where, how often and how fast it succeeds, which steps are slow or fail.

The rate counts the deployments that ended as success, partial or failed, and only the first of them as successes;
a cancelled, skipped or neutral one, or one of which nobody told the end, says nothing about it. The usual duration is
that of the successes.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, select, text, tuple_

from dashboard.core.periods import Period, choose_unit, compute_rate, fill_gaps, list_starts
from dashboard.core.view import View
from dashboard.extensions import db
from dashboard.queries.deployments import is_of_project
from dashboard.queries.rows import DEPLOYMENTS, read_rows, select_newest, view_deployments

MOST_ENVIRONMENTS = 20
MOST_RUNS = 100
MOST_STEPS = 5

READ_MOMENTS = text(
    """
    SELECT environment, max(sorted_at) AS newest, max(sorted_at) FILTER (WHERE state = 'success') AS live
    FROM deployments
    WHERE project_id = (SELECT id FROM projects WHERE slug = :slug) AND environment IS NOT NULL
    GROUP BY environment ORDER BY newest DESC LIMIT :most
    """
)
READ_PERIODS = text(
    """
    WITH ended AS (
      SELECT date_trunc(:unit, sorted_at, 'UTC') AS start, state = 'success' AS succeeded,
        coalesce(duration_s, CASE
          WHEN coalesce(completed_at, said_at) < coalesce(started_at, first_step_at) THEN 0
          ELSE extract(epoch FROM coalesce(completed_at, said_at) - coalesce(started_at, first_step_at))
        END) AS took_s
      FROM deployments
      WHERE project_id = (SELECT id FROM projects WHERE slug = :slug)
        AND sorted_at >= :since AND state IN ('success', 'partial', 'failed')
    )
    SELECT start, count(*) FILTER (WHERE succeeded) AS succeeded, count(*) AS counted,
      percentile_cont(0.5) WITHIN GROUP (ORDER BY took_s) FILTER (WHERE succeeded) AS median_s,
      percentile_cont(0.9) WITHIN GROUP (ORDER BY took_s) FILTER (WHERE succeeded) AS p90_s
    FROM ended GROUP BY GROUPING SETS ((start), ())
    """
)
READ_STEPS = text(
    """
    WITH newest AS (
      SELECT id FROM deployments
      WHERE project_id = (SELECT id FROM projects WHERE slug = :slug) AND status = 'completed'
      ORDER BY sorted_at DESC, id DESC LIMIT :most
    ), ran AS (
      SELECT coalesce(job.name, job.key) AS job, step.key, step.name, step.conclusion = 'success' AS succeeded,
        greatest(step.completed_at - step.started_at, interval '0') AS took,
        step.completed_at IS NOT NULL AND step.started_at IS NOT NULL AS timed
      FROM newest
      JOIN deployment_jobs AS job ON job.deployment_id = newest.id
      JOIN deployment_steps AS step ON step.deployment_id = newest.id AND step.job_key = job.key
      WHERE step.conclusion IN ('success', 'failure', 'timed_out')
    )
    SELECT job, key, coalesce(max(name), key) AS name, count(*) AS ran, count(*) FILTER (WHERE NOT succeeded) AS failed,
      count(*) FILTER (WHERE succeeded AND timed) AS timed,
      extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY took) FILTER (WHERE succeeded AND timed))
        AS median_s,
      extract(epoch FROM percentile_cont(0.9) WITHIN GROUP (ORDER BY took) FILTER (WHERE succeeded AND timed)) AS p90_s
    FROM ran GROUP BY job, key
    """
)


def list_environments(slug: str, now: datetime) -> list[View]:
    """Return the environments in use last, by name: `live` is the newest success, `newest` what was tried last.

    `live` is null where nothing ever succeeded; the two are the same where the last attempt did.
    """
    moments = db.session.execute(READ_MOMENTS, {"slug": slug, "most": MOST_ENVIRONMENTS}).all()
    views = _read_at(slug, moments, now)
    return [
        {
            "environment": row.environment,
            "live": _find_first(views, row.environment, row.live, live=True),
            "newest": _find_first(views, row.environment, row.newest, live=False),
        }
        for row in sorted(moments, key=lambda row: row.environment)
    ]


def read_outcomes(slug: str, now: datetime) -> View:
    """Return how deployments ended: `unit`, `periods` from the oldest to the current one, and `total` over them all.

    Each has `succeeded` of `counted`, `rate_pct`, and `median_s` and `p90_s` of the successes. `most` and `longest_s`
    are the largest `counted` and `p90_s` of a period.
    """
    first = db.session.scalar(select(DEPLOYMENTS.c.sorted_at).where(is_of_project(slug)).order_by("sorted_at").limit(1))
    unit = choose_unit(first, now)
    starts = list_starts(unit, now)
    rows = db.session.execute(READ_PERIODS, {"slug": slug, "unit": unit.value, "since": starts[0]})
    told = {row.start: _view_period(row) for row in rows}
    periods = fill_gaps(starts, told)
    return {
        "unit": unit.value,
        "periods": periods,
        "total": told[None],
        "most": max(period["counted"] for period in periods),
        "longest_s": max((period["p90_s"] for period in periods if period["p90_s"] is not None), default=None),
    }


def rank_steps(slug: str) -> dict[str, list[View]]:
    """Return the `slowest` steps and those that `failing` deployments failed at most, over the newest that ended.

    A step that was skipped or cancelled did not run; how long a step takes is told by its successes.
    """
    steps = [_view_step(row) for row in db.session.execute(READ_STEPS, {"slug": slug, "most": MOST_RUNS})]
    slowest = sorted((step for step in steps if step["timed"]), key=lambda step: (-step["median_s"], step["key"]))
    failing = sorted((step for step in steps if step["failed"]), key=lambda step: (-step["failed"], step["key"]))
    return {"slowest": slowest[:MOST_STEPS], "failing": failing[:MOST_STEPS]}


def _read_at(slug: str, moments: Sequence[Row[Any]], now: datetime) -> list[View]:
    """Return the deployments that began at the newest moments of their environments, one step down the index each."""
    places = {(row.environment, moment) for row in moments for moment in (row.newest, row.live) if moment}
    if not places:
        return []
    table = DEPLOYMENTS.c
    at = table.sorted_at.in_({moment for _, moment in places})
    query = select_newest().where(is_of_project(slug), at, tuple_(table.environment, table.sorted_at).in_(places))
    rows = read_rows(query)
    return [{**view, "row_at": row["sorted_at"]} for row, view in zip(rows, view_deployments(rows, now), strict=True)]


def _find_first(views: Sequence[View], environment: str, moment: datetime | None, *, live: bool) -> View | None:
    matching = (view for view in views if view["environment"] == environment and view["row_at"] == moment)
    return next((view for view in matching if not live or view["state"] == "success"), None)


def _view_period(row: Row[Any]) -> Period:
    return {
        "succeeded": row.succeeded,
        "counted": row.counted,
        "rate_pct": compute_rate(row.succeeded, row.counted),
        "median_s": row.median_s,
        "p90_s": row.p90_s,
    }


def _view_step(row: Row[Any]) -> View:
    counts = {"ran": row.ran, "failed": row.failed, "timed": row.timed}
    seconds = {"median_s": _read_seconds(row.median_s), "p90_s": _read_seconds(row.p90_s)}
    return {"job": row.job, "key": row.key, "name": row.name, **counts, **seconds}


def _read_seconds(value: Decimal | None) -> float | None:
    return None if value is None else float(value)

"""What the past of a project says: what runs where, how often and how fast it succeeds, which steps are slow or fail.

The rate counts the deployments that ended as success, partial or failed, and only the first of them as successes;
a cancelled, skipped or neutral one, or one of which nobody told the end, says nothing about it. The usual duration is
that of the successes.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, select, text

from dashboard.core.periods import Unit, choose_unit, compute_rate, fill_gaps, list_starts
from dashboard.core.view_types import EndCounts, EndStatistics, EnvironmentView, RankedStep, RankedSteps
from dashboard.database.deployments import READ_NEWEST_OF_ENVIRONMENTS
from dashboard.database.reader import Reader
from dashboard.queries.lists import is_of_project
from dashboard.queries.rows import DEPLOYMENTS, PROJECTS, TOOK_S, select_newest, view_deployments

MAX_ENVIRONMENTS = 20
MAX_RUNS = 100
MAX_STEPS = 5
MAX_COUNTED = 5000
"""Where more than that happened in the weeks that are shown, the days tell enough."""

IS_MANY = text(
    """
    SELECT count(*) > :most FROM (
      SELECT FROM deployments WHERE project_id = (SELECT id FROM projects WHERE slug = :slug) AND sorted_at >= :since
      LIMIT :most + 1
    ) AS counted
    """
)
READ_PERIODS = text(
    f"""
    WITH ended AS (
      SELECT date_trunc(:unit, sorted_at, 'UTC') AS start, state = 'success' AS succeeded, {TOOK_S} AS took_s
      FROM deployments
      WHERE project_id = (SELECT id FROM projects WHERE slug = :slug)
        AND sorted_at >= :since AND state IN ('success', 'partial', 'failed')
    )
    SELECT start, count(*) FILTER (WHERE succeeded) AS succeeded, count(*) AS counted,
      percentile_cont(0.5) WITHIN GROUP (ORDER BY took_s) FILTER (WHERE succeeded) AS median_s,
      percentile_cont(0.9) WITHIN GROUP (ORDER BY took_s) FILTER (WHERE succeeded) AS p90_s
    FROM ended GROUP BY GROUPING SETS ((start), ())
    """  # noqa: S608
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


def list_environments(reader: Reader, slug: str) -> list[EnvironmentView]:
    """Return the environments that were used last, by name."""
    project = reader.session.scalar(select(PROJECTS.c.id).where(PROJECTS.c.slug == slug))
    told = [row for row in reader.session.execute(READ_NEWEST_OF_ENVIRONMENTS, {"project": project}) if row.environment]
    ids = {number for row in told for number in (row.newest, row.live) if number is not None}
    rows = reader.read_rows(select_newest().where(DEPLOYMENTS.c.id.in_(ids))) if ids else []
    views = {view["id"]: view for view in view_deployments(reader, rows)}
    order = {row["id"]: place for place, row in enumerate(rows)}
    last = sorted(told, key=lambda row: order[row.newest])[:MAX_ENVIRONMENTS]
    return [
        {"environment": row.environment, "live": views.get(row.live), "newest": views[row.newest]}
        for row in sorted(last, key=lambda row: str(row.environment))
    ]


def read_outcomes(reader: Reader, slug: str) -> EndStatistics:
    """Return how the deployments of a project ended: the last 14 days, or the last 13 weeks of an older project."""
    first = reader.session.scalar(
        select(DEPLOYMENTS.c.sorted_at).where(is_of_project(slug)).order_by("sorted_at").limit(1)
    )
    unit = choose_unit(first, reader.now)
    if unit == Unit.WEEK and _is_many(reader, slug, list_starts(unit, reader.now)[0]):
        unit = Unit.DAY
    starts = list_starts(unit, reader.now)
    rows = reader.session.execute(READ_PERIODS, {"slug": slug, "unit": unit.value, "since": starts[0]})
    told = {row.start: _view_period(row) for row in rows}
    periods = fill_gaps(starts, told)
    return {
        "unit": unit.value,
        "periods": periods,
        "total": told[None],
        "most": max(period["counted"] for period in periods),
        "longest_s": max((period["p90_s"] for period in periods if period["p90_s"] is not None), default=None),
    }


def rank_steps(reader: Reader, slug: str) -> RankedSteps:
    """Return the `slowest` steps and those that `failing` deployments failed at most, over the newest that ended.

    A step that was skipped or cancelled did not run; how long a step takes is told by its successes.
    """
    steps = [_view_step(row) for row in reader.session.execute(READ_STEPS, {"slug": slug, "most": MAX_RUNS})]
    slowest = sorted(
        (step for step in steps if step["timed"]), key=lambda step: (-(step["median_s"] or 0), step["key"])
    )
    failing = sorted((step for step in steps if step["failed"]), key=lambda step: (-step["failed"], step["key"]))
    return {"slowest": slowest[:MAX_STEPS], "failing": failing[:MAX_STEPS]}


def _is_many(reader: Reader, slug: str, since: datetime) -> bool:
    return bool(reader.session.scalar(IS_MANY, {"slug": slug, "since": since, "most": MAX_COUNTED}))


def _view_period(row: Row[Any]) -> EndCounts:
    return {
        "succeeded": row.succeeded,
        "counted": row.counted,
        "rate_pct": compute_rate(row.succeeded, row.counted),
        "median_s": row.median_s,
        "p90_s": row.p90_s,
    }


def _view_step(row: Row[Any]) -> RankedStep:
    return {
        "job": row.job,
        "key": row.key,
        "name": row.name,
        "ran": row.ran,
        "failed": row.failed,
        "timed": row.timed,
        "median_s": _read_seconds(row.median_s),
        "p90_s": _read_seconds(row.p90_s),
    }


def _read_seconds(value: Decimal | None) -> float | None:
    return None if value is None else float(value)

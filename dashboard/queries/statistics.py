"""Statistics of a project: what runs in each environment, how deployments ended, which steps are slow or fail.

The rate is the share of success among success, partial and failed; cancelled, skipped, neutral and unknown deployments
do not count. Typical durations are those of successes.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, select, text

from dashboard.core.periods import Unit, choose_unit, compute_rate, fill_gaps, list_starts
from dashboard.core.view import view_listed_deployment
from dashboard.core.view_types.projects import (
    EnvironmentView,
    OutcomeCounts,
    OutcomeStatistics,
    RankedStep,
    RankedSteps,
)
from dashboard.database.deployments import READ_NEWEST_OF_ENVIRONMENTS
from dashboard.database.tables import DEPLOYMENTS, PROJECTS
from dashboard.queries.lists import is_of_project
from dashboard.queries.reader import Reader
from dashboard.queries.rows import TOOK_S, select_newest, view_deployments

MAX_ENVIRONMENTS = 20
MAX_RUNS = 100
MAX_STEPS = 5
MAX_WEEKLY = 5000
"""A project with more deployments than this in the weeks shown is shown by day: enough data, and cheaper to count."""

EXCEEDS = text(
    """
    SELECT count(*) > :limit FROM (
      SELECT FROM deployments WHERE project_id = (SELECT id FROM projects WHERE slug = :slug) AND sorted_at >= :since
      LIMIT :limit + 1
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
      ORDER BY sorted_at DESC, id DESC LIMIT :limit
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
    """Return the MAX_ENVIRONMENTS environments used most recently, by name."""
    project = reader.session.scalar(select(PROJECTS.c.id).where(PROJECTS.c.slug == slug))
    rows = reader.session.execute(READ_NEWEST_OF_ENVIRONMENTS, {"project": project})
    found = [row for row in rows if row.environment]
    ids = {deployment_id for row in found for deployment_id in (row.newest, row.live) if deployment_id is not None}
    newest_first = reader.read_rows(select_newest().where(DEPLOYMENTS.c.id.in_(ids))) if ids else []
    views = {view["id"]: view_listed_deployment(view) for view in view_deployments(reader, newest_first)}
    order = {row["id"]: index for index, row in enumerate(newest_first)}
    last = sorted(found, key=lambda row: order[row.newest])[:MAX_ENVIRONMENTS]
    return [
        {"environment": row.environment, "live": views.get(row.live), "newest": views[row.newest]}
        for row in sorted(last, key=lambda row: str(row.environment))
    ]


def read_outcome_statistics(reader: Reader, slug: str) -> OutcomeStatistics:
    """Return how a project's deployments ended in the last 14 days, or in the last 13 weeks if it is older."""
    first = reader.session.scalar(
        select(DEPLOYMENTS.c.sorted_at).where(is_of_project(slug)).order_by("sorted_at").limit(1)
    )
    unit = choose_unit(first, reader.now)
    if unit == Unit.WEEK and _exceeds(reader, slug, list_starts(unit, reader.now)[0]):
        unit = Unit.DAY
    starts = list_starts(unit, reader.now)
    rows = reader.session.execute(READ_PERIODS, {"slug": slug, "unit": unit.value, "since": starts[0]})
    counts = {row.start: _view_period(row) for row in rows}
    periods = fill_gaps(starts, counts)
    return {
        "unit": unit.value,
        "periods": periods,
        "total": counts[None],
        "max_counted": max(period["counted"] for period in periods),
        "max_p90_s": max((period["p90_s"] for period in periods if period["p90_s"] is not None), default=None),
    }


def rank_steps(reader: Reader, slug: str) -> RankedSteps:
    """Return the steps that took longest and those that failed most often in the newest MAX_RUNS ended deployments.

    Skipped and cancelled steps did not run. Durations are those of successes.
    """
    steps = [_view_step(row) for row in reader.session.execute(READ_STEPS, {"slug": slug, "limit": MAX_RUNS})]
    slowest = sorted(
        (step for step in steps if step["timed"]), key=lambda step: (-(step["median_s"] or 0), step["key"])
    )
    failing = sorted((step for step in steps if step["failed"]), key=lambda step: (-step["failed"], step["key"]))
    return {"slowest": slowest[:MAX_STEPS], "failing": failing[:MAX_STEPS]}


def _exceeds(reader: Reader, slug: str, since: datetime) -> bool:
    return bool(reader.session.scalar(EXCEEDS, {"slug": slug, "since": since, "limit": MAX_WEEKLY}))


def _view_period(row: Row[Any]) -> OutcomeCounts:
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

"""Typical times and estimates of deployments, from past runs: one query for any number, cached for a minute."""

import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cachetools import TTLCache
from sqlalchemy import text

from dashboard.core.estimate import StepTimes, estimate_left, find_ends, summarise_runs
from dashboard.core.view import view_listed_deployment
from dashboard.core.view_types.deployments import DeploymentSummary, ListedDeployment, TypicalTimes
from dashboard.queries.reader import Reader
from dashboard.queries.rows import MAX_SCANNED

MAX_RUNS = 50
"""How many past runs typical times are computed from at most."""
MAX_AGE_S = 60
"""How long typical times are cached. They only change after a late report, such as one on a run that ended just before,
a replay or a deletion."""
MAX_CACHED_STEPS = 20_000
"""Steps of all cached typical times in a process: less than 40 MB, with names of common length."""

Key = tuple[int, str | None]
"""A deployment's id and environment. A sender may name the environment later, which changes its past runs."""

MISSING: Any = object()


class TypicalTimesCache(TTLCache[Key, TypicalTimes | None]):
    """The typical times that one application has read last; None if there are too few past runs."""

    def __init__(self, max_steps: int = MAX_CACHED_STEPS, max_age_s: float = MAX_AGE_S) -> None:
        """Keep the typical times of up to `max_steps` steps in total."""
        super().__init__(max_steps, max_age_s, getsizeof=lambda times: 1 + len(times["steps"] if times else ()))


# Past runs are those that succeeded before the first report on the deployment, so they stay the same on open pages.
READ_PAST_RUNS = text(
    """
    WITH past_runs AS (
      SELECT wanted.id AS wanted_id, past.id, past.ended_at, past.total_s
      FROM deployments AS wanted CROSS JOIN LATERAL (
        SELECT id, coalesce(completed_at, reported_at) AS ended_at,
          extract(epoch FROM coalesce(completed_at, reported_at) - coalesce(started_at, first_step_at)) AS total_s
        FROM (
          SELECT * FROM deployments
          WHERE project_id = wanted.project_id AND coalesce(environment, '') = coalesce(wanted.environment, '')
            AND sorted_at <= wanted.created_at
          ORDER BY sorted_at DESC, id DESC LIMIT (SELECT :max_scanned)
        ) AS scanned
        WHERE dialect = wanted.dialect AND id < wanted.id AND state = 'success'
          AND coalesce(started_at, first_step_at) IS NOT NULL
          AND coalesce(completed_at, reported_at) <= wanted.created_at
        ORDER BY sorted_at DESC, id DESC LIMIT :max_runs
      ) AS past
      WHERE wanted.id = ANY(CAST(:ids AS bigint[]))
    )
    SELECT wanted_id, NULL AS step, array_agg(total_s) AS durations, NULL AS remaining FROM past_runs GROUP BY wanted_id
    UNION ALL
    SELECT wanted_id, coalesce(job.name, job.key) || '/' || step.key,
      array_agg(extract(epoch FROM step.completed_at - step.started_at))
        FILTER (WHERE step.conclusion = 'success' AND step.completed_at IS NOT NULL),
      array_agg(extract(epoch FROM ended_at - step.started_at))
    FROM past_runs JOIN deployment_steps AS step ON step.deployment_id = past_runs.id AND step.started_at IS NOT NULL
    JOIN deployment_jobs AS job ON job.deployment_id = past_runs.id AND job.key = step.job_key
    GROUP BY wanted_id, coalesce(job.name, job.key), step.key
    """
)


def list_with_estimates(reader: Reader, views: Sequence[DeploymentSummary]) -> list[ListedDeployment]:
    """Return the deployments in the same order, the open ones with `usual` and `estimate`."""
    still_open = [view for view in views if view["status"] != "completed"]
    typical = read_typical_times(reader, [(view["id"], view["environment"]) for view in still_open])
    return [add_estimate(view, typical.get(view["id"]), reader.now) for view in views]


def add_estimate(view: DeploymentSummary, usual: TypicalTimes | None, now: datetime) -> ListedDeployment:
    """Return the deployment with its typical times and the time that they leave it."""
    ends = find_ends(usual, view["current"], view["started_at"], view["state"])
    return view_listed_deployment(view, usual, estimate_left(ends, now) if ends else None)


def read_typical_times(reader: Reader, keys: Sequence[Key]) -> dict[int, TypicalTimes | None]:
    """Return the typical times of deployments by id. Past runs are read unless the result is cached."""
    found = {key: times for key in keys if (times := reader.typical_times.get(key, MISSING)) is not MISSING}
    unknown = [key for key in keys if key not in found]
    read = _read_past_runs(reader, [deployment_id for deployment_id, _ in unknown]) if unknown else {}
    for key in unknown:
        found[key] = read.get(key[0])
        with contextlib.suppress(ValueError):  # Raised for times of more steps than the cache may hold.
            reader.typical_times[key] = found[key]
    return {deployment_id: times for (deployment_id, _), times in found.items()}


def _read_past_runs(reader: Reader, ids: Sequence[int]) -> dict[int, TypicalTimes | None]:
    totals: dict[int, list[float]] = {}
    steps: dict[int, dict[str, StepTimes]] = {number: {} for number in ids}
    for row in reader.session.execute(READ_PAST_RUNS, {"ids": ids, "max_runs": MAX_RUNS, "max_scanned": MAX_SCANNED}):
        if row.step is None:
            totals[row.wanted_id] = _read_seconds(row.durations)
        else:
            steps[row.wanted_id][row.step] = StepTimes(_read_seconds(row.durations), _read_seconds(row.remaining))
    return {number: summarise_runs(total, steps[number]) for number, total in totals.items()}


def _read_seconds(values: Sequence[Any] | None) -> list[float]:
    """Return an array read from the database, where numbers are decimals and an empty array is null."""
    return [float(value) for value in values or ()]

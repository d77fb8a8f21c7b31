"""Usual times and estimates of deployments, from their histories: one query for any number, cached for a minute."""

import contextlib
from collections.abc import Sequence
from typing import Any

from cachetools import TTLCache
from sqlalchemy import URL, text

from dashboard.core.estimate import StepTimes, estimate_left, summarise_runs
from dashboard.core.view_types.deployments import ListedDeployment, Usual
from dashboard.database.reader import Reader
from dashboard.queries.rows import MAX_SCANNED

MAX_RUNS = 50
"""How many past runs a history has at most."""
MAX_AGE_S = 60
"""How long a history is cached. It only changes after a late report, such as one on a run that ended just before, a
replay or a deletion."""
MAX_CACHED_STEPS = 20_000
"""Steps in all histories that a process caches: less than 40 MB, with usual names."""

Key = tuple[int, str | None]
"""A deployment's id and environment. A sender may name the environment later, which changes the history."""

HistoryCache = TTLCache[tuple[URL, int, str | None], Usual | None]
"""Histories by database and Key; None if there are too few past runs."""
MISSING: Any = object()


def make_history_cache(max_steps: int = MAX_CACHED_STEPS, max_age_s: float = MAX_AGE_S) -> HistoryCache:
    """Return an empty cache for histories with `max_steps` in total."""
    return TTLCache(max_steps, max_age_s, getsizeof=lambda usual: 1 + len(usual["steps"] if usual else ()))


history_cache = make_history_cache()

# The history has the runs that succeeded before the first report on the deployment, so it stays the same on open pages.
READ_HISTORY = text(
    """
    WITH history AS (
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
    SELECT wanted_id, NULL AS step, array_agg(total_s) AS durations, NULL AS remaining FROM history GROUP BY wanted_id
    UNION ALL
    SELECT wanted_id, coalesce(job.name, job.key) || '/' || step.key,
      array_agg(extract(epoch FROM step.completed_at - step.started_at))
        FILTER (WHERE step.conclusion = 'success' AND step.completed_at IS NOT NULL),
      array_agg(extract(epoch FROM ended_at - step.started_at))
    FROM history JOIN deployment_steps AS step ON step.deployment_id = history.id AND step.started_at IS NOT NULL
    JOIN deployment_jobs AS job ON job.deployment_id = history.id AND job.key = step.job_key
    GROUP BY wanted_id, coalesce(job.name, job.key), step.key
    """
)


def attach_estimates(reader: Reader, views: Sequence[ListedDeployment]) -> list[ListedDeployment]:
    """Return the deployments in the same order, the open ones with `usual` and `estimate`."""
    still_open = [view for view in views if view["status"] != "completed"]
    histories = read_usual(reader, [(view["id"], view["environment"]) for view in still_open])
    return [
        _attach_estimate(view, histories[view["id"]], reader) if view["id"] in histories else view for view in views
    ]


def _attach_estimate(view: ListedDeployment, usual: Usual | None, reader: Reader) -> ListedDeployment:
    return {**view, "usual": usual, "estimate": estimate_left({**view, "usual": usual}, reader.now)}


def read_usual(reader: Reader, keys: Sequence[Key]) -> dict[int, Usual | None]:
    """Return the usual times of deployments by id. Histories are read unless they are cached."""
    url = reader.session.get_bind().engine.url
    usuals = {key: usual for key in keys if (usual := history_cache.get((url, *key), MISSING)) is not MISSING}
    unknown = [key for key in keys if key not in usuals]
    read = _read_histories(reader, [deployment_id for deployment_id, _ in unknown]) if unknown else {}
    for key in unknown:
        usuals[key] = read.get(key[0])
        with contextlib.suppress(ValueError):  # Raised for a history that is larger than the cache.
            history_cache[url, *key] = usuals[key]
    return {deployment_id: usual for (deployment_id, _), usual in usuals.items()}


def _read_histories(reader: Reader, ids: Sequence[int]) -> dict[int, Usual | None]:
    totals: dict[int, list[float]] = {}
    steps: dict[int, dict[str, StepTimes]] = {number: {} for number in ids}
    for row in reader.session.execute(READ_HISTORY, {"ids": ids, "max_runs": MAX_RUNS, "max_scanned": MAX_SCANNED}):
        if row.step is None:
            totals[row.wanted_id] = _read_seconds(row.durations)
        else:
            steps[row.wanted_id][row.step] = StepTimes(_read_seconds(row.durations), _read_seconds(row.remaining))
    return {number: summarise_runs(total, steps[number]) for number, total in totals.items()}


def _read_seconds(values: Sequence[Any] | None) -> list[float]:
    """Return an array read from the database, where numbers are decimals and an empty array is null."""
    return [float(value) for value in values or ()]

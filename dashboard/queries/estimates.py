"""What the history of deployments says about how long they take: one query for any number, remembered for a minute."""

import contextlib
from collections.abc import Sequence
from typing import Any

from cachetools import TTLCache
from sqlalchemy import URL, text

from dashboard.core.estimate import StepTimes, estimate_left, summarise_runs
from dashboard.core.view_types import ListedDeployment, Usual
from dashboard.database.reader import Reader
from dashboard.queries.rows import MAX_TRIED

MAX_RUNS = 50
FRESH_S = 60
"""How long a history is remembered: a report that comes late (of a run that ended just before, say), a replay or a
deletion changes it, hardly anything else does."""
MAX_REMEMBERED = 20_000
"""Steps in all histories that a process remembers: less than 40 MB, with usual names."""

Key = tuple[int, str | None]
"""A deployment's id and its environment: a sender may name it later, and the history is another one then."""

Memory = TTLCache[tuple[URL, int, str | None], Usual | None]
"""Histories by database and Key; None: there are too few past runs."""
UNKNOWN: Any = object()


def make_memory(max_steps: int = MAX_REMEMBERED, fresh_s: float = FRESH_S) -> Memory:
    """Return an empty memory for histories with so many steps in all."""
    return TTLCache(max_steps, fresh_s, getsizeof=lambda usual: 1 + len(usual["steps"] if usual else ()))


memory = make_memory()

# A deployment's history is what had succeeded before it was first heard of: so it does not change while people watch.
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
          ORDER BY sorted_at DESC, id DESC LIMIT (SELECT :max_tried)
        ) AS tried
        WHERE dialect = wanted.dialect AND id < wanted.id AND state = 'success'
          AND coalesce(started_at, first_step_at) IS NOT NULL
          AND coalesce(completed_at, reported_at) <= wanted.created_at
        ORDER BY sorted_at DESC, id DESC LIMIT :most
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
    """Return the deployments of a list in their order, those that are open with `usual` and `estimate`."""
    still_open = [view for view in views if view["status"] != "completed"]
    histories = read_usual(reader, [(view["id"], view["environment"]) for view in still_open])
    return [
        _attach_estimate(view, histories[view["id"]], reader) if view["id"] in histories else view for view in views
    ]


def _attach_estimate(view: ListedDeployment, usual: Usual | None, reader: Reader) -> ListedDeployment:
    return {**view, "usual": usual, "estimate": estimate_left({**view, "usual": usual}, reader.now)}


def read_usual(reader: Reader, keys: Sequence[Key]) -> dict[int, Usual | None]:
    """Return what the histories of deployments say, by their ids; only those that are not remembered are read."""
    url = reader.session.get_bind().engine.url
    recalled = {key: usual for key in keys if (usual := memory.get((url, *key), UNKNOWN)) is not UNKNOWN}
    unknown = [key for key in keys if key not in recalled]
    read = _read_histories(reader, [number for number, _ in unknown]) if unknown else {}
    for key in unknown:
        recalled[key] = read.get(key[0])
        with contextlib.suppress(ValueError):  # one that is larger than all that may be remembered
            memory[url, *key] = recalled[key]
    return {number: usual for (number, _), usual in recalled.items()}


def _read_histories(reader: Reader, ids: Sequence[int]) -> dict[int, Usual | None]:
    totals: dict[int, list[float]] = {}
    steps: dict[int, dict[str, StepTimes]] = {number: {} for number in ids}
    for row in reader.session.execute(READ_HISTORY, {"ids": ids, "most": MAX_RUNS, "max_tried": MAX_TRIED}):
        if row.step is None:
            totals[row.wanted_id] = _read_seconds(row.durations)
        else:
            steps[row.wanted_id][row.step] = StepTimes(_read_seconds(row.durations), _read_seconds(row.remaining))
    return {number: summarise_runs(total, steps[number]) for number, total in totals.items()}


def _read_seconds(values: Sequence[Any] | None) -> list[float]:
    """Return an array of the database, where numbers come as decimals and an empty array as null."""
    return [float(value) for value in values or ()]

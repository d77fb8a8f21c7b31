"""Deletes old deployments with their jobs, steps and events, by the limits of their project or of the settings.

Small batches are committed one by one, and locked rows are left for the next run. So a report never waits for more than
one batch, and there are no deadlocks.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, text

from dashboard.config import Settings
from dashboard.database.deployments import READ_NEWEST_OF_ENVIRONMENTS

MIN_KEPT = timedelta(days=8)
"""How long an ended deployment is kept after its last report at least: longer than idempotency keys."""
MIN_KEPT_OPEN = timedelta(days=35)
"""The same for an open deployment: on GitHub, runs may wait 30 days for approval."""
BATCH_SIZE, PAUSE_S = 50, 0.2

Position = tuple[datetime, int]
BEGINNING: Position = (datetime(1, 1, 2, tzinfo=UTC), 0)

FIND_OLDEST_KEPT = """
    SELECT sorted_at, id FROM (
        SELECT sorted_at, id FROM deployments WHERE project_id = :project ORDER BY sorted_at DESC, id DESC LIMIT :count
    ) AS kept ORDER BY sorted_at, id LIMIT 1
"""
DELETE = """
    WITH old AS MATERIALIZED (
        SELECT id, sorted_at FROM deployments
        WHERE project_id = :project
          AND (sorted_at, id) > (:after_at, :after_id) AND (sorted_at, id) < (:until_at, :until_id)
          AND id <> ALL (CAST(:kept AS bigint[]))
          AND last_report_at < CASE WHEN status = 'completed' THEN :ended_before ELSE :open_before END
        ORDER BY sorted_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
    ), terms AS (
        DELETE FROM deployment_terms WHERE deployment_id = ANY (ARRAY(SELECT id FROM old))
    ), gone AS (
        DELETE FROM deployments WHERE id = ANY (ARRAY(SELECT id FROM old))
    )
    SELECT sorted_at, id FROM old ORDER BY sorted_at, id
"""
READ_EFFECTIVE_LIMITS = """
    SELECT id, coalesce(keep_days, :days) AS days, coalesce(keep_count, :count) AS number FROM projects
    WHERE coalesce(keep_days, :days) > 0 OR coalesce(keep_count, :count) > 0
    ORDER BY id
"""
LIST_LIMITS = "SELECT slug, name, keep_days, keep_count FROM projects ORDER BY slug"
SET_LIMITS = """
    UPDATE projects SET keep_days = :days, keep_count = :count
    WHERE slug = :slug OR id = (SELECT project_id FROM former_slugs WHERE slug = :slug)
"""


@dataclass(frozen=True, slots=True)
class RetentionLimits:
    """How much of its history a project keeps; 0 sets no limit."""

    slug: str
    name: str
    days: int
    count: int
    is_own: bool
    """Whether the project has its own limits; otherwise these are the limits of the settings."""


def list_retention_limits(engine: Engine, settings: Settings) -> list[RetentionLimits]:
    """Return the limits of all projects, by slug."""
    with engine.connect() as connection:
        rows = connection.execute(text(LIST_LIMITS)).all()
    return [
        RetentionLimits(
            row.slug,
            row.name,
            settings.deployments_days if row.keep_days is None else row.keep_days,
            settings.deployments_per_project if row.keep_count is None else row.keep_count,
            is_own=row.keep_days is not None or row.keep_count is not None,
        )
        for row in rows
    ]


def set_retention_limits(engine: Engine, slug: str, days: int | None, count: int | None) -> bool:
    """Set the limits of a project, None for those of the settings; return whether the project exists."""
    with engine.begin() as connection:
        return bool(connection.execute(text(SET_LIMITS), {"slug": slug, "days": days, "count": count}).rowcount)


def delete_old_deployments(engine: Engine, settings: Settings, now: datetime) -> int:
    """Delete the deployments beyond the limits of their projects; return how many.

    The newest deployment and the newest success of each environment are always kept: they show what runs there.
    """
    defaults = {"days": settings.deployments_days, "count": settings.deployments_per_project}
    with engine.begin() as connection:
        projects = connection.execute(text(READ_EFFECTIVE_LIMITS), defaults).all()
    return sum(_delete_from_project(engine, row.id, now, row.days, row.number) for row in projects)


def _delete_from_project(engine: Engine, project_id: int, now: datetime, days: int, count: int) -> int:
    """Delete the deployments of a project that are older than `days` or than its newest `count`; 0 sets no limit."""
    with engine.begin() as connection:
        until = _find_end(connection, project_id, now, days, count)
        last = connection.execute(READ_NEWEST_OF_ENVIRONMENTS, {"project": project_id}).all()
    kept = [number for row in last for number in (row.newest, row.live) if number is not None]
    wanted = {"project": project_id, "kept": kept, "ended_before": now - MIN_KEPT, "open_before": now - MIN_KEPT_OPEN}
    total, after = 0, BEGINNING
    while deleted := _delete_batch(engine, wanted, after, until):
        total, after = total + len(deleted), deleted[-1]
        if len(deleted) < BATCH_SIZE:
            break
        time.sleep(PAUSE_S)
    return total


def _find_end(connection: Connection, project_id: int, now: datetime, days: int, count: int) -> Position:
    """Return the position in the list before which no deployment has to be kept."""
    oldest = BEGINNING
    if count:
        found = connection.execute(text(FIND_OLDEST_KEPT), {"project": project_id, "count": count}).one_or_none()
        oldest = (found.sorted_at, found.id) if found else BEGINNING
    return max(oldest, (now - timedelta(days=days), 0)) if days else oldest


def _delete_batch(engine: Engine, wanted: Mapping[str, Any], after: Position, until: Position) -> list[Position]:
    """Delete the oldest deployments between two positions, up to BATCH_SIZE; return their positions."""
    positions = {"after_at": after[0], "after_id": after[1], "until_at": until[0], "until_id": until[1]}
    with engine.begin() as connection:
        rows = connection.execute(text(DELETE), {**wanted, **positions, "limit": BATCH_SIZE})
        return [(row.sorted_at, row.id) for row in rows]

"""Announcing deployments that have fallen silent, so that open pages learn what a fresh one would compute.

The state itself is computed on reading; here its change gets an event and a seq. Whoever reports next lifts it.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, update

from dashboard.core.view import format_time
from dashboard.core.words import State, Status
from dashboard.extensions import db
from dashboard.ingest.store import insert_events
from dashboard.models import Deployment

MOST_AT_ONCE = 100
LIVELY = (State.QUEUED.value, State.WAITING.value, State.RUNNING.value)
"""States that can turn stale; `stale` itself is not among them, which makes the announcement happen once."""


def announce_stale(now: datetime, stale_s: int) -> int:
    """Announce the open deployments whose last report is older than stale_s; commit, and return how many there were.

    Any number of processes may do this at the same time: a row that is locked is left to whoever holds it.
    """
    with db.engine.begin() as connection:
        silent = _mark_stale(connection, now - timedelta(seconds=stale_s))
        insert_events(connection, [_describe(row, now) for row in silent])
    return len(silent)


def _mark_stale(connection: Connection, silent_since: datetime) -> list[Row[Any]]:
    silent = (
        select(Deployment.id)
        .where(
            Deployment.status.is_distinct_from(Status.COMPLETED.word),
            Deployment.state.in_(LIVELY),
            Deployment.last_report_at < silent_since,
        )
        .order_by(Deployment.id)
        .limit(MOST_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    marked = (
        update(Deployment)
        .where(Deployment.id.in_(silent.scalar_subquery()))
        .values(state=State.STALE.value, seq=Deployment.seq + 1)
        .returning(Deployment.id, Deployment.seq, Deployment.last_report_at)
    )
    return list(connection.execute(marked))


def _describe(row: Row[Any], now: datetime) -> dict[str, Any]:
    shown = {"state": State.STALE.value, "stale_since": format_time(row.last_report_at)}
    return {
        "deployment_id": row.id,
        "seq": row.seq,
        "kind": "deployment.updated",
        "changes": {"deployment": shown, "jobs": [], "steps": []},
        "created_at": now,
    }

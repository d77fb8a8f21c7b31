"""Announcing deployments that have fallen silent, so that open pages learn what a fresh one would compute.

The state itself is computed on reading; here its change gets an event and a seq. Whoever reports next lifts it.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, select, update

from dashboard.core.view import StalenessRule, decide_row_state, format_time, read_deployment_standing
from dashboard.core.words import State, Status
from dashboard.database.deployments import is_silent
from dashboard.database.prepared_statements import flush_deferred
from dashboard.ingest.statements import insert_events
from dashboard.models import Deployment

TABLE = Deployment.metadata.tables[Deployment.__tablename__]
BATCH_SIZE = 100
LIVELY = (State.QUEUED.value, State.WAITING.value, State.RUNNING.value)
"""States that can turn stale; `stale` itself is not among them, which makes the announcement happen once."""


def announce_stale(engine: Engine, now: datetime, stale_s: int) -> int:
    """Announce the open deployments that have been silent for too long; commit, and return how many there were.

    Too long is what is unusual for their project, and at least stale_s seconds.

    Any number of processes may do this at the same time: a row that is locked is left to whoever holds it.
    """
    staleness = StalenessRule(now, stale_s)
    with engine.begin() as connection:
        silent = _mark_stale(connection, staleness)
        insert_events(connection, [_describe(row, now) for row in silent])
        insert_events(connection, [_lift(connection, row, staleness) for row in _find_unfounded(connection, staleness)])
        flush_deferred(connection)
    return len(silent)


def _find_unfounded(connection: Connection, staleness: StalenessRule) -> list[dict[str, Any]]:
    """Return deployments that were announced when less patience was set than now."""
    unfounded = select(TABLE).where(
        TABLE.c.state == State.STALE.value, ~is_silent(staleness.now, staleness.min_silence_s)
    )
    still_open = TABLE.c.status.is_distinct_from(Status.COMPLETED.word)
    locked = unfounded.where(still_open).limit(BATCH_SIZE).with_for_update(skip_locked=True)
    return [dict(row) for row in connection.execute(locked).mappings()]


def _lift(connection: Connection, row: dict[str, Any], staleness: StalenessRule) -> dict[str, Any]:
    """Take an announcement back; return the event that says so."""
    shown, seq = decide_row_state(row, read_deployment_standing(row), staleness).value, row["seq"] + 1
    connection.execute(update(TABLE).where(TABLE.c.id == row["id"]).values(state=shown, seq=seq))
    return _make_event(row["id"], seq, {"state": shown, "stale_since": None}, staleness.now)


def _mark_stale(connection: Connection, staleness: StalenessRule) -> list[Row[Any]]:
    silent = (
        select(Deployment.id)
        .where(
            Deployment.status.is_distinct_from(Status.COMPLETED.word),
            Deployment.state.in_(LIVELY),
            is_silent(staleness.now, staleness.min_silence_s),
        )
        .order_by(Deployment.id)
        .limit(BATCH_SIZE)
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
    return _make_event(row.id, row.seq, shown, now)


def _make_event(deployment_id: int, seq: int, shown: dict[str, Any], now: datetime) -> dict[str, Any]:
    changes = {"deployment": shown, "jobs": [], "steps": []}
    event = {"deployment_id": deployment_id, "seq": seq, "kind": "deployment.updated"}
    return event | {"changes": changes, "created_at": now}

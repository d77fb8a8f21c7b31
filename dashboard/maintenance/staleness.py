"""Announces stale deployments, so that open pages show what a reloaded page would.

The state is computed on reading; this gives its change an event and a seq. The next report makes the deployment fresh
again.
"""

from datetime import datetime

from sqlalchemy import Connection, Engine, select, update

from dashboard.core.view import StalenessRule, decide_row_state, format_time, read_deployment_standing
from dashboard.core.view_types.events import ChangedFields, Changes
from dashboard.core.words import EventKind, State
from dashboard.database.deployments import IS_OPEN, is_silent
from dashboard.database.prepared_statements import flush_deferred
from dashboard.database.rows import Row
from dashboard.database.tables import DEPLOYMENTS
from dashboard.ingest.statements import insert_events

BATCH_SIZE = 100
FRESH_STATES = (State.QUEUED.value, State.RUNNING.value)
"""States that can turn stale. Without `stale` itself, so that a deployment is announced once."""


def announce_stale(engine: Engine, now: datetime, stale_s: int) -> int:
    """Announce open deployments that have been silent for too long (see StalenessRule); commit, and return how many.

    Any number of processes may run this at once: locked rows are skipped.
    """
    staleness = StalenessRule(now, stale_s)
    with engine.begin() as connection:
        stale = _mark_stale(connection, staleness)
        insert_events(connection, [_make_stale_event(row, now) for row in stale])
        no_longer_stale = _find_no_longer_stale(connection, staleness)
        insert_events(connection, [_withdraw(connection, row, staleness) for row in no_longer_stale])
        flush_deferred(connection)
    return len(stale)


def _find_no_longer_stale(connection: Connection, staleness: StalenessRule) -> list[Row]:
    """Return open deployments that were announced, but are not stale under the current settings."""
    no_longer_stale = select(DEPLOYMENTS).where(
        DEPLOYMENTS.c.state == State.STALE.value, ~is_silent(staleness.now, staleness.min_silence_s)
    )
    locked = no_longer_stale.where(IS_OPEN).limit(BATCH_SIZE).with_for_update(skip_locked=True)
    return [dict(row) for row in connection.execute(locked).mappings()]


def _withdraw(connection: Connection, row: Row, staleness: StalenessRule) -> Row:
    """Set the current state of a deployment that is no longer stale; return the event."""
    shown, seq = decide_row_state(row, read_deployment_standing(row), staleness).value, row["seq"] + 1
    connection.execute(update(DEPLOYMENTS).where(DEPLOYMENTS.c.id == row["id"]).values(state=shown, seq=seq))
    return _make_event(row["id"], seq, {"state": shown, "stale_since": None}, staleness.now)


def _mark_stale(connection: Connection, staleness: StalenessRule) -> list[Row]:
    """Set the state of deployments that have become stale; return their id, seq and last_report_at."""
    silent = (
        select(DEPLOYMENTS.c.id)
        .where(
            IS_OPEN,
            DEPLOYMENTS.c.state.in_(FRESH_STATES),
            is_silent(staleness.now, staleness.min_silence_s),
        )
        .order_by(DEPLOYMENTS.c.id)
        .limit(BATCH_SIZE)
        .with_for_update(skip_locked=True)
    )
    marked = (
        update(DEPLOYMENTS)
        .where(DEPLOYMENTS.c.id.in_(silent.scalar_subquery()))
        .values(state=State.STALE.value, seq=DEPLOYMENTS.c.seq + 1)
        .returning(DEPLOYMENTS.c.id, DEPLOYMENTS.c.seq, DEPLOYMENTS.c.last_report_at)
    )
    return [dict(row) for row in connection.execute(marked).mappings()]


def _make_stale_event(row: Row, now: datetime) -> Row:
    shown = {"state": State.STALE.value, "stale_since": format_time(row["last_report_at"])}
    return _make_event(row["id"], row["seq"], shown, now)


def _make_event(deployment_id: int, seq: int, shown: ChangedFields, now: datetime) -> Row:
    changes: Changes = {"deployment": shown, "jobs": [], "steps": []}
    event = {"deployment_id": deployment_id, "seq": seq, "kind": EventKind.DEPLOYMENT_UPDATED}
    return event | {"changes": changes, "created_at": now}

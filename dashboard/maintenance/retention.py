"""Deletes what is no longer needed: old idempotency keys, old deliveries, old events of silent deployments, and
deployments beyond their limits.

Small batches are committed one by one, so that reports do not wait. Several processes may run this at once.
"""

import time
import uuid
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text

from dashboard.config import Settings
from dashboard.maintenance.deployment_retention import delete_old_deployments

KEY_RETENTION = timedelta(days=7)
EVENT_RETENTION = timedelta(days=30)
BATCH_SIZE, PAUSE_S = 500, 0.05
"""Each batch deletes the oldest rows, along an index; otherwise it would scan the dead rows of those before it."""

DELETE_KEYS = """
    DELETE FROM delivery_keys WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM delivery_keys
        WHERE claimed_at < :before ORDER BY claimed_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ))
"""
DELETE_DELIVERIES = """
    DELETE FROM deliveries WHERE id = ANY (ARRAY(
        SELECT id FROM deliveries
        WHERE received_at < :before ORDER BY received_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ))
"""
DELETE_EVENTS = """
    DELETE FROM deployment_events WHERE ctid = ANY (ARRAY(
        SELECT event.ctid
        FROM deployment_events AS event JOIN deployments AS deployment ON deployment.id = event.deployment_id
        WHERE event.created_at < :before AND deployment.last_report_at < :before
        ORDER BY event.created_at LIMIT :limit FOR UPDATE OF event SKIP LOCKED
    ))
"""
IS_LARGER = "SELECT pg_total_relation_size('deliveries') > :max_bytes"
READ_SIZES = """
    SELECT max(received_at) FILTER (WHERE bytes > :remaining) AS last, sum(size) AS size,
      min(received_at) AS received_at, (array_agg(id ORDER BY received_at, id))[1] AS id
    FROM (
        SELECT *, sum(size) OVER (ORDER BY received_at DESC, id DESC) AS bytes FROM (
            SELECT received_at, id,
              length(body) + pg_column_size(headers) + coalesce(pg_column_size(changes), 0) AS size
            FROM deliveries WHERE (received_at, id) < (:received_at, CAST(:id AS uuid))
            ORDER BY received_at DESC, id DESC LIMIT :page_size
        ) AS newest
    ) AS summed
"""
PAGE_SIZE = 10_000
"""Deliveries whose sizes one statement adds up, which bounds its duration."""


def delete_old(engine: Engine, settings: Settings, now: datetime) -> int:
    """Delete everything that is too old or too much at this time; return the number of rows and deployments."""
    return (
        _delete(engine, DELETE_KEYS, now - KEY_RETENTION)
        + _delete(engine, DELETE_DELIVERIES, now - timedelta(days=settings.deliveries_days))
        + _delete_excess(engine, settings.deliveries_bytes)
        + _delete(engine, DELETE_EVENTS, now - EVENT_RETENTION)
        + delete_old_deployments(engine, settings, now)
    )


def _delete_excess(engine: Engine, max_bytes: int) -> int:
    """Delete the oldest deliveries until the others take at most `max_bytes`; return how many were deleted."""
    with engine.begin() as connection:
        # Adding up sizes is only necessary if the table is larger than the limit.
        if not connection.scalar(text(IS_LARGER), {"max_bytes": max_bytes}):
            return 0
    position = {"received_at": datetime.max.replace(tzinfo=UTC), "id": uuid.UUID(int=2**128 - 1)}
    remaining = max_bytes
    while True:
        with engine.begin() as connection:
            limits = {"remaining": remaining, "page_size": PAGE_SIZE}
            page = connection.execute(text(READ_SIZES), {**position, **limits}).one()
        if page.last is not None:
            return _delete(engine, DELETE_DELIVERIES, page.last + timedelta(microseconds=1))
        if page.size is None:
            return 0
        position, remaining = {"received_at": page.received_at, "id": page.id}, remaining - int(page.size)


def _delete(engine: Engine, statement: str, before: datetime) -> int:
    total = 0
    while True:
        with engine.begin() as connection:
            count = connection.execute(text(statement), {"before": before, "limit": BATCH_SIZE}).rowcount
        total += count
        if count < BATCH_SIZE:
            return total
        time.sleep(PAUSE_S)

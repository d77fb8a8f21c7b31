"""Deleting what is no longer needed: old keys and deliveries, events of deployments that said nothing for long, and
deployments that nobody wants to keep.

Small batches, each committed by itself, so that no report has to wait. Several processes may do this at the same time.
"""

import time
import uuid
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text

from dashboard.config import Settings
from dashboard.maintenance.deployment_retention import delete_old_deployments

KEYS_KEPT = timedelta(days=7)
EVENTS_KEPT = timedelta(days=30)
BATCH_SIZE, PAUSE_S = 500, 0.05
"""The oldest go first, along an index: otherwise each batch would step over what the ones before it left."""

DELETE_KEYS = """
    DELETE FROM delivery_keys WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM delivery_keys WHERE claimed_at < :before ORDER BY claimed_at LIMIT :most FOR UPDATE SKIP LOCKED
    ))
"""
DELETE_DELIVERIES = """
    DELETE FROM deliveries WHERE id = ANY (ARRAY(
        SELECT id FROM deliveries WHERE received_at < :before ORDER BY received_at LIMIT :most FOR UPDATE SKIP LOCKED
    ))
"""
DELETE_EVENTS = """
    DELETE FROM deployment_events WHERE ctid = ANY (ARRAY(
        SELECT event.ctid
        FROM deployment_events AS event JOIN deployments AS deployment ON deployment.id = event.deployment_id
        WHERE event.created_at < :before AND deployment.last_report_at < :before
        ORDER BY event.created_at LIMIT :most FOR UPDATE OF event SKIP LOCKED
    ))
"""
IS_LARGER = "SELECT pg_total_relation_size('deliveries') > :most"
READ_SIZES = """
    SELECT max(received_at) FILTER (WHERE bytes > :left) AS last, sum(size) AS size,
      min(received_at) AS received_at, (array_agg(id ORDER BY received_at, id))[1] AS id
    FROM (
        SELECT *, sum(size) OVER (ORDER BY received_at DESC, id DESC) AS bytes FROM (
            SELECT received_at, id,
              length(body) + pg_column_size(headers) + coalesce(pg_column_size(changes), 0) AS size
            FROM deliveries WHERE (received_at, id) < (:received_at, CAST(:id AS uuid))
            ORDER BY received_at DESC, id DESC LIMIT :page
        ) AS newest
    ) AS summed
"""
PAGE = 10_000
"""Deliveries whose sizes are summed by one statement, which has to end soon however many there are."""


def delete_old(engine: Engine, settings: Settings, now: datetime) -> int:
    """Delete all that is too old at this time, or too much; return how many rows, and deployments, there were."""
    return (
        _delete(engine, DELETE_KEYS, now - KEYS_KEPT)
        + _delete(engine, DELETE_DELIVERIES, now - timedelta(days=settings.deliveries_days))
        + _delete_excess(engine, settings.deliveries_bytes)
        + _delete(engine, DELETE_EVENTS, now - EVENTS_KEPT)
        + delete_old_deployments(engine, settings, now)
    )


def _delete_excess(engine: Engine, most: int) -> int:
    """Delete the oldest deliveries until the bodies of the rest come to at most so many bytes."""
    with engine.begin() as connection:
        # The sizes have to be looked at only once the table has that size.
        if not connection.scalar(text(IS_LARGER), {"most": most}):
            return 0
    place = {"received_at": datetime.max.replace(tzinfo=UTC), "id": uuid.UUID(int=2**128 - 1)}
    left = most
    while True:
        with engine.begin() as connection:
            page = connection.execute(text(READ_SIZES), {**place, "left": left, "page": PAGE}).one()
        if page.last is not None:
            return _delete(engine, DELETE_DELIVERIES, page.last + timedelta(microseconds=1))
        if page.size is None:
            return 0
        place, left = {"received_at": page.received_at, "id": page.id}, left - int(page.size)


def _delete(engine: Engine, statement: str, before: datetime) -> int:
    total = 0
    while True:
        with engine.begin() as connection:
            count = connection.execute(text(statement), {"before": before, "most": BATCH_SIZE}).rowcount
        total += count
        if count < BATCH_SIZE:
            return total
        time.sleep(PAUSE_S)

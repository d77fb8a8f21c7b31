"""Deletion of old deliveries, keys and events."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from dashboard.extensions import db
from dashboard.http.context import current_settings
from dashboard.maintenance.retention import delete_old
from tests.support.rows import Rows

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


def add_delivery(rows: Rows, received_at: datetime, size: int = 10) -> None:
    """Store a delivery."""
    rows.fetch(
        "INSERT INTO deliveries (id, received_at, source, dialect, verdict, headers, body, body_size)"
        " VALUES (%s, %s, 'default', 'native', 'applied', '{}', %s, %s)",
        *(str(uuid.uuid4()), received_at, b"x" * size, size),
    )


def test_deliveries_are_kept_for_two_weeks(app: Flask, own_rows: Rows) -> None:
    edge = NOON - timedelta(days=14)
    for received_at in (edge - INSTANT, edge, NOON):
        add_delivery(own_rows, received_at)
    assert delete_old(db.engine, current_settings(), NOON) == 1
    assert own_rows.fetch("SELECT received_at FROM deliveries ORDER BY 1") == [(edge,), (NOON,)]


def test_the_retention_time_of_deliveries_can_be_set(app: Flask, own_rows: Rows) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], deliveries_days=2)
    for days in (3, 1):
        add_delivery(own_rows, NOON - timedelta(days=days))
    assert delete_old(db.engine, current_settings(), NOON) == 1
    assert own_rows.fetch("SELECT received_at FROM deliveries") == [(NOON - timedelta(days=1),)]


def test_the_oldest_deliveries_are_deleted_when_all_take_too_many_bytes(app: Flask, own_rows: Rows) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], deliveries_bytes=250)
    for hours in range(5):
        add_delivery(own_rows, NOON - timedelta(hours=hours), size=100)
    assert delete_old(db.engine, current_settings(), NOON) == 3
    assert own_rows.fetch("SELECT min(received_at) FROM deliveries") == [(NOON - timedelta(hours=1),)]
    assert delete_old(db.engine, current_settings(), NOON) == 0


def test_keys_are_kept_for_a_week(app: Flask, own_rows: Rows) -> None:
    edge = NOON - timedelta(days=7)
    for claimed_at in (edge - INSTANT, edge):
        own_rows.fetch(
            "INSERT INTO delivery_keys (source, dialect, key, digest, delivery_id, claimed_at)"
            " VALUES ('default', 'native', %s, '', %s, %s)",
            *(str(claimed_at), str(uuid.uuid4()), claimed_at),
        )
    assert delete_old(db.engine, current_settings(), NOON) == 1
    assert own_rows.fetch("SELECT claimed_at FROM delivery_keys") == [(edge,)]


@pytest.mark.parametrize(
    ("status", "ended_days", "kept"),
    [("completed", 31, 0), ("completed", 29, 1200), ("in_progress", 31, 0), ("in_progress", 29, 1200)],
)
def test_events_are_kept_for_a_month_after_the_last_report(
    status: str, ended_days: int, kept: int, app: Flask, own_rows: Rows
) -> None:
    deployment_id = own_rows.make_deployment(last_report_at=NOON - timedelta(days=ended_days))
    own_rows.add_events({deployment_id: [{}] * 1200})
    own_rows.fetch("UPDATE deployment_events SET created_at = %s", NOON - timedelta(days=40))
    own_rows.fetch("UPDATE deployments SET status = %s", status)
    assert delete_old(db.engine, current_settings(), NOON) == 1200 - kept
    assert own_rows.fetch("SELECT count(*) FROM deployment_events") == [(kept,)]

"""Stale deployments: announced once, and live again with the next report."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from dashboard.extensions import db
from dashboard.maintenance.staleness import announce_stale
from dashboard.models.base import unpack_json
from tests.support.fixtures import ConnectClient, StartDashboard
from tests.support.rows import Rows
from tests.support.socketio_client import SocketIOClient

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
STALE_S = 600


def read_events(rows: Rows, deployment_id: int) -> list[tuple[Any, ...]]:
    """Return seq, kind and changes of each event."""
    statement = "SELECT seq, kind, changes FROM deployment_events WHERE deployment_id = %s ORDER BY seq"
    return [(seq, kind, unpack_json(changes)) for seq, kind, changes in rows.fetch(statement, deployment_id)]


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_silent_deployment_is_announced_once(state: str, app: Flask, own_rows: Rows) -> None:
    silent = own_rows.make_deployment(seq=3, state=state, last_report_at=NOON - timedelta(seconds=STALE_S + 1))
    assert announce_stale(db.engine, NOON, STALE_S) == 1
    assert announce_stale(db.engine, NOON, STALE_S) == 0
    shown = {"state": "stale", "stale_since": "2024-01-01T11:49:59Z"}
    assert read_events(own_rows, silent)[3:] == [
        (4, "deployment.updated", {"deployment": shown, "jobs": [], "steps": []})
    ]
    assert own_rows.fetch("SELECT state, seq FROM deployments WHERE id = %s", silent) == [("stale", 4)]


@pytest.mark.parametrize(
    ("state", "status", "silent_s"),
    [
        ("running", "in_progress", STALE_S),
        ("stale", "in_progress", STALE_S + 1),
        ("waiting", "in_progress", STALE_S + 1),
        ("success", "completed", STALE_S + 1),
        ("partial", "completed", STALE_S + 1),
    ],
)
def test_recently_reported_ended_or_waiting_deployments_are_not_announced(
    state: str, status: str, silent_s: int, app: Flask, own_rows: Rows
) -> None:
    other = own_rows.make_deployment(state=state, last_report_at=NOON - timedelta(seconds=silent_s))
    own_rows.fetch("UPDATE deployments SET status = %s WHERE id = %s", status, other)
    assert announce_stale(db.engine, NOON, STALE_S) == 0
    assert read_events(own_rows, other) == []


def test_a_deployment_that_is_being_written_is_skipped(app: Flask, own_rows: Rows) -> None:
    own_rows.make_deployment(last_report_at=NOON - timedelta(hours=1))
    with own_rows.hold("SELECT FROM deployments FOR UPDATE"):
        assert announce_stale(db.engine, NOON, STALE_S) == 0
    assert announce_stale(db.engine, NOON, STALE_S) == 1


def test_concurrent_processes_announce_each_deployment_once(app: Flask, own_rows: Rows) -> None:
    silent = [own_rows.make_deployment(last_report_at=NOON - timedelta(hours=1)) for _ in range(150)]

    def announce(_number: int) -> int:
        with app.app_context():
            return announce_stale(db.engine, NOON, STALE_S)

    with ThreadPoolExecutor(8) as pool:
        announced = sum(pool.map(announce, range(16)))
    assert announced == 150
    assert [len(read_events(own_rows, deployment_id)) for deployment_id in silent] == [1] * 150


def take_states(page: SocketIOClient, since: int, last: str) -> list[str]:
    """Return the states that a page at `since` receives, up to and including the last."""
    states: list[str] = []
    while not states or states[-1] != last:
        _, frame = page.take_frame()
        states += [frame["deployment"]["state"]] if frame["seq"] > since and "state" in frame["deployment"] else []
    return states


def test_open_pages_show_a_deployment_stale_once_and_then_live_again(
    start_dashboard: StartDashboard, connect_client: ConnectClient
) -> None:
    """Two processes, each of which looks for silent deployments."""
    server = start_dashboard(DASHBOARD_STALE_S="3")
    other = start_dashboard(server.database_url, DASHBOARD_STALE_S="3")
    report = {"project": "shop", "run_id": "7", "status": "in_progress", "step": {"name": "build", "status": "running"}}
    deployment_id = server.post(report)[1]["deployment_id"]
    pages = [connect_client(server.url), connect_client(other.url)]
    since = [page.subscribe(f"deployment:{deployment_id}")["seq"] for page in pages]
    assert [take_states(page, seq, "stale") for page, seq in zip(pages, since, strict=True)] == [["stale"], ["stale"]]
    server.post({**report, "message": "still here"})
    assert [take_states(page, 0, "running") for page in pages] == [["running"], ["running"]]

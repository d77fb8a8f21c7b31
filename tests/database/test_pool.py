"""A database that does not answer, and processes that may open more connections than it allows."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from dashboard.config import SettingsError
from dashboard.database.pool import check_connections, count_connections
from tests.support.applications import make_settings
from tests.support.databases import MakeDatabase
from tests.support.fixtures import StartDashboard
from tests.support.servers import REPOSITORY, DashboardServer

PROMPTLY_S = 9
"""5 s for connecting, and some for a busy machine."""


@pytest.fixture
def silent_url() -> Iterator[str]:
    """Give the URL of a database that accepts connections but never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"postgresql://dashboard@127.0.0.1:{server.getsockname()[1]}/dashboard"


def measure_answer(ask: Callable[[], tuple[int, Any]]) -> tuple[int, float]:
    """Return the status of an answer, and how many seconds it took."""
    began_at = time.monotonic()
    status, _ = ask()
    return status, time.monotonic() - began_at


def test_a_database_that_does_not_answer_gives_503_promptly(start_dashboard: StartDashboard, silent_url: str) -> None:
    dashboard = start_dashboard(silent_url)
    asks: list[Callable[[], tuple[int, Any]]] = [
        lambda: dashboard.get("/ready"),
        lambda: dashboard.post({"project": "shop", "run_id": "1"}),
    ]
    with ThreadPoolExecutor(len(asks)) as visitors:
        measured = list(visitors.map(measure_answer, asks))
    assert [status for status, _ in measured] == [503, 503]
    assert max(took_s for _, took_s in measured) < PROMPTLY_S
    assert dashboard.get("/health")[0] == 200


def test_a_process_does_not_start_if_all_processes_may_open_too_many_connections(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    environ = DashboardServer(make_database(), tmp_path, DASHBOARD_POOL_SIZE="200").environ
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "wsgi:app"]
    ended = subprocess.run(
        command, cwd=REPOSITORY, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 4
    assert "dashboard: the processes may open 206 connections, but PostgreSQL allows 97" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, 10 + 1 + 5),
        ({"DASHBOARD_ROLE": "live"}, 4 * 10 + 2 + 5),
        ({"DASHBOARD_ROLE": "live", "DASHBOARD_WEB_WORKERS": "4", "DASHBOARD_POOL_SIZE": "5"}, 6 * 5 + 2 + 5),
        ({"DASHBOARD_ROLE": "live", "DASHBOARD_WEB_WORKERS": "1", "DASHBOARD_LIVE_PROCESSES": "8"}, 9 * 10 + 8 + 5),
    ],
)
def test_connections_of_all_processes_are_counted(tmp_path: Path, given: dict[str, str], expected: int) -> None:
    assert count_connections(make_settings("postgresql://h/d", tmp_path, **given)) == expected


def test_pools_that_just_fit_are_accepted(make_database: MakeDatabase, tmp_path: Path) -> None:
    url = make_database()
    engine = create_engine(make_settings(url, tmp_path).database_url or "")
    with engine.connect() as connection:
        check_connections(connection, make_settings(url, tmp_path, DASHBOARD_POOL_SIZE="91"))
        with pytest.raises(SettingsError, match="may open 98 connections, but PostgreSQL allows 97"):
            check_connections(connection, make_settings(url, tmp_path, DASHBOARD_POOL_SIZE="92"))
    engine.dispose()

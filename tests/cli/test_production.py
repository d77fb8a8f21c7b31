"""`dashboard run --production`: starts all processes, stops all, and restarts those that end."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.cli.postgres.server import find_running
from dashboard.cli.serving.nginx import find_nginx
from dashboard.cli.serving.processes import WebServerError
from tests.support.dashboard_command import Dashboard, expect_one_line, follow_printed_curl, list_descendants
from tests.support.databases import MakeDatabase
from tests.support.servers import find_free_port, wait_until

RunDashboard = Callable[..., Dashboard]


def find_by_command(dashboard: Dashboard, word: str) -> list[int]:
    """Return the pids of its child processes whose command contains a word."""
    pids = list_descendants(dashboard.process.pid)
    return [pid for pid in pids if word in Path(f"/proc/{pid}/cmdline").read_text()]


def answers(dashboard: Dashboard) -> bool:
    """Return whether it answers through nginx."""
    try:
        return dashboard.list_projects() == []
    except OSError:
        return False


def test_one_command_starts_all_processes_and_a_signal_stops_them(run_dashboard: RunDashboard, data_dir: Path) -> None:
    production = run_dashboard("--production")
    assert follow_printed_curl(production.read_start())["verdict"] == "applied"
    assert production.list_projects() == ["hello"]
    started = list_descendants(production.process.pid)
    # Masters and workers: one and two of web, one and one of each live process.
    assert len(find_by_command(production, "gunicorn")) == 7
    assert find_by_command(production, "nginx: worker")

    assert production.stop(signal.SIGTERM) == 0
    assert [pid for pid in started if Path(f"/proc/{pid}").exists()] == []
    assert find_running(data_dir) is None


def test_a_process_that_exits_is_named_and_restarted(run_dashboard: RunDashboard, make_database: MakeDatabase) -> None:
    production = run_dashboard("--production", DATABASE_URL=make_database())
    production.read_start()
    master = min(find_by_command(production, "gunicorn"))
    os.kill(master, signal.SIGKILL)
    assert production.process.stdout
    # The lines of the example, then this one.
    line = next(line for line in production.process.stdout if line.strip())
    assert line == "web exited with status -9; restarting it\n"
    wait_until(lambda: answers(production), what="an answer of the web workers")
    os.kill(min(find_by_command(production, "nginx")), signal.SIGKILL)
    assert production.process.stdout.readline() == "nginx exited with status -9; restarting it\n"
    wait_until(lambda: answers(production), what="an answer of nginx")


def test_killing_the_program_ends_all_its_processes(run_dashboard: RunDashboard, make_database: MakeDatabase) -> None:
    production = run_dashboard("--production", DATABASE_URL=make_database())
    production.read_start()
    started = list_descendants(production.process.pid)
    os.kill(production.process.pid, signal.SIGKILL)
    wait_until(lambda: not [pid for pid in started if Path(f"/proc/{pid}").exists()])


def test_too_many_connections_are_reported_in_one_line(
    run_dashboard: RunDashboard, make_database: MakeDatabase
) -> None:
    settings = {"DATABASE_URL": make_database(), "DASHBOARD_POOL_SIZE": "30"}
    expect_one_line(run_dashboard("--production", **settings), 2, "127 connections", "allows 97", "DASHBOARD_POOL_SIZE")
    run_dashboard(DASHBOARD_PORT=str(find_free_port()), **settings).read_start()


def test_a_data_directory_with_a_long_path_is_reported_in_one_line(
    run_dashboard: RunDashboard, make_database: MakeDatabase, data_dir: Path
) -> None:
    deep = data_dir / ("d" * 90)
    dashboard = run_dashboard("--production", DATABASE_URL=make_database(), DASHBOARD_DATA_DIR=str(deep))
    expect_one_line(dashboard, 1, str(deep), "DASHBOARD_DATA_DIR")


def test_a_missing_nginx_is_reported_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(WebServerError, match=r"nginx \(Debian: apt install nginx-light\)"):
        find_nginx()

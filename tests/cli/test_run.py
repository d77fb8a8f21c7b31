"""`dashboard run` as a whole: what it prints, how it stops and restarts, and its one line for each mistake."""

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from dashboard.cli.environment import load_served_settings
from dashboard.cli.postgres.postmaster import read_postmaster
from dashboard.cli.postgres.server import find_running, start
from tests.support.dashboard_command import Dashboard, expect_one_line, follow_printed_curl, start_python
from tests.support.databases import MakeDatabase
from tests.support.servers import find_free_port, wait_until

RunDashboard = Callable[..., Dashboard]


def is_port_free(dashboard: Dashboard) -> bool:
    """Return whether nothing listens on the port of a dashboard."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", int(dashboard.url.rpartition(":")[2]))) != 0


def test_first_start_prints_the_secret_and_a_curl_line_that_works(run_dashboard: RunDashboard, empty_dir: Path) -> None:
    first = run_dashboard(DASHBOARD_DATA_DIR=str(empty_dir))
    printed = first.read_start()
    assert f"Bearer {(empty_dir / 'webhook-secret').read_text().strip()}" in printed
    assert follow_printed_curl(printed)["verdict"] == "applied"

    assert first.stop(signal.SIGINT) == 0
    assert find_running(empty_dir) is None
    assert is_port_free(first)

    second = run_dashboard(DASHBOARD_DATA_DIR=str(empty_dir))
    printed = second.read_start()
    assert (empty_dir / "webhook-secret").read_text().strip() not in printed
    assert follow_printed_curl(printed)["seq"] == 1
    assert second.list_projects() == ["hello"]


def test_secret_of_the_environment_is_not_printed(run_dashboard: RunDashboard, make_database: MakeDatabase) -> None:
    printed = run_dashboard(DASHBOARD_WEBHOOK_SECRET="from outside", DATABASE_URL=make_database()).read_start()
    assert "Bearer $DASHBOARD_WEBHOOK_SECRET" in printed
    assert "from outside" not in printed


def test_killing_all_processes_loses_no_data(run_dashboard: RunDashboard, data_dir: Path) -> None:
    first = run_dashboard()
    follow_printed_curl(first.read_start())
    postmaster = read_postmaster(data_dir / "postgres")
    assert postmaster
    for pid in (*first.find_processes(), first.process.pid, postmaster.pid):
        os.kill(pid, signal.SIGKILL)
    first.process.wait()

    second = run_dashboard()
    second.read_start()
    assert second.list_projects() == ["hello"]


def test_killing_only_the_program_ends_the_web_server_but_not_postgresql(
    run_dashboard: RunDashboard, data_dir: Path
) -> None:
    first = run_dashboard()
    follow_printed_curl(first.read_start())
    os.kill(first.process.pid, signal.SIGKILL)
    wait_until(lambda: is_port_free(first))
    postmaster = read_postmaster(data_dir / "postgres")
    assert postmaster
    assert postmaster.is_alive()

    second = run_dashboard()
    second.read_start()
    assert second.list_projects() == ["hello"]
    second.process.terminate()
    assert second.process.wait() == 0
    assert not postmaster.is_alive()


def test_the_program_exits_with_its_web_server(run_dashboard: RunDashboard, data_dir: Path) -> None:
    dashboard = run_dashboard()
    dashboard.read_start()
    os.kill(dashboard.find_processes()[0], signal.SIGKILL)
    status, complaint = dashboard.read_end()
    assert status == 1
    assert "the web server exited with status -9" in complaint
    assert find_running(data_dir) is None


def test_a_port_in_use_is_reported_in_one_line(run_dashboard: RunDashboard, empty_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        dashboard = run_dashboard(DASHBOARD_PORT=port, DASHBOARD_DATA_DIR=str(empty_dir))
        expect_one_line(dashboard, 1, port, "DASHBOARD_PORT=")
    assert not (empty_dir / "postgres").exists()


def test_an_unreachable_database_is_reported_in_one_line(run_dashboard: RunDashboard) -> None:
    dashboard = run_dashboard(DATABASE_URL="postgresql://u:p@127.0.0.1:1/none")
    expect_one_line(dashboard, 1, "DATABASE_URL", "Connection refused")


def test_an_invalid_setting_is_reported_in_one_line(run_dashboard: RunDashboard) -> None:
    expect_one_line(run_dashboard(DASHBOARD_PORT="eighty"), 2, "DASHBOARD_PORT", "'eighty'")


def test_an_unwritable_data_directory_is_reported_in_one_line(run_dashboard: RunDashboard) -> None:
    nowhere = "/dev/null/none"
    expect_one_line(run_dashboard(DASHBOARD_DATA_DIR=nowhere), 2, nowhere, "DASHBOARD_DATA_DIR")
    secrets = {"DASHBOARD_WEBHOOK_SECRET": "a", "SECRET_KEY": "b"}
    expect_one_line(run_dashboard(DASHBOARD_DATA_DIR=nowhere, **secrets), 1, nowhere, "DASHBOARD_DATA_DIR")


def test_a_second_program_on_a_data_directory_is_reported_in_one_line(
    run_dashboard: RunDashboard, data_dir: Path
) -> None:
    first = run_dashboard()
    first.read_start()
    second = run_dashboard(DASHBOARD_PORT=str(find_free_port()))
    expect_one_line(second, 1, "another `dashboard run` is using", str(data_dir))
    assert first.list_projects() == []


def test_gunicorn_alone_uses_the_running_database_or_reports_that_none_runs(data_dir: Path) -> None:
    environ = {**os.environ, "DASHBOARD_DATA_DIR": str(data_dir), "DASHBOARD_PORT": str(find_free_port())}
    environ.pop("DATABASE_URL", None)
    with start_python("-m", "gunicorn", "--config", "gunicorn.conf.py", "wsgi:app", env=environ) as gunicorn:
        complaint = gunicorn.communicate()[1]
    assert gunicorn.returncode == 4
    assert f"dashboard: DATABASE_URL is not set and no PostgreSQL runs in {data_dir}" in complaint
    assert "Traceback" not in complaint
    server = start(data_dir, print_line=lambda _line: None)
    try:
        assert load_served_settings(environ).database_url == server.url.replace("postgresql:", "postgresql+psycopg2:")
    finally:
        server.stop()

"""Data directories and running dashboards for the tests of the command."""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboard.cli.postgres.postmaster import read_postmaster
from tests.support.dashboard_command import Dashboard
from tests.support.servers import find_free_port, wait_until


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Give a directory that PostgreSQL's user can reach (pytest's own is below a private one), and end its server."""
    directory = Path(tempfile.mkdtemp(prefix="test-cli-"))
    yield directory
    postmaster = read_postmaster(directory / "postgres")
    if postmaster and postmaster.is_alive():
        os.kill(postmaster.pid, signal.SIGQUIT)
        wait_until(lambda: not postmaster.is_alive())
        shutil.rmtree(postmaster.socket_dir, ignore_errors=True)
    shutil.rmtree(directory)


@pytest.fixture
def run_dashboard(data_dir: Path) -> Iterator[Callable[..., Dashboard]]:
    """Give a function that starts `dashboard run` with further settings; what still runs at the end is ended."""
    started: list[Dashboard] = []
    port = str(find_free_port())

    def run(*options: str, **settings: str) -> Dashboard:
        environ = {"DASHBOARD_DATA_DIR": str(data_dir), "DASHBOARD_PORT": port, **settings}
        started.append(Dashboard(environ, *options))
        return started[-1]

    yield run
    for dashboard in started:
        dashboard.stop(signal.SIGTERM)

"""Data directories and running dashboards for the tests of the command."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dashboard.cli.database import migrate_database
from dashboard.cli.postgres.postmaster import read_postmaster
from dashboard.cli.postgres.server import Server, start
from tests.support.applications import make_settings
from tests.support.dashboard_command import Dashboard
from tests.support.servers import find_free_port, wait_until


@contextmanager
def make_directory() -> Iterator[Path]:
    """Give a directory that PostgreSQL's user can reach (pytest's own is below a private one), and end its server."""
    directory = Path(tempfile.mkdtemp(prefix="test-cli-"))
    yield directory
    postmaster = read_postmaster(directory / "postgres")
    if postmaster and postmaster.is_alive():
        os.kill(postmaster.pid, signal.SIGQUIT)
        wait_until(lambda: not postmaster.is_alive())
        shutil.rmtree(postmaster.socket_dir, ignore_errors=True)
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def stopped_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a data directory whose server has been started, migrated and stopped."""
    with make_directory() as directory:
        server = start(directory, print_line=lambda _line: None)
        migrate_database(make_settings(server.url, tmp_path_factory.mktemp("migrated")))
        server.stop()
        yield directory


@pytest.fixture
def empty_dir() -> Iterator[Path]:
    """Give a data directory for a first start, which takes seconds."""
    with make_directory() as directory:
        yield directory


def copy_cluster(stopped: Path, directory: Path) -> None:
    """Put a copy of a cluster into a data directory that has none."""
    if not (directory / "postgres").exists():
        subprocess.run(["cp", "-a", *stopped.glob("postgres*"), directory], check=True)


@pytest.fixture
def data_dir(empty_dir: Path, stopped_cluster: Path) -> Path:
    """Give a data directory on which PostgreSQL ran and was stopped: nothing else has been kept in it."""
    copy_cluster(stopped_cluster, empty_dir)
    return empty_dir


@pytest.fixture(scope="module")
def server(stopped_cluster: Path) -> Iterator[Server]:
    """Give a server with the settings that the program gives it."""
    with make_directory() as directory:
        copy_cluster(stopped_cluster, directory)
        server = start(directory, print_line=lambda _line: None)
        yield server
        server.stop()


@pytest.fixture
def run_dashboard(empty_dir: Path, stopped_cluster: Path) -> Iterator[Callable[..., Dashboard]]:
    """Give a function that starts `dashboard run` with further settings; what still runs at the end is ended.

    Unless they name a database or a data directory, PostgreSQL finds a cluster that it was stopped on.
    """
    started: list[Dashboard] = []
    port = str(find_free_port())

    def run(*options: str, **settings: str) -> Dashboard:
        if not {"DATABASE_URL", "DASHBOARD_DATA_DIR"} & settings.keys():
            copy_cluster(stopped_cluster, empty_dir)
        environ = {"DASHBOARD_DATA_DIR": str(empty_dir), "DASHBOARD_PORT": port, **settings}
        started.append(Dashboard(environ, *options))
        return started[-1]

    yield run
    for dashboard in started:
        dashboard.stop(signal.SIGTERM)

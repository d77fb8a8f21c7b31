"""A dashboard and its PostgreSQL for the length of a block; benchmarks and scripts use it, as they have no fixtures."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboard.cli.postgres import server as postgres
from tests.support.servers import REPOSITORY, DashboardServer

MAX_CONNECTIONS = 400
"""PostgreSQL's: pgbench takes one for each of its clients, and the embedded server allows fewer."""


@contextmanager
def run_dashboard() -> Iterator[DashboardServer]:
    """Run the whole dashboard in one process, on an empty database."""
    with (
        tempfile.TemporaryDirectory() as directory,
        run_postgres(Path(directory)) as database,
        run_all(database.url, Path(directory)) as server,
    ):
        yield server


@contextmanager
def run_all(database_url: str, directory: Path) -> Iterator[DashboardServer]:
    """Run the whole dashboard in one process."""
    server = DashboardServer(database_url, directory)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def run_postgres(directory: Path) -> Iterator[postgres.Server]:
    """Run a PostgreSQL with the dashboard's tables, all of them empty."""
    directory.chmod(0o755)
    postgres.SETTINGS["max_connections"] = str(MAX_CONNECTIONS)
    server = postgres.start(directory, print_line=lambda _line: None)
    try:
        migrate = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
        subprocess.run(migrate, cwd=REPOSITORY, env=DashboardServer(server.url, directory).environ, check=True)
        yield server
    finally:
        server.stop()

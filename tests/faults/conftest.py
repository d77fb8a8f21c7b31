"""A PostgreSQL that tests may break, and dashboards and pages that use it."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.database import Database
from tests.faults.load import RUNS
from tests.faults.viewer import Viewer
from tests.support.databases import MakeDatabase
from tests.support.server_reports import send
from tests.support.servers import DashboardServer

Watch = Callable[[DashboardServer], list[Viewer]]


@pytest.fixture(scope="package")
def database() -> Iterator[Database]:
    """Give a PostgreSQL server of our own; a test that stops it starts it again."""
    data_dir = Path(tempfile.mkdtemp(prefix="dashboard-faults-"))
    data_dir.chmod(0o755)
    database = Database(data_dir)
    yield database
    database.close()
    shutil.rmtree(data_dir)


@pytest.fixture(scope="package")
def make_database(database: Database) -> MakeDatabase:
    """Give a function that makes a database on it and returns its URL; all dashboards of these tests run on such."""
    return database.make


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Give a function that opens a page of every run of the load, and the overview, on a dashboard."""
    viewers: list[Viewer] = []

    def open_all(server: DashboardServer) -> list[Viewer]:
        ids = [send(server, project="load", run_id=f"{run}")["deployment_id"] for run in range(RUNS)]
        opened = [Viewer(server.url, deployment_id) for deployment_id in (*ids, None)]
        viewers.extend(opened)
        return opened

    yield open_all
    for viewer in viewers:
        viewer.close()

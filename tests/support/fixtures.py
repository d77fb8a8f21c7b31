"""The fixtures of all tests: a real PostgreSQL, databases on it, the application here or in processes of its own."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.app import create_app
from dashboard.cli.postgres.server import Server, start
from tests.support.applications import close_connections, make_settings
from tests.support.databases import MakeDatabase, disable_durability, prepare_databases
from tests.support.production import ProductionShape
from tests.support.reused_applications import ReusedApplications
from tests.support.rows import Rows
from tests.support.servers import DashboardServer
from tests.support.socketio_client import SocketIOClient

StartDashboard = Callable[..., DashboardServer]
StartProduction = Callable[..., ProductionShape]
ConnectClient = Callable[..., SocketIOClient]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Give a PostgreSQL server with its data below the system's temporary directory, where its user can go."""
    data_dir = Path(tempfile.mkdtemp(prefix="dashboard-tests-"))
    data_dir.chmod(0o755)
    server = start(data_dir, print_line=lambda _line: None)
    disable_durability(server)
    yield server
    server.stop()
    shutil.rmtree(data_dir)


@pytest.fixture(scope="session")
def make_database(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> MakeDatabase:
    """Give a function that makes an empty database with all tables and returns its URL."""
    return prepare_databases(postgres, tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def reused_applications(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ReusedApplications]:
    """Give the applications that tests take turns with."""
    reused = ReusedApplications(make_database, tmp_path_factory.mktemp("reused"))
    yield reused
    reused.close()


@pytest.fixture
def application(reused_applications: ReusedApplications) -> Iterator[Flask]:
    """Give the application on an empty database."""
    app = reused_applications.take()
    yield app
    reused_applications.give_back(app)


@pytest.fixture
def fresh_application(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Flask]:
    """Give an application that has yet to answer its first request, so that a test may add routes to it."""
    app = create_app(make_settings(make_database(), tmp_path))
    yield app
    with app.app_context():
        close_connections(app)


@pytest.fixture
def app(application: Flask) -> Iterator[Flask]:
    """Give the application, and run the test in its context."""
    with application.app_context():
        yield application


@pytest.fixture
def own_rows(app: Flask) -> Iterator[Rows]:
    """Give a writer of rows for the database of the application in this process."""
    rows = Rows(app.config["SETTINGS"].database_url)
    yield rows
    rows.close()


@pytest.fixture
def client(application: Flask) -> FlaskClient:
    """Give a visitor on this machine; each request has a context of its own, as it has on a server."""
    return application.test_client()


@pytest.fixture(scope="module")
def shared_client(reused_applications: ReusedApplications) -> Iterator[FlaskClient]:
    """Give a visitor of a dashboard that all tests of a module share; they keep apart by what they report."""
    app = reused_applications.take()
    yield app.test_client()
    reused_applications.give_back(app)


@pytest.fixture(scope="module")
def start_dashboard(make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartDashboard]:
    """Give a function that starts a dashboard, by default on a database of its own; all end with the module."""
    servers: list[DashboardServer] = []

    def start_one(database_url: str | None = None, **settings: str) -> DashboardServer:
        server = DashboardServer(database_url or make_database(), tmp_path_factory.mktemp("data"), **settings)
        servers.append(server)
        server.start()
        return server

    yield start_one
    for server in servers:
        server.kill()  # to be asked politely takes each more than a second


@pytest.fixture(scope="module")
def dashboard_server(start_dashboard: StartDashboard) -> DashboardServer:
    """Give a dashboard that all tests of a module share."""
    return start_dashboard()


@pytest.fixture
def rows(dashboard_server: DashboardServer) -> Iterator[Rows]:
    """Give a writer of rows for the database of the shared dashboard: another process than the dashboard's."""
    rows = Rows(dashboard_server.database_url)
    yield rows
    rows.close()


@pytest.fixture
def connect_client(dashboard_server: DashboardServer) -> Iterator[ConnectClient]:
    """Give a function that connects a Socket.IO client, by default to the shared dashboard; it closes them all."""
    clients: list[SocketIOClient] = []

    def connect(url: str = dashboard_server.url, headers: dict[str, str] | None = None) -> SocketIOClient:
        clients.append(SocketIOClient(url, headers))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


@pytest.fixture(scope="module")
def start_production(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StartProduction]:
    """Give a function that starts nginx, web workers and live processes on a database; all end with the module."""
    shapes: list[ProductionShape] = []

    def start_one(database_url: str | None = None, **settings: str) -> ProductionShape:
        shapes.append(ProductionShape(database_url or make_database(), tmp_path_factory.mktemp("data"), **settings))
        shapes[-1].start()
        return shapes[-1]

    yield start_one
    for shape in shapes:
        shape.close()

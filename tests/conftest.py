"""What all tests share: one real PostgreSQL, databases on it, the application in this process or in one of its own."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import psycopg2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, settings
from psycopg2 import sql

from dashboard.app import create_app
from dashboard.cli.postgres.server import Server, start
from dashboard.config import Settings, load_settings
from tests.live.rows import Rows
from tests.production import ProductionShape
from tests.servers import SECRET, DashboardServer

# For `make mutants`, where each test runs hundreds of times, and must fail for no other reason than a changed program.
settings.register_profile(
    "mutants",
    max_examples=10,
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

TEMPLATE = "migrated"
MakeDatabase = Callable[[], str]
StartDashboard = Callable[..., DashboardServer]
StartProduction = Callable[..., ProductionShape]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Give a PostgreSQL server with its data below the system's temporary directory, where its user can go."""
    data_dir = Path(tempfile.mkdtemp(prefix="dashboard-tests-"))
    data_dir.chmod(0o755)
    server = start(data_dir, say=lambda _line: None)
    yield server
    server.stop()
    shutil.rmtree(data_dir)


@pytest.fixture(scope="session")
def make_database(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> MakeDatabase:
    """Give a function that makes an empty database with all tables and returns its URL."""
    numbers = iter(range(10_000))
    _execute(postgres.url, "CREATE DATABASE {}", TEMPLATE)
    app = create_app(make_settings(postgres.url_of(TEMPLATE), tmp_path_factory.mktemp("template")))
    with app.app_context():
        flask_migrate.upgrade()
        close_connections(app)

    def make() -> str:
        name = f"test_{next(numbers)}"
        _execute(postgres.url, "CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE)
        return postgres.url_of(name)

    return make


@pytest.fixture
def application(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Flask]:
    """Give the application on an empty database."""
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
        server.stop()


@pytest.fixture(scope="module")
def dashboard_server(start_dashboard: StartDashboard) -> DashboardServer:
    """Give a dashboard that all tests of a module share."""
    return start_dashboard()


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


def make_settings(database_url: str, data_dir: Path, **environ: str) -> Settings:
    """Return settings for tests."""
    given = {"DATABASE_URL": database_url, "DASHBOARD_DATA_DIR": str(data_dir), "DASHBOARD_WEBHOOK_SECRET": SECRET}
    return load_settings({**given, "SECRET_KEY": "a key for tests", **environ})


def _execute(url: str, statement: str, *names: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
    connection.close()


def close_connections(app: Flask) -> None:
    """Give the application's connections back to the database."""
    database: Any = app.extensions["sqlalchemy"]
    database.session.remove()
    database.engine.dispose()

"""Databases with all tables, as many as tests need, on one PostgreSQL server."""

import contextlib
import itertools
from collections.abc import Callable
from pathlib import Path

import flask_migrate
import psycopg2
from psycopg2 import sql

from dashboard.app import create_app
from dashboard.cli.postgres.cluster import ADMINISTRATOR
from dashboard.cli.postgres.server import Server
from tests.support.applications import close_connections, make_settings

TEMPLATE = "migrated"
MakeDatabase = Callable[[], str]
UNSAFE_SETTINGS = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}
"""Settings of a server whose data nobody misses after a crash. Its hundreds of databases would keep autovacuum busy."""


def disable_durability(server: Server) -> None:
    """Turn off fsync and autovacuum on a server."""
    url = server.postmaster.url_of(ADMINISTRATOR, "postgres")
    for name, value in UNSAFE_SETTINGS.items():
        execute(url, f"ALTER SYSTEM SET {name} = {value}")
    execute(url, "SELECT pg_reload_conf()")


def prepare_databases(server: Server, data_dir: Path) -> MakeDatabase:
    """Migrate a database of this server once; return a function that makes a copy of it and returns its URL."""
    numbers = itertools.count()
    execute(server.url, "CREATE DATABASE {}", TEMPLATE)
    app = create_app(make_settings(server.url_of(TEMPLATE), data_dir))
    with app.app_context():
        flask_migrate.upgrade()
        close_connections(app)

    def make() -> str:
        name = f"test_{next(numbers)}"
        # To copy the files takes half the processor time of writing every block into the log.
        execute(server.url, "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, TEMPLATE)
        return server.url_of(name)

    return make


def execute(url: str, statement: str, *names: str) -> None:
    """Run a statement with these identifiers outside of a transaction."""
    with contextlib.closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        connection.cursor().execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

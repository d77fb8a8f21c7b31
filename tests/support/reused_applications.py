"""Applications that tests in this process reuse, each with an empty database."""

from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from dashboard.app import create_app, find_engine
from dashboard.models import Base
from tests.support.applications import close_connections, make_settings
from tests.support.databases import MakeDatabase

TABLES = [table.name for table in Base.metadata.sorted_tables]
DELETE = ";".join(f"DELETE FROM {name}" for name in reversed(TABLES))
TRUNCATE = f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY CASCADE"
"""Takes ten times as long as deleting a few rows, and leaves no dead ones."""
DELETIONS = 20
"""How many tests leave dead rows before the tables are truncated."""
RESTART_IDS = """SELECT setval(oid::regclass, 1, false) FROM pg_class
    WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace"""
READ_SCHEMA = """SELECT array_agg(c.oid::text || c.relname ORDER BY c.oid),
    (SELECT array_agg(oid ORDER BY oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace),
    (SELECT array_agg(oid ORDER BY oid) FROM pg_trigger)
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace"""


class ReusedApplications:
    """Gives applications, and gives each again unless a test has left more behind in it than rows."""

    def __init__(self, make_database: MakeDatabase, data_dir: Path) -> None:
        self._make_database, self._data_dir = make_database, data_dir
        self._spares: list[Flask] = []
        self._known: dict[Flask, dict[str, Any]] = {}
        self._deletions = 0

    def take(self) -> Flask:
        """Return an application on an empty database."""
        if self._spares:
            return self._spares.pop()
        app = create_app(make_settings(self._make_database(), self._data_dir))
        self._known[app] = _describe(app)
        return app

    def give_back(self, app: Flask) -> None:
        """Empty the database of an application for the next test, or close it if something else has changed."""
        with app.app_context():
            app.extensions["sqlalchemy"].session.remove()
        # What the first requests add remembers rows.
        for name in app.extensions.keys() - self._known[app]["extensions"].keys():
            del app.extensions[name]
        if self._is_as_made(app):
            self._spares.append(app)
        else:
            self._close(app)

    def close(self) -> None:
        """Give all connections back."""
        for app in self._spares:
            self._close(app)

    def _is_as_made(self, app: Flask) -> bool:
        try:
            with find_engine(app).begin() as connection:
                connection.exec_driver_sql("SET LOCAL lock_timeout = '1s'")
                self._clear(connection)
                return _describe(app, connection) == self._known[app]
        except OperationalError:  # a connection was cut, or one that a test left open holds rows
            return False

    def _clear(self, connection: Connection) -> None:
        self._deletions += 1
        connection.exec_driver_sql(f"{DELETE};{RESTART_IDS}" if self._deletions % DELETIONS else TRUNCATE)

    def _close(self, app: Flask) -> None:
        del self._known[app]
        with app.app_context():
            close_connections(app)


def _describe(app: Flask, connection: Connection | None = None) -> dict[str, Any]:
    """Return what no test may change: configuration, extensions, how many connections are lent, and the schema."""
    engine = find_engine(app)
    if connection is None:
        with engine.begin() as own:
            return _describe(app, own)
    return {
        "config": dict(app.config),
        "extensions": dict(app.extensions),
        "lent": engine.pool.checkedout(),  # type: ignore[attr-defined]
        "schema": tuple(connection.exec_driver_sql(READ_SCHEMA).one()),
    }

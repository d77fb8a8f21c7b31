"""The application in the process of the tests: its settings, its visitors and its connections."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from dashboard.app import create_app
from dashboard.config import Settings, load_settings
from tests.support.servers import SECRET


def make_settings(database_url: str, data_dir: Path, **environ: str) -> Settings:
    """Return settings for tests."""
    given = {"DATABASE_URL": database_url, "DASHBOARD_DATA_DIR": str(data_dir), "DASHBOARD_WEBHOOK_SECRET": SECRET}
    return load_settings({**given, "SECRET_KEY": "a key for tests", **environ})


@contextmanager
def visit(database_url: str, data_dir: Path) -> Iterator[FlaskClient]:
    """Give a visitor of a dashboard on a database; each request has a context, and so a session, of its own."""
    app = create_app(make_settings(database_url, data_dir))
    yield app.test_client()
    with app.app_context():
        close_connections(app)


def close_connections(app: Flask) -> None:
    """Give the application's connections back to the database."""
    database: Any = app.extensions["sqlalchemy"]
    database.session.remove()
    database.engine.dispose()

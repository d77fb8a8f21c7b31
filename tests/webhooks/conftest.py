"""Visitors as in service: each request has a context, and so a database session, of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from dashboard.app import create_app
from dashboard.extensions import db
from tests.conftest import MakeDatabase, make_settings


@pytest.fixture
def client(make_database: MakeDatabase, tmp_path: Path) -> Iterator[FlaskClient]:
    """Give a visitor on this machine of an empty dashboard."""
    with visit(make_database(), tmp_path) as visitor:
        yield visitor


@pytest.fixture(scope="module")
def shared_client(make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """Give a visitor of a dashboard that all tests of a module share; they keep apart by what they report."""
    with visit(make_database(), tmp_path_factory.mktemp("shared")) as visitor:
        yield visitor


@contextmanager
def visit(database_url: str, data_dir: Path) -> Iterator[FlaskClient]:
    """Give a visitor of a dashboard on a database."""
    app = create_app(make_settings(database_url, data_dir))
    yield app.test_client()
    with app.app_context():
        db.engine.dispose()

"""Each migration goes up and down, and together they make the tables that the models describe."""

from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import inspect

from dashboard import MIGRATIONS, create_app
from dashboard.extensions import db
from dashboard.models import Base
from tests.conftest import MakeDatabase, close_connections, make_settings

REVISIONS = [revision.revision for revision in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]


@pytest.fixture
def bare_app(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Flask]:
    """Give the application on a database without tables."""
    app = create_app(make_settings(make_database(), tmp_path))
    with app.app_context():
        flask_migrate.downgrade(revision="base")
        yield app
        close_connections(app)


def list_tables() -> set[str]:
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory(str(MIGRATIONS)).get_heads()) == 1


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_migration_goes_up_down_and_up_again(bare_app: Flask, revision: str) -> None:
    flask_migrate.upgrade(revision=revision)
    there = list_tables()
    flask_migrate.downgrade(revision="-1")
    flask_migrate.upgrade(revision=revision)
    assert list_tables() == there


def test_all_the_way_down_leaves_no_table(bare_app: Flask) -> None:
    flask_migrate.upgrade()
    assert list_tables() == set(Base.metadata.tables)
    flask_migrate.downgrade(revision="base")
    assert list_tables() == set()


def test_the_migrations_make_what_the_models_describe(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []

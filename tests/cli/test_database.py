"""Errors about a database that cannot be used, and migrations of one that can."""

import socket
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from dashboard.cli.database import DatabaseError, migrate_database
from dashboard.cli.postgres.server import Server
from dashboard.config import Settings, SettingsError, load_settings
from tests.support.databases import MakeDatabase


def make_settings(url: str, directory: Path) -> Settings:
    """Return settings for a database, their secrets kept in a directory."""
    return load_settings({"DATABASE_URL": url, "DASHBOARD_DATA_DIR": str(directory)})


@pytest.mark.parametrize(
    ("url", "error", "words"),
    [
        ("postgresql://u:hidden@127.0.0.1:1/none", DatabaseError, "Connection refused"),
        ("postgresql://u:hidden@none.invalid/none", DatabaseError, "none.invalid"),
        ("postgresql://u:hid@den@127.0.0.1/none", SettingsError, "%40"),
        ("postgresql://u:hidden@127.0.0.1:port/none", SettingsError, "postgresql://user:password@host:5432/name"),
        ("postgresql://u:hidden@127.0.0.1/none?nonsense=1", DatabaseError, "nonsense"),
    ],
)
def test_an_unusable_database_is_reported_in_one_line(
    url: str, error: type[Exception], words: str, tmp_path: Path
) -> None:
    with pytest.raises(error) as raised:
        migrate_database(make_settings(url, tmp_path))
    message = str(raised.value)
    assert "DATABASE_URL" in message
    assert words in message
    assert "\n" not in message
    assert "den@" not in message


def test_connecting_to_a_database_that_never_answers_times_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(DatabaseError, match="timeout expired"):
        migrate_database(make_settings(f"postgresql://u:p@127.0.0.1:{silent.getsockname()[1]}/none", tmp_path))


def test_missing_database_is_named(postgres: Server, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match='"missing" does not exist'):
        migrate_database(make_settings(postgres.url_of("missing"), tmp_path))


def test_migrating_twice_equals_migrating_once(make_database: MakeDatabase, tmp_path: Path) -> None:
    settings = make_settings(make_database(), tmp_path)
    migrate_database(settings)
    migrate_database(settings)
    engine = create_engine(settings.database_url or "")
    assert "deployment_events" in inspect(engine).get_table_names()
    engine.dispose()


def test_a_database_of_a_newer_release_is_not_migrated(make_database: MakeDatabase, tmp_path: Path) -> None:
    settings = make_settings(make_database(), tmp_path)
    engine = create_engine(settings.database_url or "")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'newer'"))
    engine.dispose()
    with pytest.raises(DatabaseError, match="created by another release"):
        migrate_database(settings)

"""The cache of sources: at most a few seconds old, and usable while the database does not answer."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from dashboard.access import source_cache
from dashboard.access.source_cache import SourceCache, read_sources
from dashboard.access.sources import Source, add_source, rotate_secret
from dashboard.app import create_app
from dashboard.extensions import db
from tests.support.applications import make_settings
from tests.support.servers import find_free_port, wait_until

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def away(tmp_path: Path) -> Flask:
    """Give an application whose database does not answer."""
    return create_app(make_settings(f"postgresql://127.0.0.1:{find_free_port()}/none", tmp_path / "away"))


def add(app: Flask, name: str) -> None:
    """Add a source to the application's database."""
    add_source(db.engine, app.config["SETTINGS"], NOON, Source(name, (f"secret of {name}",)))


def read_names(cache: SourceCache) -> list[str]:
    """Return the names of the sources that may post."""
    return [source.name for source in cache.read(NOON)]


@contextmanager
def hold_table(app: Flask) -> Iterator[Callable[[], bool]]:
    """Keep the table of sources locked, so that reading it waits; give a function that says whether something does."""
    with closing(psycopg2.connect(app.config["SETTINGS"].database_url.replace("+psycopg2", ""))) as connection:
        cursor = connection.cursor()
        cursor.execute("LOCK TABLE webhook_sources")

        def is_waited_for() -> bool:
            cursor.execute("SELECT 1 FROM pg_locks WHERE relation = 'webhook_sources'::regclass AND NOT granted")
            return cursor.fetchone() is not None

        yield is_waited_for


def start_beside(app: Flask, task: Callable[[], object]) -> threading.Thread:
    """Start a task in another thread, in a context of its own."""

    def run() -> None:
        with app.app_context():
            task()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def test_sources_are_read_again_after_they_expire(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_cache, "FRESH_S", 0.5)
    cache = SourceCache()
    assert read_names(cache) == ["default"]
    add(app, "mine")
    assert read_names(cache) == ["default"]
    wait_until(lambda: read_names(cache) == ["default", "mine"])


def test_secrets_expire_at_the_time_that_is_given(app: Flask) -> None:
    rotate_secret(db.engine, app.config["SETTINGS"], NOON, "default", secret="new", overlap=timedelta(hours=1))
    assert [source.secrets for source in read_sources(NOON + timedelta(hours=1))] == [("new",)]


def test_an_application_has_one_cache(app: Flask) -> None:
    assert read_sources(NOON) is read_sources(NOON)
    assert [source.name for source in read_sources(NOON)] == ["default"]


def test_an_added_secret_is_accepted_within_three_seconds() -> None:
    assert source_cache.FRESH_S == 3


def test_a_database_that_never_answered_is_an_error(away: Flask) -> None:
    with away.app_context(), pytest.raises(OperationalError):
        SourceCache().read(NOON)


def test_cached_sources_are_used_while_the_database_does_not_answer(
    app: Flask, away: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_cache, "FRESH_S", 0)
    cache = SourceCache()
    read_names(cache)
    with away.app_context():
        assert read_names(cache) == ["default"]


def test_a_database_that_does_not_answer_is_not_asked_again_at_once(
    app: Flask, away: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = SourceCache()
    monkeypatch.setattr(source_cache, "FRESH_S", 0)
    read_names(cache)
    monkeypatch.setattr(source_cache, "FRESH_S", 60)
    with away.app_context():
        read_names(cache)
    add(app, "mine")
    assert read_names(cache) == ["default"]


def test_one_request_waits_for_a_slow_database_and_others_use_the_cache(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_cache, "FRESH_S", 0)
    cache = SourceCache()
    read_names(cache)
    add(app, "mine")
    read: list[list[str]] = []
    with hold_table(app) as is_waited_for:
        reading = start_beside(app, lambda: read.append(read_names(cache)))
        wait_until(is_waited_for)
        began = time.monotonic()
        assert read_names(cache) == ["default"]
        assert time.monotonic() - began < 1
        assert read == []
    reading.join()
    assert read == [["default", "mine"]]


def test_with_an_empty_cache_all_requests_wait_for_the_one_that_reads(app: Flask) -> None:
    cache = SourceCache()
    read: list[list[Source]] = []
    with hold_table(app) as is_waited_for:
        readings = [start_beside(app, lambda: read.append(cache.read(NOON))) for _ in range(2)]
        wait_until(is_waited_for)
    for reading in readings:
        reading.join()
    first, second = read
    assert [source.name for source in first] == ["default"]
    assert first is second


def test_a_database_that_is_too_slow_from_the_start_is_an_error(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_cache, "WAIT_S", 0.1)
    cache = SourceCache()
    with hold_table(app) as is_waited_for:
        reading = start_beside(app, lambda: cache.read(NOON))
        wait_until(is_waited_for)
        with pytest.raises(PoolTimeoutError, match=r"^the sources were not read in time$"):
            cache.read(NOON)
    reading.join()
    assert read_names(cache) == ["default"]

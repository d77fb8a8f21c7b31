"""Each migration goes up and down, and together they make the tables that the models describe."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import inspect, select

from dashboard.app import create_app
from dashboard.database.migrations import MIGRATIONS
from dashboard.extensions import db
from dashboard.ingest.rows import read_node
from dashboard.models import Base, Deployment, DeploymentEvent
from tests.support.applications import close_connections, make_settings
from tests.support.databases import MakeDatabase
from tests.support.webhook_client import apply

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


def test_migrations_have_one_head() -> None:
    assert len(ScriptDirectory(str(MIGRATIONS)).get_heads()) == 1


@pytest.mark.parametrize("revision", REVISIONS)
def test_each_migration_upgrades_downgrades_and_upgrades_again(bare_app: Flask, revision: str) -> None:
    flask_migrate.upgrade(revision=revision)
    there = list_tables()
    flask_migrate.downgrade(revision="-1")
    flask_migrate.upgrade(revision=revision)
    assert list_tables() == there


def test_downgrading_to_the_base_leaves_no_table(bare_app: Flask) -> None:
    flask_migrate.upgrade()
    assert list_tables() == set(Base.metadata.tables)
    flask_migrate.downgrade(revision="base")
    assert list_tables() == set()


def test_migrations_create_the_tables_of_the_models(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_changes_of_events_survive_migration_0003_and_its_downgrade(bare_app: Flask) -> None:
    flask_migrate.upgrade(revision="0002")
    changes = {"deployment": {"message": '部署 "done"\n', "port": 80}, "jobs": [], "steps": [{"key": "a", "log": None}]}
    written = json.dumps(changes)
    with db.engine.begin() as connection:
        connection.exec_driver_sql("""
            INSERT INTO projects (id, slug, name, stamps, seq, created_at) VALUES (1, 'a', 'a', '{}', 0, now());
            INSERT INTO deployments (id, identity, project_id, dialect, attempt, generation, stamps, step_tally,
              job_tally, state, seq, sorted_at, created_at, last_report_at)
            VALUES (1, 'a', 1, 'native', 1, 0, '{}', '{}', '{}', 'queued', 2000, now(), now(), now());
        """)
        statement = (
            "INSERT INTO deployment_events SELECT 1, n, 'step.updated', %s, now() FROM generate_series(1, 2000) n"
        )
        connection.exec_driver_sql(statement, (written,))
    flask_migrate.upgrade(revision="0003")
    with db.session.begin():
        rows = db.session.scalars(select(DeploymentEvent.changes)).all()
    assert len(rows) == 2000
    assert all(row == changes for row in rows)
    flask_migrate.downgrade(revision="0002")
    with db.engine.connect() as connection:
        count = "SELECT count(*) FROM deployment_events WHERE changes = %s::jsonb"
        assert connection.exec_driver_sql(count, (written,)).scalar_one() == 2000


def test_a_conflicting_outcome_keeps_its_values_under_the_new_names(bare_app: Flask) -> None:
    flask_migrate.upgrade(revision="0004")
    old = {"conclusion": "failure", "status_raw": "failed", "completed_at": None, "said_at": "2026-01-01T00:00:00Z"}
    with db.engine.begin() as connection:
        connection.exec_driver_sql(
            """
            INSERT INTO projects (id, slug, name, stamps, seq, created_at) VALUES (1, 'a', 'a', '{}', 0, now());
            INSERT INTO deployments (id, identity, project_id, dialect, attempt, generation, stamps, step_tally,
              job_tally, state, seq, sorted_at, created_at, last_report_at, said_at, rival)
            VALUES (1, 'a', 1, 'native', 1, 0, '{}', '{}', '{}', 'queued', 1, now(), now(), now(), now(), %s),
              (2, 'b', 1, 'native', 1, 0, '{}', '{}', '{}', 'queued', 1, now(), now(), now(), NULL, NULL);
            """,
            (json.dumps(old),),
        )
    flask_migrate.upgrade(revision="0005")
    read = "SELECT reported_at IS NOT NULL, conflicting_outcome FROM deployments ORDER BY id"
    with db.engine.connect() as connection:
        new = {**old, "reported_at": old["said_at"]}
        del new["said_at"]
        assert connection.exec_driver_sql(read).all() == [(True, new), (False, None)]
    flask_migrate.downgrade(revision="0004")
    with db.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT rival FROM deployments ORDER BY id").scalars().all() == [old, None]


def test_both_ends_of_a_conflict_survive_migration_0006(bare_app: Flask) -> None:
    flask_migrate.upgrade(revision="0005")
    other = {
        "conclusion": "failure",
        "status_raw": "failed",
        "completed_at": None,
        "reported_at": "2026-01-01T12:00:09Z",
    }
    with db.engine.begin() as connection:
        connection.exec_driver_sql(
            """
            INSERT INTO projects (id, slug, name, stamps, seq, created_at) VALUES (1, 'a', 'a', '{}', 0, now());
            INSERT INTO deployments (id, identity, project_id, dialect, attempt, generation, stamps, step_tally,
              job_tally, state, seq, sorted_at, created_at, last_report_at, status, conclusion, status_raw, started_at,
              completed_at, conflicting_outcome)
            VALUES (1, 'a', 1, 'native', 1, 3, '{}', '{}', '{}', 'success', 1, now(), now(), now(), 'completed',
              'success', 'ok', '2026-01-01 12:00:00.5+00', '2026-01-01 12:00:10+00', %s);
            """,
            (json.dumps(other),),
        )
    flask_migrate.upgrade()
    with db.session.begin():
        node = read_node(dict(db.session.execute(select(Deployment.__table__)).mappings().one()))
    noon, (success, failure) = datetime(2026, 1, 1, 12, tzinfo=UTC), node.outcomes
    assert (success.conclusion, success.raw, success.generation) == ("success", "ok", 3)
    assert (failure.conclusion, failure.raw, failure.generation) == ("failure", "failed", 3)
    assert node.started_at == noon + timedelta(seconds=0.5)
    assert (success.completed_at, failure.reported_at) == (noon + timedelta(seconds=10), noon + timedelta(seconds=9))


def read_tallies() -> list[Any]:
    """Return the tallies and states of deployments, and the tallies of jobs."""
    with db.engine.connect() as connection:
        deployments = connection.exec_driver_sql("SELECT id, job_tally, step_tally, state FROM deployments ORDER BY id")
        jobs = connection.exec_driver_sql("SELECT deployment_id, key, step_tally FROM deployment_jobs ORDER BY 1, 2")
        return [*deployments.all(), *jobs.all()]


def test_migration_0007_counts_what_waits_as_ingest_does(app: Flask) -> None:
    words = ("waiting", "success", "failed", "running")
    held, done, failed, running = ({"name": word, "status": word} for word in words)
    jobs = [
        {"name": "says so", "status": "waiting"},
        {"name": "a step says so", "status": "running", "steps": [done, held]},
        {"name": "not while another step runs", "status": "running", "steps": [running, held]},
        {"name": "may fail", "status": "waiting", "allowed_to_fail": True},
        {"name": "without a status", "steps": [done, held]},
        {"name": "without a status, failed", "steps": [failed, held]},
        {"name": "ended", "status": "failed", "steps": [held]},
    ]
    for number, (status, *some) in enumerate(
        [("running", *jobs), ("running", jobs[4]), ("waiting",), ("failed", *jobs)]
    ):
        assert apply(app.test_client(), run_id=str(number), status=status, jobs=some)["verdict"] == "applied"
    counted = read_tallies()
    assert [row.state for row in counted[:4]] == ["running", "waiting", "waiting", "failed"]
    db.engine.dispose()
    flask_migrate.downgrade(revision="0006")
    assert "waiting" not in str([(row[1], row[2]) for row in read_tallies()[:4]])
    flask_migrate.upgrade()
    assert read_tallies() == counted

"""A running dashboard fills the search index of old deployments."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from dashboard.app import create_app
from dashboard.extensions import db
from dashboard.maintenance import scheduler
from dashboard.maintenance.search_index import index_new_deployments
from dashboard.models.deployment_terms import DeploymentTerms
from tests.support.applications import close_connections, make_settings
from tests.support.databases import MakeDatabase
from tests.support.fixtures import StartDashboard
from tests.support.ingest import ingest, make_incoming, make_report
from tests.support.plans import note_statements
from tests.support.rows import Rows
from tests.support.servers import wait_until


def test_a_running_dashboard_indexes_old_deployments(
    make_database: MakeDatabase, start_dashboard: StartDashboard, tmp_path: Path
) -> None:
    database_url = make_database()
    app = create_app(make_settings(database_url, tmp_path))
    with app.app_context():
        ingest(*(make_incoming(make_report(run_id=str(number), branch="main")) for number in range(250)))
        close_connections(app)
    start_dashboard(database_url)
    rows = Rows(database_url)
    wait_until(lambda: rows.fetch("SELECT count(*) FROM deployment_terms") == [(250,)])
    rows.close()


@pytest.mark.parametrize(("hours_ago", "max_statements"), [(None, 1), (0, 2), (5, 7)])
def test_the_first_run_does_not_scan_before_the_oldest_event(
    app: Flask, hours_ago: int | None, max_statements: int
) -> None:
    if hours_ago is not None:
        received_at = datetime.now(UTC) - timedelta(hours=hours_ago, minutes=2)
        ingest(make_incoming(make_report(), received_at=received_at))
    reindex = scheduler._make_reindexing(db.engine)
    with note_statements(db.engine) as notes:
        reindex()
    assert 1 <= len(notes) <= max_statements


def test_the_first_run_indexes_changes_made_while_no_dashboard_ran(app: Flask) -> None:
    day_ago = datetime.now(UTC) - timedelta(days=1)
    ingest(make_incoming(make_report(branch="main"), received_at=day_ago))
    index_new_deployments(db.engine, datetime.now(UTC))
    ingest(make_incoming(make_report(message="hotfix"), received_at=day_ago + timedelta(hours=1)))
    before = read_terms()
    scheduler._make_reindexing(db.engine)()
    assert set(before) < set(read_terms())


def read_terms() -> list[int]:
    """Return the terms of the only deployment that is indexed."""
    db.session.rollback()
    (terms,) = db.session.scalars(select(DeploymentTerms.terms)).all()
    return terms

"""A running dashboard fills the index that old deployments are searched by."""

from pathlib import Path

from dashboard.app import create_app
from tests.support.applications import close_connections, make_settings
from tests.support.databases import MakeDatabase
from tests.support.deliveries import ingest, make_incoming, make_report
from tests.support.fixtures import StartDashboard
from tests.support.rows import Rows
from tests.support.servers import wait_until


def test_old_deployments_come_into_the_index_by_themselves(
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

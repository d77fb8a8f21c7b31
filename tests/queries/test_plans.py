"""With a large past, no page and no API route reads much more of it than it shows."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from dashboard.app import create_app
from dashboard.extensions import db
from dashboard.ingest.statements import read_usual_gaps
from tests.support.applications import close_connections, make_settings
from tests.support.databases import MakeDatabase
from tests.support.large_past import fill
from tests.support.plans import count_rows, explain, note_statements, read_plan
from tests.support.servers import SECRET

DEPLOYMENTS, PROJECTS, DAYS = 20_000, 30, 20
MAX_ROWS = 6000
"""That one node of a plan may look at: what is counted for the charts of a busy project."""
LARGE = {"deployments", "deployment_jobs", "deployment_steps", "deployment_events", "deliveries", "deployment_terms"}
FILTERS = (
    "q=main", "q=nothing-like-it", "q=王", "state=failed", "state=cancelled", "state=running", "state=stale",
    "environment=test", "environment=nowhere", "branch=feature/17", "triggered_by=nobody", "project=bench-000",
    "project=bench-000&environment=test", "project=bench-000&q=nothing-like-it", "project=bench-006&state=cancelled",
    "since=2024-01-01T00:00:00Z&until=2024-01-02T00:00:00Z", "q=order&branch=nowhere&state=failed",
)  # fmt: skip
DELIVERIES = (
    "",
    "q=nothing",
    "project=bench-000",
    "event=none",
    "verdict=failed",
    "source=default",
    "deployment_id=19000",
)
PATHS = (
    "/", "/projects/bench-000", "/projects/bench-006", "/deployments",
    "/deployments/19990", "/deployments/19000", "/deployments/100", "/api/projects", "/api/projects/bench-000",
    "/api/deployments", "/api/deployments?limit=200", "/api/deployments/19000",
    "/api/deployments/19000/events?since=0", "/api/cicd/runs/10010000", "/api/cicd/runs/none",
    *(f"/api/deployments?{filters}" for filters in FILTERS),
    *(f"/api/deliveries?{filters}" for filters in DELIVERIES), "/deliveries", "/deployments?project=bench-000&q=cart",
)  # fmt: skip


@pytest.fixture(scope="module")
def large(make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Give the application on a database with a past."""
    database_url, directory = make_database(), tmp_path_factory.mktemp("large")
    fill(database_url, DEPLOYMENTS, projects=PROJECTS, days=DAYS)
    app = create_app(make_settings(database_url, Path(directory)))
    yield app
    with app.app_context():
        close_connections(app)


@pytest.mark.parametrize("path", PATHS)
def test_no_request_reads_a_large_table_without_an_index(path: str, large: Flask) -> None:
    with large.app_context():
        engine = db.engine
    with note_statements(engine) as notes:
        answer = large.test_client().get(path, headers={"Authorization": f"Bearer {SECRET}"})
    assert answer.status_code in {200, 404}
    assert notes
    for note in notes:
        for node in explain(engine, note):
            table = node.get("Relation Name")
            is_listed = node["Node Type"] == "Seq Scan" and table in LARGE
            assert not is_listed or count_rows(node) <= MAX_ROWS, f"{table} is read through: {note.statement}"
            assert table != "deployments" or count_rows(node) <= MAX_ROWS, f"too much is read: {note.statement}"


def test_a_new_deployment_reads_few_others_of_its_project(large: Flask) -> None:
    with large.app_context(), db.engine.connect() as connection:
        assert read_usual_gaps(connection, {(1, "native")}) == {(1, "native"): 0}
        plan = read_plan(connection, "EXECUTE read_usual_gaps('{1}', '{native}')")
    looked_at = [count_rows(node) for node in plan if node.get("Relation Name") == "deployments"]
    assert sum(looked_at) <= 30

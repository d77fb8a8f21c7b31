"""Projects with their strips: the right deployments, by a constant number of statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from dashboard.extensions import db, open_reader
from dashboard.queries.projects import get_project, list_projects
from tests.support.ingest import NOW, ingest_each, make_report


@contextmanager
def count_statements() -> Iterator[list[str]]:
    """Give the list to which every statement is added that is executed inside."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield statements
    event.remove(db.engine, "before_cursor_execute", note)


def deploy(project: str, run: int, **payload: object) -> int:
    """Report a deployment at that minute; return its id."""
    times = {"started_at": f"2026-06-01T10:{run:02}:00Z", "completed_at": f"2026-06-01T10:{run:02}:30Z"}
    return ingest_each([make_report(project=project, run_id=str(run), **{"status": "success", **times, **payload})])


def test_a_strip_shows_the_twenty_newest_deployments_of_its_project(app: Flask) -> None:
    ids = [deploy("shop", run, status="failed" if run % 2 else "success") for run in range(22)]
    other = deploy("docs", 30, environment="staging")
    docs, shop = list_projects(open_reader(NOW))
    assert [outcome["id"] for outcome in shop["outcomes"]] == ids[:1:-1]
    assert [outcome["state"] for outcome in shop["outcomes"][:3]] == ["failed", "success", "failed"]
    assert shop["outcomes"][0]["duration_s"] == 30
    assert [outcome["id"] for outcome in docs["outcomes"]] == [other]
    assert docs["environments"] == ["staging"]


@pytest.mark.parametrize(
    "payload",
    [
        {"status": "success", "steps": [{"name": "build", "status": "failed", "started_at": "2026-06-01T10:00:10Z"}]},
        {"status": "running", "completed_at": None},
        {"status": "running", "completed_at": None, "duration_s": 7.25},
        {"status": "success", "duration_s": 41.5},
        {"completed_at": "2026-06-01T10:02:00.123457Z"},
        {"completed_at": "2026-06-01T10:01:59Z"},
        {"started_at": None, "completed_at": None},
        {"started_at": None, "completed_at": None, "status": "failed"},
        {"started_at": None, "steps": [{"name": "build", "started_at": "2026-06-01T10:02:10Z"}]},
        {"status": "cancelled"},
    ],
    ids=str,
)
def test_an_outcome_of_a_strip_equals_the_view_of_its_deployment(payload: dict[str, object], app: Flask) -> None:
    deploy("shop", 2, **payload)
    for now in (NOW, NOW + timedelta(days=1)):
        db.session.rollback()
        shop = get_project(open_reader(now), "shop")
        assert shop is not None
        last, (outcome,) = shop["last_deployment"], shop["outcomes"]
        assert last is not None
        assert outcome.items() <= last.items()
        assert set(outcome) == {"id", "seq", "sorted_at", "environment", "state", "duration_s"}


def test_the_number_of_statements_does_not_grow_with_projects(app: Flask) -> None:
    for number in range(12):
        deploy(f"project-{number}", 1)
    with count_statements() as statements:
        assert len(list_projects(open_reader(NOW))) == 12
    assert len(statements) <= 4

"""Projects that several transactions create, rename or recognise at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from dashboard.core.report import Report
from dashboard.extensions import db
from dashboard.ingest.batch import ingest_deliveries
from dashboard.ingest.delivery import Receipt
from dashboard.webhooks.dialects import github
from tests.support.bodies.github import make_run
from tests.support.ingest import ingest, make_incoming, make_report
from tests.support.parsed_reports import only


def report_run(path: str, repository_id: int | None, run: int) -> Report:
    """Return the report on a run in a repository."""
    place: dict[str, Any] = {"full_name": path, "html_url": f"https://github.com/{path}"}
    if repository_id is not None:
        place["id"] = repository_id
    return only(github.parse("workflow_run", make_run("in_progress", id=run) | {"repository": place}))


def ingest_at_once(application: Flask, reports: list[Report]) -> list[Receipt]:
    """Apply each report in a transaction of its own, all at the same moment."""
    gate = threading.Barrier(len(reports))
    with application.app_context():
        engine = db.engine

    def apply(report: Report) -> Receipt:
        gate.wait()
        return ingest_deliveries(engine, [make_incoming(report)], application.config["SETTINGS"])[0]

    with ThreadPoolExecutor(len(reports)) as pool:
        return list(pool.map(apply, reports))


def list_projects(application: Flask) -> dict[str, int]:
    """Return the number of deployments by slug of the project."""
    query = "SELECT slug, count(*) AS number FROM projects JOIN deployments ON project_id = projects.id GROUP BY slug"
    with application.app_context(), db.engine.connect() as connection:
        return {row.slug: row.number for row in connection.execute(text(query))}


@pytest.mark.parametrize("attempt", range(5))
def test_concurrent_first_reports_make_one_project_per_repository(application: Flask, attempt: int) -> None:
    reports = [report_run("acme/shop", 7 if run % 2 else None, run) for run in range(1, 5)]
    receipts = ingest_at_once(application, [*reports, report_run("acme-shop", 8, 5), make_report(project="acme-shop")])
    assert {receipt.verdict for receipt in receipts} == {"applied"}
    found = list_projects(application)
    assert set(found) == {"acme-shop", "acme-shop-2", "acme-shop-3"}
    assert sorted(found.values()) == [1, 1, 4]


@pytest.mark.parametrize("attempt", range(5))
def test_reports_during_a_rename_stay_in_one_project(application: Flask, attempt: int) -> None:
    ingest_at_once(application, [report_run("acme/old", 7, 1)])
    ingest_at_once(application, [report_run("acme/shop", None, 2)])
    names = ("acme/shop", "acme/old")
    reports = [report_run(names[run % 2], 7, run) for run in range(3, 7)] + [report_run("acme/shop", None, 7)]
    assert {receipt.verdict for receipt in ingest_at_once(application, reports)} == {"applied"}
    assert list_projects(application) == {"acme-shop": 7}


def test_names_of_one_batch_leave_their_addresses(application: Flask) -> None:
    with application.app_context():
        ingest(*(make_incoming(report_run(path, 7, 1)) for path in ("acme/new", "acme/old", "acme/a")))
        with db.engine.connect() as connection:
            assert connection.execute(text("SELECT slug FROM projects")).scalars().all() == ["acme-old"]
            former = connection.execute(text("SELECT slug FROM former_slugs ORDER BY slug")).scalars().all()
    assert former == ["acme-a", "acme-new"]

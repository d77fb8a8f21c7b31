"""Deletion of old deployments: which ones, with which rows, and while reports on them arrive."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from dashboard.core.words import Verdict
from dashboard.extensions import db
from dashboard.http.context import current_settings
from dashboard.ingest.batch import ingest_deliveries
from dashboard.maintenance.deployment_retention import BATCH_SIZE, MIN_KEPT, MIN_KEPT_OPEN, delete_old_deployments
from dashboard.maintenance.search_index import index_new_deployments
from tests.support.ingest import NOW, ingest, make_incoming, make_report

MOMENT = timedelta(seconds=1)


def keep(app: Flask, *, days: int = 0, count: int = 0) -> None:
    """Set what every project keeps."""
    limits = {"deployments_days": days, "deployments_per_project": count}
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], **limits)


def deploy(name: str, days_ago: float, **payload: Any) -> None:
    """Report a deployment whose run id is this name, so many days ago and all at once."""
    at = NOW - timedelta(days=days_ago)
    report = make_report(run_id=name, **{"status": "success", "timestamp": at.isoformat(), **payload})
    ingest(make_incoming(report, received_at=at))


def list_kept() -> list[str]:
    return [row[0] for row in query("SELECT run_id FROM deployments ORDER BY run_id")]


def query(statement: str) -> list[Any]:
    """Run a statement, commit, and return its rows."""
    with db.engine.begin() as connection:
        result = connection.exec_driver_sql(statement)
        return list(result) if result.returns_rows else []


def test_everything_is_kept_by_default(app: Flask) -> None:
    for name, days in (("a", 2000), ("b", 1000)):
        deploy(name, days)
    assert delete_old_deployments(db.engine, current_settings(), NOW) == 0
    assert list_kept() == ["a", "b"]


def test_deployments_older_than_the_limit_are_deleted(app: Flask) -> None:
    for name, days in (("a", 91), ("b", 90.01), ("c", 89.9), ("d", 1)):
        deploy(name, days)
    keep(app, days=90)
    assert delete_old_deployments(db.engine, current_settings(), NOW) == 2
    assert list_kept() == ["c", "d"]


def test_each_project_keeps_its_newest_deployments_up_to_the_count(app: Flask) -> None:
    for project in ("shop", "docs"):
        for number in range(5):
            deploy(f"{project} {number}", 100 - number, project=project)
    keep(app, count=2)
    assert delete_old_deployments(db.engine, current_settings(), NOW) == 6
    assert list_kept() == ["docs 3", "docs 4", "shop 3", "shop 4"]


def test_a_project_may_have_its_own_limits(app: Flask) -> None:
    for project in ("shop", "docs", "blog"):
        for number in range(3):
            deploy(f"{project} {number}", 100 - number, project=project)
    keep(app, days=30)
    query("UPDATE projects SET keep_days = 0 WHERE slug = 'docs'")
    query("UPDATE projects SET keep_days = 0, keep_count = 2 WHERE slug = 'blog'")
    delete_old_deployments(db.engine, current_settings(), NOW)
    assert list_kept() == ["blog 1", "blog 2", "docs 0", "docs 1", "docs 2", "shop 2"]


def test_the_last_success_and_the_newest_of_each_environment_are_kept(app: Flask) -> None:
    deploy("a", 400, environment="production")
    deploy("b", 399, environment="production")
    deploy("c", 398, environment="production", status="failed")
    deploy("d", 397, environment="production", status="failed")
    deploy("e", 396, environment="test")
    deploy("f", 1, environment="test")
    keep(app, days=30, count=1)
    delete_old_deployments(db.engine, current_settings(), NOW)
    assert list_kept() == ["b", "d", "f"]


@pytest.mark.parametrize(("status", "silence"), [("success", MIN_KEPT), ("running", MIN_KEPT_OPEN)])
def test_deployments_that_may_still_report_are_not_deleted(status: str, silence: timedelta, app: Flask) -> None:
    for name, age in (("a", silence + MOMENT), ("b", silence - MOMENT)):
        deploy(name, age / timedelta(days=1), status=status)
    deploy("c", 0.5)
    keep(app, days=1, count=1)
    delete_old_deployments(db.engine, current_settings(), NOW)
    assert list_kept() == ["b", "c"]


def test_rows_of_a_deployment_are_deleted_with_it_except_its_deliveries(app: Flask) -> None:
    deploy("a", 100, steps=[{"name": "build", "status": "success"}])
    deploy("b", 50)
    index_new_deployments(db.engine, NOW)
    keep(app, days=60)
    delete_old_deployments(db.engine, current_settings(), NOW)
    for table in ("deployment_jobs", "deployment_steps"):
        assert query(f"SELECT * FROM {table}") == []
    for table in ("deployment_events", "deployment_terms"):
        assert len(query(f"SELECT * FROM {table}")) == 1
    assert [row[0] is None for row in query("SELECT deployment_id FROM deliveries ORDER BY received_at")] == [
        True,
        False,
    ]


def test_one_call_deletes_several_batches(app: Flask) -> None:
    number = 2 * BATCH_SIZE + 5
    at = NOW - timedelta(days=100)
    ingest(*(make_incoming(make_report(run_id=str(n), status="ok"), received_at=at) for n in range(number)))
    keep(app, count=3)
    assert delete_old_deployments(db.engine, current_settings(), NOW) == number - 3
    assert delete_old_deployments(db.engine, current_settings(), NOW) == 0


def test_a_locked_deployment_is_skipped_until_the_next_call(app: Flask) -> None:
    for name, days in (("a", 100), ("b", 99), ("c", 1)):
        deploy(name, days)
    keep(app, days=30)
    with db.engine.begin() as busy:
        busy.exec_driver_sql("SELECT FROM deployments WHERE run_id = 'a' FOR UPDATE")
        assert delete_old_deployments(db.engine, current_settings(), NOW) == 1
        assert list_kept() == ["a", "c"]
    assert delete_old_deployments(db.engine, current_settings(), NOW) == 1


def test_a_late_report_on_a_deleted_deployment_creates_it_again(app: Flask) -> None:
    deploy("a", 100, branch="main")
    deploy("b", 1)
    keep(app, days=30)
    delete_old_deployments(db.engine, current_settings(), NOW)
    deploy("a", 0, message="late")
    assert query("SELECT run_id, branch, message FROM deployments WHERE run_id = 'a'") == [("a", None, "late")]


def test_concurrent_reports_and_deletion_lose_nothing(app: Flask) -> None:
    """Old deployments are deleted while reports on all of them come in, in batches of four senders at once."""
    at, number = NOW - timedelta(days=100), 200
    reports = [make_report(run_id=str(n), status="ok", steps=[{"name": "a", "status": "ok"}]) for n in range(number)]
    ingest(*(make_incoming(report, received_at=at) for report in reports))
    deploy("newest", 0)
    keep(app, days=30)
    settings = app.config["SETTINGS"]

    def send(first: int) -> Sequence[Verdict]:
        answered: list[Verdict] = []
        for start in range(first, number, 20):
            batch = [make_incoming(report, received_at=at) for report in reports[start : start + 20]]
            answered += [receipt.verdict for receipt in ingest_deliveries(db_engine, batch, settings)]
        return answered

    def delete() -> None:
        with app.app_context():
            for _ in range(4):
                delete_old_deployments(db.engine, current_settings(), NOW)

    db_engine = db.engine
    with ThreadPoolExecutor(5) as pool:
        deleting = pool.submit(delete)
        verdicts = [verdict for answered in pool.map(send, (0, 5, 10, 15)) for verdict in answered]
        deleting.result()
    assert set(verdicts) == {Verdict.APPLIED}
    delete_old_deployments(db.engine, current_settings(), NOW)
    assert list_kept() == ["newest"]

"""What a batch of deliveries stores, whatever their order and number."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import InternalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from dashboard.core.report import Report
from dashboard.core.words import Verdict
from dashboard.extensions import db, open_reader
from dashboard.ingest.batch import ingest_deliveries
from dashboard.maintenance.staleness import announce_stale
from dashboard.queries.events import list_events
from tests.support.arbitrary_reports import reports
from tests.support.ingest import (
    NOW,
    ingest,
    ingest_each,
    make_incoming,
    make_report,
    read_view,
    replay_events,
    strip_receipt,
)

with_database = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
series_of_reports = st.lists(reports(), min_size=1, max_size=6)


@pytest.fixture(autouse=True)
def _application(app: Flask) -> None:
    """Run within the application."""


def forget_everything() -> None:
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text("TRUNCATE projects, deployments, delivery_keys, deliveries RESTART IDENTITY CASCADE"))


@with_database
@given(series_of_reports, st.randoms())
def test_any_order_and_repetition_gives_the_same_deployment(series: list[Report], random: Random) -> None:
    forget_everything()
    expected = strip_receipt(read_view(ingest_each(series)))
    shuffled = series + random.choices(series, k=2)
    random.shuffle(shuffled)
    forget_everything()
    assert strip_receipt(read_view(ingest_each(shuffled))) == expected


@with_database
@given(series_of_reports)
def test_one_batch_gives_the_same_deployment_as_single_deliveries(series: list[Report]) -> None:
    forget_everything()
    expected = strip_receipt(read_view(ingest_each(series)))
    forget_everything()
    receipts = ingest(*(make_incoming(report) for report in series))
    assert strip_receipt(read_view(receipts[0].deployment_id or 0)) == expected


@with_database
@given(series_of_reports)
def test_a_page_that_received_all_events_equals_a_fresh_page(series: list[Report]) -> None:
    forget_everything()
    number = ingest_each(series)
    fresh = read_view(number)
    events = list_events(open_reader(), number, 0)
    assert events is not None
    assert [event["seq"] for event in events] == list(range(1, fresh["seq"] + 1))
    seen = replay_events(events)
    jobs = fresh.pop("jobs")
    assert seen["deployment"] == {name: value for name, value in fresh.items() if name not in {"id", "seq"}}
    assert set(seen["jobs"]) == {job["key"] for job in jobs}
    for job in jobs:
        steps = job.pop("steps")
        job.pop("current_step_index")
        assert seen["jobs"][job["key"]] == job
        for step in steps:
            assert seen["steps"].pop((step["job"], step["key"])) == step
    assert seen["steps"] == {}


@with_database
@given(series_of_reports)
def test_the_tallies_of_a_deployment_match_its_rows(series: list[Report]) -> None:
    forget_everything()
    view = read_view(ingest_each(series))
    steps = [step for job in view["jobs"] for step in job["steps"]]
    assert view["total_steps"] == len(steps)
    assert view["completed_steps"] == sum(step["is_done"] for step in steps)
    assert view["total_jobs_visible"] == len(view["jobs"])
    assert view["completed_jobs"] == sum(job["status"] == "completed" for job in view["jobs"])


def test_a_report_that_changes_nothing_is_applied_with_the_same_seq() -> None:
    first, second = ingest_twice(make_report(status="running"))
    assert (second.verdict, second.seq) == (Verdict.APPLIED, first.seq)


def test_a_batch_may_contain_a_delivery_twice() -> None:
    twin = make_incoming(make_report(status="running"), key="k"), make_incoming(make_report(status="running"), key="k")
    receipts = ingest(*twin)
    assert [receipt.verdict for receipt in receipts] == [Verdict.APPLIED, Verdict.DUPLICATE]
    assert {receipt.deployment_id for receipt in receipts} == {1}


def test_a_delivery_that_cannot_be_stored_fails_alone() -> None:
    poisoned = make_incoming(make_report(run_id="2", message="fine"))
    object.__setattr__(poisoned.reports[0].deployment, "fields", {"message": (0, 0, "a NUL \x00 that slipped in")})
    good = make_incoming(make_report(step_name="build", step_status="success"), key="k")
    receipts = ingest(poisoned, good)
    assert [receipt.verdict for receipt in receipts] == [Verdict.FAILED, Verdict.APPLIED]
    assert count_rows("deployments") == 1
    assert count_rows("deliveries") == 2


def test_in_a_large_batch_only_invalid_deliveries_fail() -> None:
    batch = [make_incoming(make_report(run_id=str(number), message="fine")) for number in range(20)]
    for guilty in (3, 4, 17):
        fields = {"message": (0, 0, "a NUL \x00 that slipped in")}
        object.__setattr__(batch[guilty].reports[0].deployment, "fields", fields)
    failed = [place for place, receipt in enumerate(ingest(*batch)) if receipt.verdict == Verdict.FAILED]
    assert failed == [3, 4, 17]


def test_a_failed_delivery_does_not_claim_its_key() -> None:
    poisoned = make_incoming(make_report(), key="k")
    object.__setattr__(poisoned.reports[0].deployment, "fields", {"message": (0, 0, "\x00")})
    ingest(poisoned)
    assert ingest(make_incoming(make_report(status="running"), key="k"))[0].verdict == Verdict.APPLIED


def test_a_single_step_costs_the_same_among_two_as_among_five_hundred() -> None:
    ingest(make_incoming(make_report(steps=[{"name": "s0", "status": "running"}])))
    # After this every statement has been prepared.
    ingest(make_incoming(make_report(step_name="s1", step_status="running")))
    few = measure(lambda: ingest(make_incoming(make_report(step_name="one more", step_status="running"))))
    ingest(make_incoming(make_report(steps=[{"name": f"s{n}", "status": "running"} for n in range(500)])))
    many = measure(lambda: ingest(make_incoming(make_report(step_name="and one more", step_status="running"))))
    assert many == few


def test_open_steps_become_unknown_with_an_event_when_their_deployment_ends() -> None:
    number = ingest_each([make_report(step_name="build", step_status="running"), make_report(status="failed")])
    events = list_events(open_reader(), number, 1)
    assert events is not None
    assert events[0]["kind"] == "deployment.completed"
    assert [step["state"] for step in events[0]["steps"]] == ["unknown"]


def test_a_late_report_corrects_a_step_after_the_end() -> None:
    ended = [make_report(step_name="build", step_status="running"), make_report(status="success")]
    view = read_view(ingest_each([*ended, make_report(step_name="build", step_status="failed")]))
    assert view["state"] == "partial"
    assert view["jobs"][0]["steps"][0]["state"] == "failed"


def test_any_later_report_ends_staleness() -> None:
    report = make_report(status="running")
    (first,) = ingest(make_incoming(report))
    much_later = NOW + timedelta(hours=1)
    assert read_view(first.deployment_id or 0, much_later)["state"] == "stale"
    (second,) = ingest(make_incoming(report, received_at=much_later))
    assert (first.seq, second.seq) == (1, 2)
    assert read_view(first.deployment_id or 0, much_later)["state"] == "running"


def test_a_report_received_before_the_stale_announcement_ends_staleness() -> None:
    (first,) = ingest(make_incoming(make_report(status="running")))
    assert announce_stale(db.engine, NOW + timedelta(hours=1), stale_s=600) == 1
    ingest(make_incoming(make_report(message="slow"), received_at=NOW + timedelta(seconds=5)))
    events = list_events(open_reader(), first.deployment_id or 0, 1)
    assert events is not None
    assert [event["deployment"].get("state") for event in events] == ["stale", "running"]


def test_a_longer_stale_limit_ends_staleness() -> None:
    (first,) = ingest(make_incoming(make_report(status="queued")))
    announce_stale(db.engine, NOW + timedelta(hours=1), stale_s=600)
    announce_stale(db.engine, NOW + timedelta(hours=1), stale_s=7200)
    announce_stale(db.engine, NOW + timedelta(hours=1), stale_s=7200)
    events = list_events(open_reader(), first.deployment_id or 0, 1)
    assert events is not None
    assert [event["deployment"]["state"] for event in events] == ["stale", "queued"]


def test_a_running_step_of_an_ended_job_is_not_the_current_step() -> None:
    job = {"name": "build", "status": "success", "steps": [{"name": "compile", "status": "running"}]}
    view = read_view(ingest_each([make_report(status="running", jobs=[job])]))
    assert view["current_step"] is None


def test_values_of_a_project_come_from_the_latest_report_in_any_order() -> None:
    old = make_report(port=8000, service_status="running", timestamp="2026-01-01T00:00:00Z")
    new = make_report(port=9000, run_id="2", timestamp="2026-02-01T00:00:00Z")
    for pair in ((old, new), (new, old)):
        forget_everything()
        numbers = [ingest(make_incoming(report))[0].deployment_id or 0 for report in pair]
        project = read_view(numbers[0])["project"]
        assert (project["port"], project["service_status"]) == (9000, "running")


def ingest_twice(report: Report) -> list[Any]:
    return [ingest(make_incoming(report))[0] for _ in range(2)]


def count_rows(table: str) -> int:
    with db.engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def measure(action: Any) -> tuple[int, int]:
    """Return how many statements an action sends, and how many rows they give or touch."""
    counted = [0, 0]

    def count(_connection: Any, cursor: Any, *_rest: Any) -> None:
        counted[0] += 1
        counted[1] += max(cursor.rowcount, 0)

    event.listen(db.engine, "after_cursor_execute", count)
    try:
        action()
    finally:
        event.remove(db.engine, "after_cursor_execute", count)
    return counted[0], counted[1]


def test_a_delivery_without_a_database_connection_is_not_recorded_as_failed(app: Flask) -> None:
    limits = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.05}
    crowded = create_engine(db.engine.url, **limits)
    incoming = make_incoming(make_report())
    with crowded.connect(), pytest.raises(PoolTimeoutError):
        ingest_deliveries(crowded, [incoming, make_incoming(make_report())], app.config["SETTINGS"])
    crowded.dispose()
    assert db.session.scalar(text("SELECT count(*) FROM deliveries")) == 0


def test_a_database_fault_is_not_recorded_as_a_failed_delivery(app: Flask) -> None:
    with db.engine.begin() as connection:
        body = "BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'XX000'; END"
        connection.execute(text(f"CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"))
        connection.execute(text("CREATE TRIGGER fail BEFORE INSERT ON deployments EXECUTE FUNCTION fail()"))
    try:
        with pytest.raises(InternalError):
            ingest_deliveries(db.engine, [make_incoming(make_report())], app.config["SETTINGS"])
    finally:
        with db.engine.begin() as connection:
            connection.execute(text("DROP FUNCTION fail() CASCADE"))
    assert db.session.scalar(text("SELECT count(*) FROM deliveries")) == 0

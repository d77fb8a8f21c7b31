"""The usual silence, computed from a project's past runs."""

from datetime import timedelta

import pytest
from flask import Flask

from dashboard.core.words import State
from dashboard.extensions import db, open_reader
from dashboard.maintenance.staleness import announce_stale
from dashboard.queries.lists import DeploymentFilters, list_deployments
from tests.support.ingest import NOW, ingest, make_incoming, make_report, read_view

pytestmark = pytest.mark.usefixtures("app")


def report(run: int, status: str, at_s: int) -> int:
    """Report on a run so many seconds after NOW; return its deployment."""
    incoming = make_incoming(make_report(run_id=str(run), status=status), received_at=NOW + timedelta(seconds=at_s))
    number = ingest(incoming)[0].deployment_id
    assert number is not None
    return number


def run_with_gap(run: int, gap_s: int) -> None:
    """Report a run with this much silence before its last report."""
    report(run, "running", 0)
    report(run, "running", 5)
    report(run, "success", 5 + gap_s)


def test_a_run_is_stale_after_three_times_the_usual_silence(app: Flask) -> None:
    for run, gap_s in enumerate([300, 900, 1500]):
        run_with_gap(run, gap_s)
    number = report(9, "running", 0)
    assert read_view(number, NOW + timedelta(seconds=2700))["state"] == State.RUNNING
    silent = read_view(number, NOW + timedelta(seconds=2701))
    assert (silent["state"], silent["stale_since"]) == (State.STALE, "2026-06-01T12:00:00Z")


def test_lists_and_announcements_have_the_same_stale_limit(app: Flask) -> None:
    for run in (1, 2, 3):
        run_with_gap(run, 900)
    number = report(4, "running", 0)
    filters = DeploymentFilters(state=State.STALE)
    for at_s, is_stale in ((2700, False), (2701, True)):
        now = NOW + timedelta(seconds=at_s)
        listed, _ = list_deployments(open_reader(now), filters, 5, None)
        assert [view["id"] for view in listed] == ([number] if is_stale else [])
        assert announce_stale(db.engine, now, 600) == int(is_stale)


def test_one_run_that_was_silent_for_a_day_does_not_change_the_usual_silence(app: Flask) -> None:
    run_with_gap(1, 86_400)
    number = report(2, "running", 0)
    assert read_view(number, NOW + timedelta(seconds=601))["state"] == State.STALE


def test_silence_after_the_end_does_not_change_the_usual_silence(app: Flask) -> None:
    for run in (1, 2, 3):
        report(run, "running", 0)
        report(run, "success", 5)
        report(run, "success", 5000)
    number = report(4, "running", 0)
    assert read_view(number, NOW + timedelta(seconds=601))["state"] == State.STALE


def test_a_report_after_a_long_silence_makes_a_run_live_again(app: Flask) -> None:
    number = report(1, "running", 0)
    assert announce_stale(db.engine, NOW + timedelta(seconds=700), 600) == 1
    report(1, "running", 720)
    view = read_view(number, NOW + timedelta(seconds=721))
    assert (view["state"], view["stale_since"]) == (State.RUNNING, None)

"""The history of a deployment and the estimates from it, through PostgreSQL."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from flask import Flask, current_app
from sqlalchemy import event

from dashboard.extensions import db, get_or_create_state, open_reader
from dashboard.queries.estimates import TypicalTimesCache, read_typical_times
from dashboard.queries.lists import DeploymentFilters, list_deployments
from dashboard.queries.overview import snapshot_overview
from tests.support.ingest import NOW, ingest_each, make_report, read_view
from tests.support.parsed_reports import make_identity

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _application(app: Flask) -> None:
    """Run within the application."""


@pytest.fixture
def numbers() -> Iterator[int]:
    """Give run ids."""
    return count(100)


def add_run(numbers: Iterator[int], seconds: float, start: datetime = LONG_AGO, **fields: Any) -> int:
    """Report a run in which the build takes four fifths of the time and the deploying the rest; return its id."""
    middle, end = (start + timedelta(seconds=seconds * share) for share in (0.8, 1))
    steps = [
        {"name": "build", "status": "ok", "started_at": start, "completed_at": middle},
        {"name": "deploy_project", "status": "ok", "started_at": middle, "completed_at": end},
    ]
    for step in steps:
        step |= {name: value.isoformat() for name, value in step.items() if isinstance(value, datetime)}
    times = {"started_at": start.isoformat(), "completed_at": end.isoformat()}
    return ingest_each(
        [make_report(**{"run_id": str(next(numbers)), "status": "ok", **times, "steps": steps, **fields})]
    )


def add_open(**fields: Any) -> int:
    """Report a deployment which began a minute ago, and has been at its second step for ten seconds; return its id."""
    started, current = NOW - timedelta(seconds=60), NOW - timedelta(seconds=10)
    step = {"name": "deploy_project", "status": "running", "started_at": current.isoformat()}
    report = {"status": "running", "started_at": started.isoformat(), "steps": [step], **fields}
    return ingest_each([make_report(**{"run_id": "open", **report})])


def forget() -> None:
    """Clear the cache of histories."""
    get_or_create_state(TypicalTimesCache).clear()


def test_the_time_left_comes_from_the_step_in_progress(numbers: Iterator[int]) -> None:
    for seconds in (100, 150, 200):
        add_run(numbers, seconds)
    view = read_view(add_open())
    assert view["usual"] == {
        "runs": 3,
        "total": [150.0, 200.0],
        "steps": {
            "deploy/build": {"duration": [120.0, 160.0, 3], "left": [150.0, 200.0, 3]},
            "deploy/deploy_project": {"duration": [30.0, 40.0, 3], "left": [30.0, 40.0, 3]},
        },
    }
    assert view["estimate"] == {"runs": 3, "left_median_s": 20.0, "left_p90_s": 30.0, "overdue_s": 0}


@pytest.mark.parametrize(
    "fields",
    [
        {"project": "another"},
        {"environment": "staging"},
        {"status": "failed"},
        {"status": "running"},
        {"completed_at": None},
        {"completed_at": (NOW + timedelta(hours=1)).isoformat()},  # it had not ended when the open one began
    ],
    ids=str,
)
def test_only_earlier_successes_of_the_same_project_and_environment_are_history(
    numbers: Iterator[int], fields: dict[str, Any]
) -> None:
    for seconds in (100, 150):
        add_run(numbers, seconds)
    add_run(numbers, 200, **fields)
    view = read_view(add_open())
    assert (view["usual"], view["estimate"]) == (None, None)


def test_later_runs_do_not_change_the_history(numbers: Iterator[int]) -> None:
    for seconds in (100, 150, 200):
        add_run(numbers, seconds)
    opened = add_open()
    before = read_view(opened)["usual"]
    add_run(numbers, 1000)
    forget()
    assert read_view(opened)["usual"] == before


def test_only_the_fifty_newest_runs_count(numbers: Iterator[int]) -> None:
    for day in range(60):
        add_run(numbers, 100 if day < 35 else 50, LONG_AGO + timedelta(days=day))
    usual = read_view(add_open())["usual"]
    assert (usual["runs"], usual["total"]) == (50, [75.0, 100.0])


def test_the_duration_of_a_skipped_step_does_not_count(numbers: Iterator[int]) -> None:
    step = {
        "name": "build",
        "status": "skipped",
        "started_at": LONG_AGO.isoformat(),
        "completed_at": LONG_AGO.isoformat(),
    }
    for _ in range(3):
        add_run(numbers, 100, steps=[step])
    assert read_view(add_open())["usual"]["steps"]["deploy/build"] == {"duration": None, "left": [100.0, 100.0, 3]}


def test_lists_have_the_history_of_open_deployments_and_single_views_always(numbers: Iterator[int]) -> None:
    ended = [add_run(numbers, seconds) for seconds in (100, 100, 100, 100)][-1]
    opened = add_open()
    listed = {view["id"]: view for view in list_deployments(open_reader(NOW), DeploymentFilters(), 50, None)[0]}
    assert (listed[ended]["usual"], listed[ended]["estimate"]) == (None, None)
    usual = listed[opened]["usual"]
    assert usual
    assert usual["runs"] == 4
    (shown,) = [view for view in snapshot_overview(open_reader(NOW))["deployments"] if view["id"] == opened]
    assert listed[opened]["estimate"] == shown["estimate"] == read_view(opened)["estimate"]
    assert read_view(ended)["usual"]["runs"] == 3
    assert read_view(ended)["estimate"] is None


def test_histories_are_read_in_one_query_and_then_cached(numbers: Iterator[int]) -> None:
    for seconds in (100, 150, 200):
        add_run(numbers, seconds)
    keys = [(view["id"], view["environment"]) for view in (read_view(add_open(run_id=f"open {n}")) for n in range(5))]
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    forget()
    read = read_typical_times(open_reader(NOW), keys)
    assert len(statements) == 1
    assert [usual and usual["runs"] for usual in read.values()] == [3] * 5
    assert read_typical_times(open_reader(NOW), [*keys[3:], *keys[:3]]) == read
    assert read_typical_times(open_reader(NOW), []) == {}
    assert len(statements) == 1


def test_cached_and_uncached_histories_are_returned_together(numbers: Iterator[int]) -> None:
    for seconds in (100, 150, 200):
        add_run(numbers, seconds)
    keys = [(view["id"], view["environment"]) for view in (read_view(add_open(run_id=f"open {n}")) for n in range(2))]
    forget()
    read_typical_times(open_reader(NOW), keys[:1])
    assert [usual and usual["runs"] for usual in read_typical_times(open_reader(NOW), keys).values()] == [3, 3]


def test_a_late_report_counts_once_the_history_is_read_again(
    numbers: Iterator[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(current_app.extensions, TypicalTimesCache.__name__, TypicalTimesCache(max_age_s=0))
    late = make_report(run_id="late", status="running", started_at=LONG_AGO.isoformat())
    for seconds in (100, 150):
        add_run(numbers, seconds)
    ingest_each([late])
    opened = add_open()
    assert read_view(opened)["usual"] is None
    add_run(numbers, 200, run_id="late")
    assert read_view(opened)["usual"]["runs"] == 3


def test_a_deployment_whose_environment_changes_has_the_history_of_the_new_one(numbers: Iterator[int]) -> None:
    def report_run(run_id: str, **fields: Any) -> int:
        return ingest_each(
            [replace(make_report(**fields), identity=make_identity("github", "shop", ("github.com", run_id)))]
        )

    times = {"started_at": LONG_AGO.isoformat(), "completed_at": (LONG_AGO + timedelta(seconds=100)).isoformat()}
    for number in range(3):
        report_run(f"before {number}", environment="staging", status="success", **times)
    opened = report_run("open", status="running", environment="another")
    assert read_view(opened)["usual"] is None
    report_run("open", status="running", environment="staging")
    assert read_view(opened)["usual"]["runs"] == 3


def test_a_history_larger_than_the_cache_is_returned(numbers: Iterator[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(current_app.extensions, TypicalTimesCache.__name__, TypicalTimesCache(max_steps=2))
    for seconds in (100, 150, 200):
        add_run(numbers, seconds)
    opened = add_open()
    assert [read_view(opened)["usual"]["runs"] for _ in range(2)] == [3, 3]

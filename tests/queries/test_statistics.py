"""The statistics of a project, from reports to figures."""

from datetime import timedelta
from typing import Any

import pytest

from dashboard.extensions import db, open_reader
from dashboard.queries import statistics
from dashboard.queries.statistics import list_environments, rank_steps, read_outcome_statistics
from tests.support.ingest import NOW, ingest, make_incoming, make_report

pytestmark = pytest.mark.usefixtures("app")


def deploy(run_id: int, *, days_ago: float = 1, took_s: float = 60, **payload: Any) -> int:
    """Report one deployment that began so long ago; return its id."""
    started_at = NOW - timedelta(days=days_ago)
    times = {"started_at": started_at.isoformat()}
    if payload.setdefault("status", "success") != "running":
        times["completed_at"] = (started_at + timedelta(seconds=took_s)).isoformat()
    (receipt,) = ingest(make_incoming(make_report(run_id=str(run_id), **times, **payload)))
    assert receipt.deployment_id is not None
    db.session.rollback()
    return receipt.deployment_id


def make_step(name: str, took_s: float, status: str = "success", **values: Any) -> dict[str, Any]:
    """Return a step of a report that began at the time of the report and took so long."""
    return {
        "name": name,
        "status": status,
        "started_at": NOW.isoformat(),
        "completed_at": (NOW + timedelta(seconds=took_s)).isoformat(),
        **values,
    }


class TestEnvironments:
    def test_an_environment_has_its_latest_success_and_its_latest_deployment(self) -> None:
        deploy(1, days_ago=3, environment="production")
        good = deploy(2, days_ago=2, environment="production", commit_hash="abc")
        bad = deploy(3, days_ago=1, environment="production", status="failed")
        test = deploy(4, days_ago=5, environment="test")
        production, testing = list_environments(open_reader(NOW), "shop")
        assert production["live"]
        assert testing["live"]
        assert (production["environment"], testing["environment"]) == ("production", "test")
        assert (production["live"]["id"], production["live"]["commit_hash"]) == (good, "abc")
        assert (production["newest"]["id"], production["newest"]["state"]) == (bad, "failed")
        assert (testing["live"]["id"], testing["newest"]["id"]) == (test, test)

    def test_an_environment_without_a_success_runs_nothing(self) -> None:
        partial = deploy(1, environment="production", steps=[make_step("deploy_project", 1, "failed")])
        (production,) = list_environments(open_reader(NOW), "shop")
        assert production["live"] is None
        assert (production["newest"]["id"], production["newest"]["state"]) == (partial, "partial")

    def test_a_running_deployment_is_the_latest_of_its_environment(self) -> None:
        good = deploy(1, days_ago=2, environment="production")
        running = deploy(2, days_ago=0, environment="production", status="running")
        (production,) = list_environments(open_reader(NOW), "shop")
        assert production["live"]
        assert (production["live"]["id"], production["newest"]["id"]) == (good, running)

    def test_of_two_simultaneous_deployments_the_later_id_is_the_newest(self) -> None:
        deploy(1, environment="production")
        later = deploy(2, environment="production")
        (production,) = list_environments(open_reader(NOW), "shop")
        assert production["live"]
        assert (production["live"]["id"], production["newest"]["id"]) == (later, later)

    def test_the_most_recently_used_environments_are_listed_by_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(statistics, "MAX_ENVIRONMENTS", 2)
        for run_id, name in enumerate(("b", "c", "a", "d", "c")):
            deploy(run_id, days_ago=10 - run_id, environment=name)
        assert [environment["environment"] for environment in list_environments(open_reader(NOW), "shop")] == ["c", "d"]

    def test_environments_of_other_projects_are_excluded(self) -> None:
        deploy(1, project="other", environment="production")
        assert list_environments(open_reader(NOW), "shop") == []


class TestOutcomes:
    def test_only_successes_and_failures_count(self) -> None:
        words = ("success", "failed", "timed_out", "cancelled", "skipped", "neutral", "running")
        for number, status in enumerate(words):
            deploy(number, status=status)
        deploy(10, steps=[make_step("deploy_project", 1, "failed")])  # partial: no success
        total = read_outcome_statistics(open_reader(NOW), "shop")["total"]
        assert (total["succeeded"], total["counted"], total["rate_pct"]) == (1, 4, 25)

    def test_the_usual_duration_is_that_of_successes(self) -> None:
        for number, took_s in enumerate((10, 20, 30, 40, 110)):
            deploy(number, took_s=took_s)
        deploy(9, took_s=9000, status="failed")
        total = read_outcome_statistics(open_reader(NOW), "shop")["total"]
        assert (total["median_s"], total["p90_s"]) == (30, 82)

    def test_a_success_of_unknown_duration_counts_only_for_the_rate(self) -> None:
        ingest(make_incoming(make_report(run_id="1", status="success", timestamp=NOW.isoformat())))
        deploy(2, took_s=50)
        total = read_outcome_statistics(open_reader(NOW), "shop")["total"]
        assert (total["succeeded"], total["median_s"], total["p90_s"]) == (2, 50, 50)

    def test_a_young_project_is_shown_by_day(self) -> None:
        deploy(1, days_ago=2)
        deploy(2, days_ago=0, status="failed")
        outcomes = read_outcome_statistics(open_reader(NOW), "shop")
        counted = {period["start"]: period["counted"] for period in outcomes["periods"] if period["counted"]}
        assert outcomes["unit"] == "day"
        assert counted == {"2026-05-30": 1, "2026-06-01": 1}
        assert (outcomes["max_counted"], outcomes["max_p90_s"]) == (1, 60)

    def test_an_old_project_is_shown_by_week_without_what_is_older(self) -> None:
        deploy(1, days_ago=400)
        deploy(2, days_ago=7)
        deploy(3, days_ago=6)
        outcomes = read_outcome_statistics(open_reader(NOW), "shop")
        assert outcomes["unit"] == "week"
        assert [period["counted"] for period in outcomes["periods"]] == [0] * 11 + [2, 0]
        assert outcomes["total"]["counted"] == 2

    def test_a_busy_project_is_shown_by_day_at_any_age(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(statistics, "MAX_WEEKLY", 2)
        for run_id, days_ago in enumerate((400, 30, 2)):
            deploy(run_id, days_ago=days_ago)
        assert read_outcome_statistics(open_reader(NOW), "shop")["unit"] == "week"
        deploy(3, days_ago=1)
        outcomes = read_outcome_statistics(open_reader(NOW), "shop")
        assert (outcomes["unit"], outcomes["total"]["counted"]) == ("day", 2)

    def test_without_any_deployment_there_is_no_rate(self) -> None:
        outcomes = read_outcome_statistics(open_reader(NOW), "nobody")
        assert outcomes["total"] == {"succeeded": 0, "counted": 0, "rate_pct": None, "median_s": None, "p90_s": None}
        assert (outcomes["max_counted"], outcomes["max_p90_s"]) == (0, None)


class TestSteps:
    def test_steps_are_ranked_by_their_median_duration(self) -> None:
        for number, took_s in enumerate((10, 20, 90)):
            deploy(number, steps=[make_step("deploy_project", took_s), make_step("build", 30)])
        slowest = rank_steps(open_reader(NOW), "shop")["slowest"]
        assert [(step["key"], step["median_s"], step["timed"]) for step in slowest] == [
            ("build", 30, 3),
            ("deploy_project", 20, 3),
        ]
        assert slowest[1]["p90_s"] == pytest.approx(76)

    def test_a_failed_step_does_not_count_for_the_duration(self) -> None:
        deploy(1, steps=[make_step("build", 30)])
        deploy(2, steps=[make_step("build", 1, "failed")])
        ranked = rank_steps(open_reader(NOW), "shop")
        assert [(step["median_s"], step["timed"]) for step in ranked["slowest"]] == [(30, 1)]
        assert [(step["failed"], step["ran"]) for step in ranked["failing"]] == [(1, 2)]

    def test_skipped_and_cancelled_steps_did_not_run(self) -> None:
        for number, status in enumerate(("success", "skipped", "cancelled", "timed_out")):
            deploy(number, steps=[make_step("build", 5, status)])
        (step,) = rank_steps(open_reader(NOW), "shop")["failing"]
        assert (step["failed"], step["ran"]) == (1, 2)

    def test_names_of_a_known_step_are_one_step(self) -> None:
        deploy(1, steps=[make_step("部署项目", 10)])
        deploy(2, steps=[make_step("deploy_project", 20)])
        (step,) = rank_steps(open_reader(NOW), "shop")["slowest"]
        assert (step["key"], step["timed"], step["median_s"]) == ("deploy_project", 2, 15)

    def test_equal_steps_of_two_jobs_are_two_steps(self) -> None:
        deploy(1, steps=[make_step("build", 10, job="linux"), make_step("build", 20, job="windows")])
        slowest = rank_steps(open_reader(NOW), "shop")["slowest"]
        assert [(step["job"], step["median_s"]) for step in slowest] == [("windows", 20), ("linux", 10)]

    def test_running_steps_are_not_counted(self) -> None:
        deploy(1, status="running", steps=[make_step("build", 10)])
        assert rank_steps(open_reader(NOW), "shop") == {"slowest": [], "failing": []}

    def test_only_the_newest_hundred_deployments_count(self) -> None:
        deploy(0, days_ago=200, steps=[make_step("build", 999, "failed")])
        reports = [
            make_report(run_id=str(n), status="success", step_details={"build": "success"}) for n in range(1, 101)
        ]
        ingest(make_incoming(*reports))
        assert rank_steps(open_reader(NOW), "shop")["failing"] == []

"""What comes again under the same identity after it ended: running again at once, then with its own times."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.bodies.github import make_check, make_deployment, make_status
from tests.support.delivery_orders import anonymise, deliver, list_orders, read_deployment, repeat_some, show
from tests.support.sender_deliveries import RUNS, Delivery, Json, Series, make_series
from tests.support.sender_series import clock

MAX_ORDERS = 60


def show_in_many_orders(client: FlaskClient, series: Series) -> Json:
    """Post a series in its order and in others, with copies; return its deployment, the same after all of them."""
    length, shown = len(series(0)), None
    for number, places in enumerate([tuple(range(length)), *list_orders(length, MAX_ORDERS, seed=3)]):
        run = next(RUNS)
        deliveries = [series(run)[place] for place in places]
        view = anonymise(show(client, repeat_some(deliveries, number) if number else deliveries), run)
        shown = shown or view
        assert (places, view) == (places, shown)
    assert shown
    return shown


def watch(client: FlaskClient, series: Series) -> list[tuple[str, bool]]:
    """Post a series in its order; return after each delivery the state, and whether the deployment's seq moved."""
    seen, seq = [], 0
    for delivery in series(next(RUNS)):
        answer = deliver(client, delivery)
        seen.append((read_deployment(client, answer["deployment_id"])["state"], answer["seq"] > seq))
        seq = answer["seq"]
    return seen


def summarise(view: Json) -> tuple[Any, ...]:
    return view["state"], view["started_at"], view["completed_at"], view["duration_s"], view["conflict"]


def check_run_twice(run: int) -> list[Delivery]:
    """A check that failed, was requested again and succeeded."""
    checks = (
        make_check("in_progress", None, id=run, started_at=clock("09:00:00")),
        make_check("completed", "failure", id=run, started_at=clock("09:00:00"), completed_at=clock("09:05:00")),
        make_check("queued", None, id=run, started_at=clock("10:00:00")),
        make_check("in_progress", None, id=run, started_at=clock("10:00:05")),
        make_check("completed", "success", id=run, started_at=clock("10:00:05"), completed_at=clock("10:04:00")),
    )
    return make_series("github", run, *(("check_run", check) for check in checks))


def test_a_check_that_is_requested_again_is_queued_and_running_again(shared_client: FlaskClient) -> None:
    states = [("running", True), ("failed", True), ("queued", True), ("running", True), ("success", True)]
    assert watch(shared_client, check_run_twice) == states


def test_a_check_that_was_requested_again_has_the_times_of_the_last_time(shared_client: FlaskClient) -> None:
    view = show_in_many_orders(shared_client, check_run_twice)
    assert summarise(view) == ("success", clock("10:00:05"), clock("10:04:00"), 235, None)
    assert [summarise(job) for job in view["jobs"]] == [summarise(view)]


def deploy_twice(run: int) -> list[Delivery]:
    """A deployment that is deployed again within the second in which it ended."""

    def deploy(number: int, state: str, time: str) -> tuple[str, Json]:
        body = make_deployment(state, id=number, created_at=clock(time), updated_at=clock(time))
        body["deployment"]["id"] = run
        return "deployment_status", body

    return make_series(
        "github",
        run,
        deploy(1, "in_progress", "09:00:00"),
        deploy(2, "failure", "09:05:00"),
        deploy(3, "in_progress", "09:05:00"),
        deploy(4, "success", "09:05:00"),
    )


def test_statuses_of_one_second_count_in_the_order_of_their_ids(shared_client: FlaskClient) -> None:
    assert [state for state, _ in watch(shared_client, deploy_twice)] == ["running", "failed", "running", "success"]
    view = show_in_many_orders(shared_client, deploy_twice)
    assert summarise(view) == ("success", clock("09:05:00"), clock("09:05:00"), 0, None)


NativeSeries = Callable[[str], list[Json]]


def report(run: str, time: str, **fields: Any) -> Json:
    return {"project": "retried", "run_id": run, "timestamp": clock(time), **fields}


def make_native_retry(*, with_starts: bool) -> Series:
    """Return the reports of a run that failed and is reported again an hour later, as by a retried job."""

    def start(time: str) -> Json:
        return {"started_at": clock(time)} if with_starts else {}

    def end(time: str) -> Json:
        return {"completed_at": clock(time)} if with_starts else {}

    def step(status: str, **times: Any) -> Json:
        return {"name": "Deploy", "status": status, **times}

    def series(run: int) -> list[Delivery]:
        bodies = (
            report(str(run), "09:00:00", status="running", **start("09:00:00")),
            report(str(run), "09:01:00", step=step("running", **start("09:01:00"))),
            report(str(run), "09:02:00", step=step("failed", **start("09:01:00"), **end("09:02:00"))),
            report(str(run), "09:02:00", status="failed", **end("09:02:00")),
            report(str(run), "10:00:00", status="running", **start("10:00:00")),
            report(str(run), "10:01:00", step=step("running", **start("10:01:00"))),
            report(str(run), "10:02:00", step=step("success", **start("10:01:00"), **end("10:02:00"))),
            report(str(run), "10:02:00", status="success", **end("10:02:00")),
        )
        return make_series("native", run, *(("", body) for body in bodies))

    return series


@pytest.mark.parametrize("with_starts", [True, False])
def test_a_native_run_that_is_reported_again_is_running_again(shared_client: FlaskClient, with_starts: bool) -> None:
    states = watch(shared_client, make_native_retry(with_starts=with_starts))
    expected = ["running", "running", "running", "failed", "running", "running", "running", "success"]
    assert states == [(state, True) for state in expected]


@pytest.mark.parametrize("with_starts", [True, False])
def test_a_native_run_that_was_reported_again_has_the_times_of_the_last_time(
    shared_client: FlaskClient, with_starts: bool
) -> None:
    view = show_in_many_orders(shared_client, make_native_retry(with_starts=with_starts))
    assert summarise(view) == ("success", clock("10:00:00"), clock("10:02:00"), 120, None)
    (job,) = view["jobs"]
    assert (job["state"], job["started_at"], job["duration_s"]) == ("success", clock("10:00:00"), 120)
    assert [summarise(step) for step in job["steps"]] == [("success", clock("10:01:00"), clock("10:02:00"), 60, None)]
    assert (view["progress_pct"], view["completed_steps"], view["total_steps"]) == (100, 1, 1)


def test_a_step_that_is_running_again_makes_its_tallies_open_again(shared_client: FlaskClient) -> None:
    deliveries = make_native_retry(with_starts=False)(next(RUNS))[:6]
    view = show(shared_client, deliveries)
    assert (view["progress_pct"], view["completed_steps"], view["current_step"]) == (0, 0, "Deploy")


def retry_step_told_by_timestamps(run: int) -> list[Delivery]:
    """A step that failed and succeeded later: only the times of the reports say so."""
    bodies = (
        report(str(run), "09:00:00", status="running"),
        report(str(run), "09:02:00", step={"name": "Deploy", "status": "failed"}),
        report(str(run), "09:04:00", step={"name": "Deploy", "status": "success"}),
        report(str(run), "09:05:00", status="success"),
    )
    return make_series("native", run, *(("", body) for body in bodies))


def test_of_two_ends_that_only_timestamps_order_the_later_counts(shared_client: FlaskClient) -> None:
    view = show_in_many_orders(shared_client, retry_step_told_by_timestamps)
    assert view["state"] == "success"
    assert [step["state"] for step in view["jobs"][0]["steps"]] == ["success"]


def test_commit_statuses_of_one_second_count_in_the_order_of_their_ids(shared_client: FlaskClient) -> None:
    def series(run: int) -> list[Delivery]:
        statuses = (
            make_status(state, id=number, sha=f"{run:040d}", updated_at=clock("09:05:00"))
            for number, state in enumerate(("pending", "failure", "pending", "success"), start=1)
        )
        return make_series("github", run, *(("status", status) for status in statuses))

    assert [state for state, _ in watch(shared_client, series)] == ["queued", "failed", "queued", "success"]
    view = show_in_many_orders(shared_client, series)
    assert (view["state"], view["conflict"]) == ("success", None)

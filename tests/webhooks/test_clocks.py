"""Clocks that are wrong: times in the future, and times that mean nothing, decide nothing."""

import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from dashboard.extensions import db
from tests.support.delivery_orders import anonymise, deliver, read_deployment, show, show_in_order
from tests.support.sender_deliveries import RUNS, Delivery, Json, renew_key
from tests.support.sender_series import SERIES
from tests.support.webhook_client import BEARER, apply, list_steps, make_payload, post, read

TIME = re.compile(r"20\d\d-\d\d-\d\d[T ]")
FIVE_YEARS_S = 5 * 365 * 86_400


def be_ahead(value: Any) -> Any:
    """Return a body as the same sender writes it five years later: every time in it is so much later."""
    if isinstance(value, dict):
        return {name: be_ahead(member) for name, member in value.items()}
    if isinstance(value, list):
        return [be_ahead(member) for member in value]
    if isinstance(value, str) and TIME.match(value):
        return f"{int(value[:4]) + 5}{value[4:]}"
    if isinstance(value, int) and 1_500_000_000 < value < 2_000_000_000:
        return value + FIVE_YEARS_S
    if isinstance(value, int) and 1_500_000_000_000 < value < 2_000_000_000_000:
        return value + FIVE_YEARS_S * 1_000
    return value


def make_early(delivery: Delivery) -> Delivery:
    """Return the delivery as a sender sends it whose clock is five years ahead."""
    return renew_key(replace(delivery, body=be_ahead(delivery.body)))


def list_times(view: Any) -> Iterator[datetime]:
    """Yield every time in an answer."""
    if isinstance(view, dict | list):
        for member in view.values() if isinstance(view, dict) else view:
            yield from list_times(member)
    elif isinstance(view, str) and TIME.match(view):
        yield datetime.fromisoformat(view)


@pytest.mark.parametrize("series", SERIES)
def test_no_time_of_a_sender_whose_clock_is_ahead_is_shown(client: FlaskClient, series: str) -> None:
    answers = [deliver(client, make_early(delivery)) for delivery in SERIES[series](next(RUNS))]
    view = read_deployment(client, answers[-1]["deployment_id"])
    events = client.get(f"/api/deployments/{view['id']}/events").get_json()
    project = client.get(f"/api/projects/{view['project']['slug']}").get_json()
    latest = datetime.now(UTC) + timedelta(minutes=10)
    assert all(time <= latest for time in list_times([view, events, project]))


@pytest.mark.parametrize("series", SERIES)
def test_truth_wins_over_a_clock_that_is_ahead_in_any_order(shared_client: FlaskClient, series: str) -> None:
    expected = show_in_order(shared_client, SERIES[series])
    run = next(RUNS)
    truth = SERIES[series](run)
    mixed = [*truth, *map(make_early, truth), *map(make_early, truth)]
    random.Random(series).shuffle(mixed)
    assert anonymise(show(shared_client, mixed), run) == expected


AHEAD: Json = make_payload(
    project="clock", status="success", timestamp="2031-06-01T00:00:00Z", port=8080, service_status="stopped",
    test_url="https://old.example",
)  # fmt: skip
TRUE: Json = make_payload(
    project="clock", run_id="2", status="success", timestamp="2026-11-27T12:00:00Z", port=9090,
    service_status="running", test_url="https://new.example",
)  # fmt: skip


@pytest.mark.parametrize("order", sorted(set(itertools.permutations([0, 0, 1, 1]))))
def test_a_clock_of_2031_does_not_decide_the_port_of_a_project(client: FlaskClient, order: tuple[int, ...]) -> None:
    for place in order:
        assert post(client, (AHEAD, TRUE)[place]).status_code == 200
    project = client.get("/api/projects/clock").get_json()
    shown = (project["port"], project["service_status"], project["url"])
    assert shown == (9090, "running", "https://new.example")


def test_the_run_that_came_last_is_the_last_although_another_claims_2031(client: FlaskClient) -> None:
    post(client, AHEAD)
    post(client, {**TRUE, "timestamp": datetime.now(UTC).isoformat()})
    post(client, AHEAD)
    newest, oldest = client.get("/api/deployments?project=clock").get_json()["items"]
    assert (newest["run_id"], oldest["run_id"]) == ("2", "1")
    assert (oldest["completed_at"], oldest["started_observed"]) == (None, True)
    (listed,) = client.get("/api/projects").get_json()["items"]
    assert listed["last_deployment"]["run_id"] == "2"


@pytest.mark.parametrize("field", ["timestamp", "started_at", "completed_at"])
@pytest.mark.parametrize(("lead_s", "counts"), [(540, True), (660, False)])
def test_a_lead_of_ten_minutes_is_allowed(client: FlaskClient, field: str, lead_s: int, *, counts: bool) -> None:
    at = (datetime.now(UTC) + timedelta(seconds=lead_s)).isoformat(timespec="seconds").replace("+00:00", "Z")
    apply(client, project="lead", run_id="now", branch="now", port=1, timestamp=datetime.now(UTC).isoformat())
    view = read(client, apply(client, project="lead", run_id="ahead", status="success", port=2, **{field: at}))
    shown = {view["started_at"], view["completed_at"]}
    assert (at in shown) == counts
    assert client.get("/api/projects/lead").get_json()["port"] == (2 if counts else 1)


def test_steps_and_jobs_know_no_future_either(client: FlaskClient) -> None:
    times = {"started_at": "2031-06-01T00:00:00Z", "completed_at": "2031-06-01T00:01:00Z"}
    step = {"name": "Copy", "status": "success", **times}
    view = read(client, apply(client, status="success", **times, jobs=[{**step, "steps": [step]}], steps=[step]))
    for node in (view, *view["jobs"], *list_steps(view)):
        assert node["completed_at"] is None
        assert node["started_at"] is None or node["started_at"] < "2031"


def test_a_replay_judges_times_by_when_the_delivery_came(client: FlaskClient) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="seconds").replace("+00:00", "Z")
    answer = apply(client, status="success", completed_at=soon)
    assert read(client, answer)["completed_at"] is None
    with client.application.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE deliveries SET received_at = received_at - interval '1 hour'"))
    client.post(f"/api/deliveries/{answer['delivery_id']}/replay", headers=BEARER)
    assert read(client, answer)["completed_at"] is None
    with client.application.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE deliveries SET received_at = received_at + interval '2 hours'"))
    client.post(f"/api/deliveries/{answer['delivery_id']}/replay", headers=BEARER)
    assert read(client, answer)["completed_at"] == soon


def test_a_summary_without_a_run_from_a_clock_that_is_ahead_is_recognised_when_sent_again(client: FlaskClient) -> None:
    summary = {"project": "summary", "status": "success", "timestamp": "2031-06-01T00:00:00Z"}
    first, again = (post(client, summary).get_json() for _ in range(2))
    assert first["deployment_id"] == again["deployment_id"]


ZERO = ["0001-01-01T00:00:00+08:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-08:00", "0001-01-01T00:00:00", 0]


@pytest.mark.parametrize("zero", ZERO)
def test_the_zero_time_of_any_zone_means_unknown(client: FlaskClient, zero: str | int) -> None:
    view = read(client, apply(client, status="running", completed_at=zero, started_at=zero, timestamp=zero))
    assert (view["state"], view["completed_at"], view["started_observed"]) == ("running", None, True)


@pytest.mark.parametrize("zero", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00", 0, 10**30])
@pytest.mark.parametrize("series", SERIES)
def test_zero_times_refuse_no_delivery_of_any_sender(shared_client: FlaskClient, series: str, zero: str | int) -> None:
    def forget(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: forget(member) for name, member in value.items()}
        if isinstance(value, list):
            return [forget(member) for member in value]
        return value if be_ahead(value) == value else zero

    for delivery in SERIES[series](next(RUNS)):
        answer = deliver(shared_client, replace(delivery, body=forget(delivery.body)))
        view = read_deployment(shared_client, answer["deployment_id"])
        assert view["completed_at"] is None
        assert view["started_at"] is None or view["started_observed"]

"""For each sender: any order and repetition of its deliveries shows the same in the end."""

import itertools
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.delivery_orders import (
    anonymise,
    deliver,
    list_orders,
    read_deployment,
    repeat_some,
    show,
    show_in_order,
)
from tests.support.sender_deliveries import RUNS, Delivery, Json, renew_key
from tests.support.sender_series import SERIES

MAX_DELIVERIES = 1_200
"""Of one series: what can be posted in a few seconds."""
AT_ONCE = 16
"""So many runs are reported on at a time, and share transactions."""
TIMES = ("started_at", "completed_at", "duration_s")
COUNTS = ("progress_pct", "run_progress_pct", "completed_jobs", "total_jobs_visible")
PLACES = ("environment", "branch", "triggered_by", "message", "error")

# By series: state, times and counts of the deployment, what it says of itself, and its jobs with their steps.
EXPECTED: Mapping[str, tuple[Any, ...]] = {
    "GitHub: run, jobs and deployment": (
        "failed", ("10:00:00", "10:05:00", 300), (100, 100, 2, 2),
        (None, "main", "grace", "Pay by card", None),
        [
            ("build", "success", 100, [("Checkout", "success"), ("Compile", "success"), ("Step 3", "success")]),
            ("deploy", "failed", 100, [("Step 1", "success"), ("Roll out", "failed"), ("Step 3", "skipped")]),
        ],
    ),
    "Gitea: run and jobs": (
        "success", ("10:00:00", "10:05:00", 300), (100, 100, 2, 2),
        (None, "main", "grace", "Pay by card", None),
        [
            ("build", "success", 100, [("Checkout", "success"), ("Compile", "success")]),
            ("test", "success", 100, [("Unit", "success")]),
        ],
    ),
    "Gitea: run and job, both again": (
        "success", ("10:00:00", "10:04:00", 240), (100, 100, 1, 1),
        (None, "main", "grace", "Pay by card", None),
        [("build", "success", 100, [])],
    ),
    "Forgejo: run and jobs, one again": (
        "success", ("11:00:00", "11:03:00", 180), (100, 100, 2, 2),
        (None, "main", "grace", "Pay by card", None),
        [("build", "success", 100, []), ("test", "success", 100, [])],
    ),
    "GitLab: pipeline and jobs, one again": (
        "success", ("10:01:00", "10:12:01", 121), (100, 100, 2, 2),
        (None, "main", "grace", "Pay by card", None),
        [("compile", "success", 100, []), ("unit", "success", 100, [])],
    ),
    "Jenkins: notifications, events and stages": (
        "failed", ("11:00:00", "11:01:31", 90.5), (100, 100, 1, 1),
        (None, "main", "Ada", "Started by user Ada", None),
        [("build", "failed", 100, [("Build", "success"), ("Deploy", "failed")])],
    ),
    "CDEvents: pipeline and tasks": (
        "failed", ("11:00:05", "11:02:01", 116), (100, 100, 2, 2),
        (None, None, None, "ship", "Send: 503"),
        [("Pack", "success", 100, []), ("Send", "failed", 100, [])],
    ),
    "Buildbot: build with its steps": (
        "failed", ("10:00:00", "10:01:00", 60), (100, 100, 1, 1),
        (None, "main", "Grace", None, "failed 2 of 9 failed"),
        [
            (
                "Shop CI", "failed", 100,
                [
                    ("worker_preparation", "success"), ("Build", "success"),
                    ("测试网站", "failed"), ("Tidy up", "skipped"),
                ],
            )
        ],
    ),
    "Bitbucket: commit status": (
        "success", ("10:10:00", "10:15:00", 300), (100, 100, 1, 1),
        (None, "main", "grace", "12 tests", None),
        [("Unit tests", "success", 100, [])],
    ),
    "Gitea: commit status": (
        "success", (None, "13:12:00", None), (100, 100, 1, 1),
        (None, None, "woodpecker", "12 tests", None),
        [("ci/woodpecker", "success", 100, [])],
    ),
}  # fmt: skip


def cut_time(value: Any) -> Any:
    """Return the time of day of a moment on the first of March 2026; anything else as it is."""
    return value.removeprefix("2026-03-01T").removesuffix("Z") if isinstance(value, str) else value


def summarise(view: Json) -> tuple[Any, ...]:
    """Return the fields of a deployment that EXPECTED has."""
    jobs = [
        (job["name"], job["state"], job["job_progress_pct"], [(step["name"], step["state"]) for step in job["steps"]])
        for job in view["jobs"]
    ]
    times = tuple(cut_time(view[name]) for name in TIMES)
    return view["state"], times, tuple(view[name] for name in COUNTS), tuple(view[name] for name in PLACES), jobs


def choose_orders(name: str) -> list[tuple[int, ...]]:
    """Return the orders in which a series is posted: all of them if these are not too many."""
    length = len(SERIES[name](0))
    return list(list_orders(length, MAX_DELIVERIES // length, seed=7))


@pytest.mark.parametrize("name", SERIES)
def test_the_chosen_orders_cover_every_order_of_any_three_deliveries(name: str) -> None:
    length, orders = len(SERIES[name](0)), choose_orders(name)
    seen = {three for places in orders for three in itertools.combinations(places, 3)}
    assert seen == set(itertools.permutations(range(length), 3))
    assert len(orders) >= 120


@pytest.mark.parametrize("name", SERIES)
def test_a_series_in_its_own_order_shows_the_expected_deployment(shared_client: FlaskClient, name: str) -> None:
    assert summarise(show_in_order(shared_client, SERIES[name])) == EXPECTED[name]


@pytest.mark.parametrize("name", SERIES)
def test_any_order_with_copies_shows_the_same(shared_client: FlaskClient, name: str) -> None:
    orders = choose_orders(name)
    expected = show_in_order(shared_client, SERIES[name])

    def show_reordered(number: int) -> Json:
        run = next(RUNS)
        deliveries = SERIES[name](run)
        reordered = repeat_some([deliveries[place] for place in orders[number]], seed=number)
        return anonymise(show(shared_client.application.test_client(), reordered), run)

    with ThreadPoolExecutor(AT_ONCE) as senders:
        shown = list(senders.map(show_reordered, range(len(orders))))
    assert [(places, view) for places, view in zip(orders, shown, strict=True) if view != expected] == []


def has_key(delivery: Delivery) -> bool:
    """Return whether copies of a delivery can be recognised: the stages that a script posts have no key."""
    return delivery.event != "stages"


@pytest.mark.parametrize("name", SERIES)
def test_a_repetition_is_a_duplicate_and_changes_nothing_under_another_key(
    shared_client: FlaskClient, name: str
) -> None:
    for delivery in SERIES[name](next(RUNS)):
        first, again, anew = (deliver(shared_client, sent) for sent in (delivery, delivery, renew_key(delivery)))
        assert again["verdict"] == ("duplicate" if has_key(delivery) else "applied"), delivery
        assert (first["verdict"], anew["verdict"]) == ("applied", "applied")
        assert first["seq"] == again["seq"] == anew["seq"]
        assert first["deployment_id"] == again["deployment_id"] == anew["deployment_id"]


@pytest.mark.parametrize("name", SERIES)
def test_deliveries_repeated_after_the_end_change_nothing(shared_client: FlaskClient, name: str) -> None:
    deliveries = SERIES[name](next(RUNS))
    ended = show(shared_client, deliveries)
    seqs = [deliver(shared_client, delivery)["seq"] for delivery in deliveries]
    for delivery, seq in zip(reversed(deliveries), reversed(seqs), strict=True):
        assert deliver(shared_client, renew_key(delivery))["seq"] == seq
    assert read_deployment(shared_client, ended["id"]) == ended

"""Extreme sizes and values in CI servers' dialects: answered in bounded time, with a reason."""

import copy
import functools
import itertools
import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.arbitrary_bodies import list_places
from tests.support.bodies import (
    buildbot,
    cdevents,
    github,
    gitlab,
    jenkins,
)
from tests.support.bodies.known import KNOWN_BODIES
from tests.webhooks.foreign_checks import assert_serves, receive, send

BOUND_S = 10
"""Longer than anything here may take anywhere."""
CAP = 2 * 1024 * 1024
Place = tuple[Any, ...]
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**31, 2**63, -(2**63) - 1, 10**400, 1e308, -1e308, 1e-300, 0.5, float("nan"),
    float("inf"), float("-inf"), "", " ", [], {}, [[]], [{}], [None], {"": None}, "9" * 400, "-1",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", 253_402_300_800, "://",
    "https://[::1", "https://h:99999/", "../..", "%00", "\u202e\ufeff",
)  # fmt: skip
"""NaN and the infinities as Python writes them, which is no JSON but is read."""
EXTREME_TIMES = (
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00",
    "9999-12-31 23:59:59 UTC", "10000-01-01T00:00:00Z", 253_402_300_799, 253_402_300_800, 253_402_300_799_999,
    -62_135_596_801, 10**18, float("inf"), float("nan"),
)  # fmt: skip
TIME_NAMES = re.compile(r"_at$|_on$|time|stopped|created|updated|started$", re.IGNORECASE)
"""Of fields that hold a time."""


def put(body: Any, place: Place, value: Any) -> Any:
    """Return a copy of a body with another value at a place."""
    changed = copy.deepcopy(body)
    *way, last = place
    holder = changed
    for key in way:
        holder = holder[key]
    holder[last] = value
    return changed


def list_texts(body: Any) -> Iterator[Place]:
    """Yield where there are texts in a body."""
    for place in list_places(body):
        value = body
        for key in place:
            value = value[key]
        if isinstance(value, str):
            yield place


@pytest.mark.parametrize("dialect", KNOWN_BODIES)
def test_nul_and_lone_surrogates_in_any_text_are_applied_or_stored_as_failed(
    shared_client: FlaskClient, dialect: str
) -> None:
    answers = [
        receive(shared_client, dialect, event, put(body, place, "a\x00b\ud800c\udc00"))
        for event, body in KNOWN_BODIES[dialect]
        for place in list_texts(body)
    ]
    assert_serves(shared_client, dialect, answers)


@pytest.mark.parametrize("dialect", KNOWN_BODIES)
def test_an_odd_value_in_any_field_is_applied_or_stored_as_failed(shared_client: FlaskClient, dialect: str) -> None:
    odd = itertools.cycle(ODD_VALUES)
    answers = [
        receive(shared_client, dialect, event, put(body, place, next(odd)))
        for event, body in KNOWN_BODIES[dialect]
        for place in list_places(body)
    ]
    assert_serves(shared_client, dialect, answers)


def set_times(body: Any, value: Any) -> Any:
    """Return a copy of a body with this as each of its times."""
    places = [place for place in list_places(body) if TIME_NAMES.search(str(place[-1]))]
    return functools.reduce(lambda changed, place: put(changed, place, value), places, body)


@pytest.mark.parametrize("dialect", KNOWN_BODIES)
def test_times_at_the_ends_of_the_calendar_cause_no_error(shared_client: FlaskClient, dialect: str) -> None:
    answers = [
        receive(shared_client, dialect, event, set_times(body, value))
        for event, body in KNOWN_BODIES[dialect]
        for value in EXTREME_TIMES
    ]
    assert {answer["verdict"] for answer in answers} <= {"applied", "duplicate"}
    assert_serves(shared_client, dialect, answers)


@pytest.mark.parametrize("dialect", KNOWN_BODIES)
def test_a_megabyte_of_text_in_any_field_is_cut_or_stored_as_failed(shared_client: FlaskClient, dialect: str) -> None:
    event, body = KNOWN_BODIES[dialect][0]
    answers = [receive(shared_client, dialect, event, put(body, place, "x" * 2**20)) for place in list_texts(body)]
    assert receive(shared_client, dialect, event, {**body, "x" * 2**20: 1})["verdict"] == "applied"
    for number in {answer["deployment_id"] for answer in answers} - {None}:
        assert len(shared_client.get(f"/api/deployments/{number}").data) < 400_000
    assert_serves(shared_client, dialect, answers)


@pytest.mark.parametrize("dialect", KNOWN_BODIES)
def test_a_body_over_the_cap_is_refused_and_the_next_one_accepted(shared_client: FlaskClient, dialect: str) -> None:
    event, body = KNOWN_BODIES[dialect][0]
    # GitLab would switch its hook off.
    expected = 503 if dialect == "gitlab" else 413
    assert send(shared_client, dialect, event, {**body, "more": "x" * CAP}).status_code == expected
    assert_serves(shared_client, dialect)


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
@pytest.mark.parametrize("dialect", KNOWN_BODIES)
def test_a_body_nested_a_hundred_thousand_times_is_failed(
    shared_client: FlaskClient, dialect: str, opening: bytes, closing: bytes
) -> None:
    event, body = KNOWN_BODIES[dialect][0]
    nested = opening * 100_000 + b"1" + closing * 100_000
    raw = json.dumps({**body, "more": "here"}).encode().replace(b'"here"', nested)
    answer = receive(shared_client, dialect, event, raw)
    assert (answer["verdict"], answer["reason"]) == ("failed", "invalid payload: The body is nested too deeply.")


@pytest.mark.parametrize("dialect", KNOWN_BODIES)
def test_the_deepest_readable_nesting_is_answered(shared_client: FlaskClient, dialect: str) -> None:
    for (event, body), depth in itertools.product(KNOWN_BODIES[dialect], (10, 200, 400, 450, 480, 500, 1000)):
        name = next(iter(body)) if isinstance(body, dict) else 0
        nested = b'[{"a":' * depth + b"1" + b"}]" * depth
        raw = json.dumps(put(body, (name,), "here")).encode().replace(b'"here"', nested)
        receive(shared_client, dialect, event, raw)


def make_jobs(number: int) -> Any:
    builds = [gitlab.make_build(n, f"job {n}", "running") for n in range(number)]
    return gitlab.make_pipeline("running", *builds, id=number)


def make_batch(number: int) -> Any:
    tasks = (cdevents.make_task_run("started", task=f"t{n}", id=str(n)) for n in range(number))
    return [put(task, ("subject", "content", "pipelineRun", "id"), f"many-{number}") for task in tasks]


def make_github_steps(number: int) -> Any:
    step = {"status": "completed", "conclusion": "success"}
    steps = [{"name": f"Step {n}", "number": n, **step} for n in range(number)]
    return github.make_job("in_progress", run_id=number, steps=steps)


def make_stages(number: int) -> Any:
    link: dict[str, Any] = {"_links": {"self": {"href": f"/job/many/{number}/wfapi/describe"}}}
    stages = (jenkins.make_stage(f"Stage {n}") for n in range(number))
    return jenkins.make_stages("IN_PROGRESS", *stages, **link)


def make_build_steps(number: int) -> Any:
    steps = ({"number": n, "name": f"s{n}", "complete": True, "results": 0} for n in range(number))
    return buildbot.make_build(*steps, buildid=number)


MANY: dict[str, tuple[str, int, Callable[[int], Any], str, str]] = {
    "github": ("workflow_job", 10_000, make_github_steps, "total_steps", "workflow_job.steps"),
    "gitea": ("workflow_job", 10_000, make_github_steps, "total_steps", "workflow_job.steps"),
    "jenkins": ("", 10_000, make_stages, "total_steps", "stages"),
    "buildbot": ("", 10_000, make_build_steps, "total_steps", "steps"),
    "gitlab": ("Pipeline Hook", 1_000, make_jobs, "total_jobs_visible", "builds"),
    "cdevents": ("", 1_000, make_batch, "total_jobs_visible", ""),
}
"""By dialect: event, the most children of one delivery, a body with so many, what counts them, where they are."""
NOTICE = "Some jobs or steps are missing"


@pytest.mark.parametrize("dialect", MANY)
def test_the_maximum_number_of_children_is_accepted_in_bounded_time(shared_client: FlaskClient, dialect: str) -> None:
    event, most, make_body, count, _ = MANY[dialect]
    raw = json.dumps(make_body(most)).encode()
    began = time.process_time()
    answer = receive(shared_client, dialect, event, raw)
    taken_s = time.process_time() - began
    view = shared_client.get(f"/api/deployments/{answer['deployment_id']}").get_json()
    assert (answer["verdict"], view[count], view["is_cut"]) == ("applied", most, False)
    assert "warnings" not in answer
    assert taken_s < BOUND_S


@pytest.mark.parametrize("dialect", MANY)
def test_children_beyond_the_maximum_are_left_out_with_a_notice(shared_client: FlaskClient, dialect: str) -> None:
    event, most, make_body, count, field = MANY[dialect]
    began = time.process_time()
    answer = receive(shared_client, dialect, event, make_body(most + 1))
    text = f"{most + 1} items: only the first {most} are applied."
    assert (answer["verdict"], answer["warnings"]) == ("applied", [{"field": field, "text": text}])
    view = shared_client.get(f"/api/deployments/{answer['deployment_id']}").get_json()
    assert (view[count], view["is_cut"]) == (most, True)
    assert time.process_time() - began < BOUND_S
    assert_serves(shared_client, dialect)


def is_noticed(client: FlaskClient, answer: Any) -> bool:
    """Return whether the page of a deployment shows that jobs or steps are missing."""
    page = client.get(f"/deployments/{answer['deployment_id']}").text
    (attributes,) = re.findall(r"<p([^>]*)>" + NOTICE, page)
    return "hidden" not in attributes


def test_a_pipeline_of_too_many_jobs_shows_a_notice_in_any_order(shared_client: FlaskClient) -> None:
    for run, order in enumerate(itertools.permutations((1, 1_001)), start=5_000):
        builds = [[gitlab.make_build(n, f"job {n}", "running") for n in range(number)] for number in order]
        pipelines = [gitlab.make_pipeline("running", *each, id=run) for each in builds]
        answers = [receive(shared_client, "gitlab", "Pipeline Hook", each) for each in (*pipelines, pipelines[0])]
        view = shared_client.get(f"/api/deployments/{answers[-1]['deployment_id']}").get_json()
        assert (view["total_jobs_visible"], view["is_cut"]) == (1_000, True)
        assert is_noticed(shared_client, answers[-1])
    few = receive(shared_client, "gitlab", "Pipeline Hook", make_jobs(3))
    assert not is_noticed(shared_client, few)


def test_the_last_job_of_too_many_still_counts_for_the_pipeline(shared_client: FlaskClient) -> None:
    """A retried job is a new build with a higher id, which reopens the pipeline; GitLab can list it last."""
    first = [gitlab.make_build(n, f"job {n}") for n in range(1, 1_001)]
    again = gitlab.make_build(2_000, "job 2000", "running", started_at="2026-03-01 12:00:00 UTC")
    for pipeline in (
        gitlab.make_pipeline("success", *first, id=6_000),
        gitlab.make_pipeline("running", *first, again, id=6_000),
    ):
        answer = receive(shared_client, "gitlab", "Pipeline Hook", pipeline)
    assert shared_client.get(f"/api/deployments/{answer['deployment_id']}").get_json()["state"] == "running"

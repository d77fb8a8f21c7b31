"""Where GitLab's hooks keep each field, where else it is looked for, and which report's fields are the newest."""

from collections.abc import Callable
from typing import Any

import pytest

from dashboard.core.registers import Node, make_stamp
from dashboard.webhooks.dialects.gitlab import parse
from dashboard.webhooks.dialects.payload import MAX_JOBS, MAX_URL_LENGTH
from tests.support.bodies.gitlab import HOME, SHA, make_build, make_deployment, make_job, make_pipeline
from tests.support.parsed_reports import at, only, values

CREATED, STARTED, FINISHED = (f"2026-03-01 10:0{minute}:00 UTC" for minute in (0, 1, 5))


def list_stamps(node: Node, *without: str) -> set[int]:
    """Return the stamps of what a node claims."""
    return {stamp for name, (stamp, _, _) in node.fields.items() if name not in without}


@pytest.mark.parametrize(
    ("pipeline", "builds", "stamp"),
    [
        ({}, [], "10:00:00"),
        ({"finished_at": FINISHED}, [{"started_at": STARTED}], "10:05:00"),
        ({"finished_at": STARTED}, [{"started_at": STARTED}, {"finished_at": FINISHED}], "10:05:00"),
        ({}, [{"started_at": STARTED}, {"created_at": FINISHED}], "10:05:00"),
    ],
)
def test_a_pipeline_hook_is_as_new_as_its_latest_time(
    pipeline: dict[str, Any], builds: list[dict[str, Any]], stamp: str
) -> None:
    named = [make_build(number, f"job {number}", "running", **times) for number, times in enumerate(builds)]
    report = only(parse("pipeline", make_pipeline("running", *named, **pipeline)))
    assert list_stamps(report.deployment) == list_stamps(report.project) == {make_stamp(at(stamp))}


@pytest.mark.parametrize(
    ("times", "stamp"),
    [
        ({}, "10:00:00"),
        ({"build_started_at": STARTED}, "10:01:00"),
        ({"build_started_at": STARTED, "build_finished_at": FINISHED}, "10:05:00"),
    ],
)
def test_a_job_hook_is_as_new_as_its_latest_time(times: dict[str, Any], stamp: str) -> None:
    report = only(parse("build", make_job(7, "unit", "running", **times)))
    assert list_stamps(report.deployment, "triggered_by") == list_stamps(report.project) == {make_stamp(at(stamp))}


@pytest.mark.parametrize(("builds", "expected"), [([], 0), ([make_build(7, "unit") | {"id": None}], 0)])
def test_a_pipeline_without_ids_of_jobs_is_of_the_first_generation(builds: list[Any], expected: int) -> None:
    report = only(parse("pipeline", make_pipeline("running", *builds)))
    assert report.deployment.outcomes[0].generation == expected
    assert [job.outcomes[0].generation for job in report.jobs.values()] == [expected] * len(builds)


def test_deployments_are_never_reopened() -> None:
    assert only(parse("deployment", make_deployment("success"))).deployment.outcomes[0].generation == 0


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        ({"ref": None}, "branch", None),
        ({"ref": "main"}, "branch", "main"),
        ({"commit": {"id": 31, "name": "Nightly"}}, "message", "Nightly"),
        ({"commit": {"id": 31}}, "message", None),
        ({"sha": None}, "commit_hash", None),
    ],
)
def test_a_job_hook_describes_its_pipeline(change: dict[str, Any], field: str, expected: str | None) -> None:
    assert values(only(parse("build", make_job(7, "unit", **change))).deployment).get(field) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{HOME}/-/commit/{SHA}", SHA),
        (f"https://gitlab.example.org/octo/commit/-/commit/{SHA}", SHA),
        (f"https://gitlab.example.org/{'g/' * 200}shop/-/commit/{SHA}", SHA),
        (f"https://gitlab.example.org/{'g/' * MAX_URL_LENGTH}shop/-/commit/{SHA}", SHA[:8]),
        (f"{HOME}/-/commit/{SHA[::-1]}", SHA[:8]),
        (None, SHA[:8]),
    ],
)
def test_the_whole_hash_of_a_deployments_commit_is_in_its_url(url: str | None, expected: str) -> None:
    assert values(only(parse("deployment", make_deployment(commit_url=url))).deployment)["commit_hash"] == expected


def test_a_thousand_jobs_are_taken() -> None:
    builds = (make_build(number, f"job {number}") for number in range(MAX_JOBS))
    assert len(only(parse("pipeline", make_pipeline("success", *builds))).jobs) == MAX_JOBS


@pytest.mark.parametrize(
    ("stages", "number"), [(["build", "test"], 1), ([1, "test"], 1), (["deploy"], None), ("test", None), (5, None)]
)
def test_a_job_is_numbered_by_its_stage(stages: Any, number: int | None) -> None:
    report = only(parse("pipeline", make_pipeline("running", make_build(7, "unit", stage="test"), stages=stages)))
    assert values(report.jobs["unit"]).get("number") == number


def test_what_a_stage_is_called_is_not_taken_apart() -> None:
    report = only(parse("pipeline", make_pipeline("running", make_build(7, "unit", stage="t"), stages="test")))
    assert "number" not in values(report.jobs["unit"])


@pytest.mark.parametrize(
    ("event", "make"),
    [("pipeline", make_pipeline), ("build", lambda: make_job(7, "unit")), ("deployment", make_deployment)],
)
@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ({"name": "Grace Hopper", "username": "grace"}, "grace"),
        ({"name": "Grace Hopper"}, "Grace Hopper"),
        ({"name": "Grace Hopper", "username": ""}, "Grace Hopper"),
        ({"id": 5}, None),
    ],
)
def test_a_user_without_a_username_is_called_by_name(
    event: str, make: Callable[[], dict[str, Any]], user: dict[str, Any], expected: str | None
) -> None:
    assert values(only(parse(event, make() | {"user": user})).deployment).get("triggered_by") == expected

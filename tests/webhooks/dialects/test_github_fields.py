"""Which field of GitHub's deployments and check runs each claim is read from, and how long its text may be."""

from typing import Any

import pytest

from dashboard.core.registers import make_stamp
from dashboard.webhooks.dialects.github import parse
from dashboard.webhooks.dialects.payload import MAX_TEXT_LENGTH, MAX_URL_LENGTH
from tests.support.bodies.github import make_check, make_deployment
from tests.support.parsed_reports import at, find_stamps, only, values

BY_RUN = {"workflow_run": {"id": 9001, "run_attempt": 1}}
PROJECT = {"name": "Octo/Shop", "repository": "Octo/Shop"}
LONG_URL = "https://ci.example.org/".ljust(3000, "x")
LONG_TEXT = "Rolled out ".ljust(MAX_TEXT_LENGTH + 1, "x")


def change_deployment(body: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a body with other fields in its deployment."""
    return body | {"deployment": body["deployment"] | fields}


@pytest.mark.parametrize("run", [{}, BY_RUN], ids=["no run", "run"])
@pytest.mark.parametrize(
    ("body", "environment", "stamp"),
    [
        (make_deployment(), "staging", "11:00:00"),
        (make_deployment("in_progress", environment=None), "staging", "11:02:00"),
        (make_deployment("pending"), "production", "11:02:00"),
        (make_deployment("success", created_at=None, updated_at=None), "production", "11:00:00"),
    ],
    ids=["deployment", "status without an environment", "status", "status without a time"],
)
def test_environment_and_time_are_those_of_the_status_then_of_the_deployment(
    body: dict[str, Any], environment: str, stamp: str, run: dict[str, Any]
) -> None:
    report = only(parse("deployment_status", body | run))
    assert values(report.project) == PROJECT
    assert values(report.deployment)["environment"] == environment
    assert find_stamps(report) == {make_stamp(at(stamp))}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (make_deployment("success", description="Rolled out"), "Rolled out"),
        (make_deployment("success"), "From the console"),
        (make_deployment(), "From the console"),
        (make_deployment("success", description=LONG_TEXT), LONG_TEXT[:MAX_TEXT_LENGTH]),
        (change_deployment(make_deployment(), description=LONG_TEXT), LONG_TEXT[:MAX_TEXT_LENGTH]),
    ],
    ids=["status", "status without one", "deployment", "long in the status", "long in the deployment"],
)
def test_message_is_the_description_of_the_status_then_of_the_deployment(body: dict[str, Any], expected: str) -> None:
    report = only(parse("deployment_status", body))
    assert values(report.deployment)["message"] == values(report.jobs["deploy"])["message"] == expected


@pytest.mark.parametrize(
    ("urls", "expected"),
    [
        ({}, "https://ci.example.org/log/1"),
        ({"log_url": ""}, "https://ci.example.org/log"),
        ({"log_url": LONG_URL}, LONG_URL[:MAX_URL_LENGTH]),
        ({"log_url": None, "target_url": LONG_URL}, LONG_URL[:MAX_URL_LENGTH]),
        ({"log_url": None, "target_url": None}, None),
    ],
    ids=["log", "target", "long log", "long target", "none"],
)
def test_address_of_a_deployment_is_that_of_its_log_then_its_target(urls: dict[str, Any], expected: str | None) -> None:
    report = only(parse("deployment_status", make_deployment("success", **urls)))
    assert values(report.deployment).get("run_url") == expected


@pytest.mark.parametrize("run", [{}, BY_RUN], ids=["no run", "run"])
def test_address_of_the_deployed_site_is_cut_to_the_maximum_length(run: dict[str, Any]) -> None:
    report = only(parse("deployment_status", make_deployment("success", environment_url=LONG_URL) | run))
    assert values(report.deployment)["test_url"] == LONG_URL[:MAX_URL_LENGTH]


@pytest.mark.parametrize("state", ["pending", "in_progress"])
def test_deployment_that_has_not_ended_has_no_end(state: str) -> None:
    report = only(parse("deployment_status", make_deployment(state)))
    for node in (report.deployment, report.jobs["deploy"]):
        assert [claimed.completed_at for claimed in node.outcomes] == [None]


def test_check_never_reopens() -> None:
    report = only(parse("check_run", make_check()))
    for node in (report.deployment, report.jobs["128"]):
        assert [claimed.generation for claimed in node.outcomes] == [0]

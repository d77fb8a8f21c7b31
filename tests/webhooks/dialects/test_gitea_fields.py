"""Which field of a Gitea or Forgejo body each claim is read from, and how long its text may be."""

from typing import Any

import pytest

from dashboard.core.registers import make_stamp
from dashboard.core.storable import MAX_INT
from dashboard.webhooks.dialects.gitea import parse
from dashboard.webhooks.dialects.payload import MAX_URL_LENGTH, Ignored
from tests.support.bodies.gitea import HOME, REPOSITORY, make_forgejo_job, make_forgejo_run, make_status
from tests.support.parsed_reports import at, find_stamps, only, values

LONG_URL = f"{HOME}/actions/runs/".ljust(3000, "3")


@pytest.mark.parametrize(
    ("fields", "claimed"),
    [
        ({}, {"trigger_type": "push"}),
        ({"trigger_event": "", "event": "schedule"}, {"trigger_type": "schedule"}),
        ({"trigger_event": None}, {"trigger_type": None}),
        ({"prettyref": "release"}, {"branch": "release"}),
        ({"prettyref": "#12"}, {"branch": None}),
        ({"prettyref": None}, {"branch": None}),
        ({"html_url": LONG_URL}, {"run_url": LONG_URL[:MAX_URL_LENGTH]}),
        ({"html_url": None, "run_html_url": LONG_URL}, {"run_url": LONG_URL[:MAX_URL_LENGTH]}),
        ({"html_url": None}, {"run_url": None}),
    ],
    ids=lambda fields: " ".join(name for name in fields),
)
def test_fields_of_a_forgejo_run(fields: dict[str, Any], claimed: dict[str, str | None]) -> None:
    claims = values(only(parse("action_run_success", make_forgejo_run(**fields))).deployment)
    assert {name: claims.get(name) for name in claimed} == claimed


@pytest.mark.parametrize(
    ("attempt", "generation"), [(1, 1), (2, 2), (MAX_INT, MAX_INT), (MAX_INT + 1, 0), (0, 0), (None, 0), ("odd", 0)]
)
def test_generation_of_a_forgejo_job_is_its_attempt(attempt: Any, generation: int) -> None:
    report = only(parse("workflow_job_running", make_forgejo_job("running", attempt=attempt)))
    assert report.jobs["21"].outcomes[0].generation == generation


def test_forgejo_job_reports_on_its_project() -> None:
    report = only(parse("workflow_job_running", make_forgejo_job("running")))
    assert values(report.project) == {"name": "octo/shop", "repository": "octo/shop"}
    assert find_stamps(report) == {make_stamp(at("10:04:00"))}


@pytest.mark.parametrize("home", [HOME, f"{HOME}-{'x' * 300}"], ids=["short", "long"])
def test_status_of_its_own_actions_is_ignored_however_long_the_address_is(home: str) -> None:
    body = make_status(target_url=f"{home}/actions/runs/3/jobs/0", repository=REPOSITORY | {"html_url": home})
    assert isinstance(parse("status", body), Ignored)


def test_status_without_a_target_is_not_of_its_own_actions() -> None:
    report = only(parse("status", make_status(target_url=None)))
    assert "run_url" not in values(report.deployment)

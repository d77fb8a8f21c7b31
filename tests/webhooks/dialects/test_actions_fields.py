"""What GitHub's and Gitea's runs, jobs, steps and commit statuses have in common: limits, fallbacks and generations."""

from types import ModuleType
from typing import Any

import pytest

from dashboard.core.registers import make_stamp
from dashboard.core.storable import MAX_INT
from dashboard.webhooks.dialects import gitea, github
from dashboard.webhooks.dialects.payload import MAX_STEPS, MAX_URL_LENGTH
from tests.support.bodies import gitea as gitea_bodies
from tests.support.bodies import github as github_bodies
from tests.support.bodies.github import make_job, make_run, make_status, make_step
from tests.support.parsed_reports import at, find_stamps, merge_in_any_order, only, outcome, values

LONG_URL = "https://ci.example.org/".ljust(3000, "x")
both_senders = pytest.mark.parametrize(
    ("dialect", "bodies"),
    [(github, github_bodies), (gitea, gitea_bodies)],
    ids=["github", "gitea"],
)


@both_senders
def test_job_and_status_report_on_their_project(dialect: ModuleType, bodies: ModuleType) -> None:
    name = bodies.REPOSITORY["full_name"]
    for event, body in (("workflow_job", bodies.make_job()), ("status", bodies.make_status())):
        assert values(only(dialect.parse(event, body)).project) == {"name": name, "repository": name}


@pytest.mark.parametrize(
    ("urls", "expected"),
    [
        ({"html_url": "https://GHE.example.org/Octo/Shop"}, "ghe.example.org"),
        ({"clone_url": "https://git.example.org:8443/Octo/Shop.git"}, "git.example.org:8443"),
        ({"html_url": "Octo/Shop", "clone_url": "https://git.example.org/Octo/Shop.git"}, "git.example.org"),
        ({"html_url": "https://" + "h" * 3000}, "h" * (MAX_URL_LENGTH - len("https://"))),
        ({}, ""),
    ],
    ids=["page", "clone", "page without a host", "long", "none"],
)
def test_host_is_that_of_the_repositorys_page_then_of_its_clone_url(urls: dict[str, str], expected: str) -> None:
    body = make_run() | {"repository": {"id": 4711, "full_name": "Octo/Shop"} | urls}
    assert only(github.parse("workflow_run", body)).identity.parts[0] == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://github.com/Octo/Shop/actions/runs/9001/job/77", "https://github.com/Octo/Shop/actions/runs/9001"),
        ("https://git.example.org/octo/jobs/actions/runs/3/jobs/0", "https://git.example.org/octo/jobs/actions/runs/3"),
        (
            f"https://git.example.org/{'x' * 300}/actions/runs/3/jobs/0",
            f"https://git.example.org/{'x' * 300}/actions/runs/3",
        ),
        (f"https://git.example.org/{'x' * 3000}/actions/runs/3/jobs/0", None),
        ("https://github.com/Octo/Shop/actions/runs/9001", None),
        ("https://jenkins.example.org/job/shop/5", None),
        (None, None),
    ],
    ids=["github", "repository called jobs", "long", "too long", "run", "other", "none"],
)
def test_url_of_a_run_is_the_beginning_of_the_url_of_its_job(url: str | None, expected: str | None) -> None:
    report = only(github.parse("workflow_job", make_job(html_url=url)))
    assert values(report.deployment).get("run_url") == expected


@pytest.mark.parametrize(
    ("attempt", "number", "generation"),
    [
        (1, 1, 0),
        (2, 2, 0),
        (MAX_INT, MAX_INT, 0),
        (MAX_INT + 1, 1, 1772359200000),
        (0, 1, 1772359200000),
        (None, 1, 1772359200000),
    ],
)
def test_only_a_run_without_an_attempt_reopens_when_it_starts(attempt: Any, number: int, generation: int) -> None:
    report = only(github.parse("workflow_run", make_run(run_attempt=attempt)))
    assert report.identity.attempt == number
    assert report.deployment.outcomes[0].generation == generation


def test_attempt_that_reports_a_later_start_stays_ended() -> None:
    ended = make_run("completed", "success", run_started_at="2026-03-01T10:00:00Z")
    late = make_run("in_progress", run_started_at="2026-03-01T10:00:01Z")
    merged = merge_in_any_order([only(github.parse("workflow_run", body)) for body in (ended, late)])
    assert outcome(merged.deployment) == ("completed", "success", "success")


def test_jobs_and_steps_never_reopen() -> None:
    report = only(github.parse("workflow_job", make_job(steps=[make_step(1)])))
    for node in (report.jobs["77"], report.steps["77", "1"]):
        assert [claimed.generation for claimed in node.outcomes] == [0]


def test_job_may_have_as_many_steps_as_the_limit() -> None:
    steps = [make_step(1) | {"number": number} for number in range(MAX_STEPS)]
    assert len(only(github.parse("workflow_job", make_job(steps=steps))).steps) == MAX_STEPS


def test_step_whose_number_cannot_be_stored_is_left_out() -> None:
    steps = [make_step(1) | {"number": number} for number in (0, MAX_INT, MAX_INT + 1)]
    report = only(github.parse("workflow_job", make_job(steps=steps)))
    assert list(report.steps) == [("77", "0"), ("77", str(MAX_INT))]


def test_target_of_a_commit_status_is_cut_to_the_maximum_length() -> None:
    report = only(github.parse("status", make_status(target_url=LONG_URL)))
    assert values(report.deployment)["run_url"] == LONG_URL[:MAX_URL_LENGTH]


@both_senders
@pytest.mark.parametrize(("state", "ended"), [("pending", None), ("success", "13:00:00"), ("failure", "13:00:00")])
def test_commit_status_ends_when_it_is_completed(
    dialect: ModuleType, bodies: ModuleType, state: str, ended: str | None
) -> None:
    report = only(dialect.parse("status", bodies.make_status(state)))
    for node in (report.deployment, *report.jobs.values()):
        assert node.outcomes[0].completed_at == (ended and at(ended))
    assert find_stamps(report) == {make_stamp(at("13:00:00"))}

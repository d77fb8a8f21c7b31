"""Where Jenkins' bodies keep each field, where else it is looked for, and how long it may be."""

from datetime import timedelta
from typing import Any

import pytest

from dashboard.core.registers import make_stamp
from dashboard.webhooks.dialects.jenkins import name_event, parse
from dashboard.webhooks.dialects.payload import MAX_STEPS, MAX_TEXT_LENGTH, MAX_URL_LENGTH
from tests.support.bodies.jenkins import make_cause, make_checkout, make_notification, make_run, make_stage, make_stages
from tests.support.parsed_reports import at, only, values

LONG_JOB = "job/" + "s" * 1000
TOO_LONG_JOB = "job/" + "s" * MAX_URL_LENGTH
FULL_URL = "https://ci.example.org/jenkins/job/Team/job/full/13/"


def read(body: Any) -> Any:
    """Return the only report of a body, as the event that it is by its shape."""
    return only(parse(name_event(None, body), body))


@pytest.mark.parametrize(
    ("of_build", "of_body", "full", "expected"),
    [
        ("job/Team/job/shop/12/", "job/Team/job/body/", FULL_URL, ("team/shop", "12")),
        (None, "job/Team/job/body/11/", FULL_URL, ("team/body", "11")),
        (None, "job/Team/job/body/", FULL_URL, ("team/body", "13")),
        (None, None, FULL_URL, ("team/full", "13")),
        ("job/Team/job/shop/12/", None, None, ("team/shop", "12")),
        (None, "job/Team/job/body/11/", None, ("team/body", "11")),
        (f"{LONG_JOB}/12/", None, None, ("s" * 1000, "12")),
        (None, f"{LONG_JOB}/12/", None, ("s" * 1000, "12")),
        (None, None, f"{LONG_JOB}/12/", ("s" * 1000, "12")),
    ],
)
def test_the_first_url_of_a_notification_that_names_a_job_counts(
    of_build: str | None, of_body: str | None, full: str | None, expected: tuple[str, str]
) -> None:
    body = make_notification("STARTED", url=of_build, full_url=full, number=None) | {"url": of_body}
    assert read(body).identity.parts == ("", expected[0], "run", expected[1])


@pytest.mark.parametrize("place", ["build", "body", "full"])
def test_no_name_of_a_job_in_a_notification_is_longer_than_a_url(place: str) -> None:
    urls = {where: TOO_LONG_JOB if where == place else None for where in ("build", "body", "full")}
    body = make_notification("STARTED", url=urls["build"], full_url=urls["full"]) | {"url": urls["body"]}
    assert read(body).identity.parts == ("", "s" * (MAX_URL_LENGTH - 4), "run", "12")


def test_no_name_of_a_job_in_a_generic_event_is_longer_than_a_url() -> None:
    assert read(make_run("started") | {"source": LONG_JOB}).identity.parts[1] == "s" * 1000
    assert read(make_run("started") | {"source": TOO_LONG_JOB}).identity.parts[1] == "s" * (MAX_URL_LENGTH - 4)


def test_stages_with_a_url_that_is_too_long_have_lost_the_number_of_their_build() -> None:
    def link(job: str) -> Any:
        return parse("wfapi.describe", make_stages("SUCCESS", _links={"self": {"href": f"/{job}/12/wfapi/describe"}}))

    assert only(link(LONG_JOB)).identity.parts[1:] == ("s" * 1000, "run", "12")
    assert not isinstance(link(TOO_LONG_JOB), tuple)


@pytest.mark.parametrize("phase", ["QUEUED", "STARTED"])
def test_a_notification_has_no_duration_before_the_build_has_ended(phase: str) -> None:
    report = read(make_notification(phase, duration=90_500))
    assert "duration_s" not in values(report.deployment)
    assert report.deployment.started_at == (at("11:00:00") if phase == "STARTED" else None)


def test_a_generic_event_has_no_duration_before_the_build_has_ended() -> None:
    assert "duration_s" not in values(read(make_run("started", duration=90_500)).deployment)


def test_stages_have_no_duration_before_the_build_has_ended() -> None:
    assert "duration_s" not in values(read(make_stages("IN_PROGRESS")).deployment)


@pytest.mark.parametrize("body", [make_run("started"), make_stages("IN_PROGRESS")])
def test_the_job_of_a_build_starts_with_the_build(body: Any) -> None:
    assert read(body).jobs["build"].started_at == at("11:00:00")


@pytest.mark.parametrize(
    ("text", "kept"),
    [("Pay by card", 11), ("n" * 1000, 1000), ("n" * (MAX_TEXT_LENGTH + 1), MAX_TEXT_LENGTH), (" ", None)],
)
def test_a_message_is_a_text_not_a_name(text: str, kept: int | None) -> None:
    expected = None if kept is None else text[:kept]
    assert values(read(make_notification("STARTED", notes=text)).deployment).get("message") == expected
    described = make_run("started", description=text, actions=[make_checkout()])
    assert values(read(described).deployment).get("message") == expected


def test_the_description_of_a_build_comes_before_its_cause() -> None:
    described = make_run("started", description="To the shop", actions=[make_cause()])
    assert values(read(described).deployment)["message"] == "To the shop"


@pytest.mark.parametrize("remotes", [[], None, "git@git.example.org:octo/shop.git", {"url": "octo/shop"}])
def test_a_checkout_without_a_list_of_remotes_names_no_repository(remotes: Any) -> None:
    checkout = make_checkout() | {"remoteUrls": remotes}
    said = values(read(make_run("started", actions=[checkout])).deployment)
    assert ("repository" in said, said["branch"]) == (False, "main")


@pytest.mark.parametrize(
    ("times", "ended"),
    [
        ({"endTimeMillis": 1772362895000, "durationMillis": 90_500}, "11:01:35"),
        ({"endTimeMillis": None, "durationMillis": 90_500}, "11:01:30.500"),
        ({"endTimeMillis": None, "durationMillis": 0}, "11:00:00"),
    ],
)
def test_the_end_of_stages_is_named_or_follows_from_their_duration(times: dict[str, Any], ended: str) -> None:
    report = read(make_stages("SUCCESS", make_stage("Build"), **times))
    assert report.deployment.outcomes[0].completed_at == report.deployment.outcomes[0].reported_at == at(ended)
    assert report.steps["build", "build"].outcomes[0].reported_at == at(ended)
    assert {stamp for stamp, _, _ in report.project.fields.values()} == {make_stamp(at(ended))}


@pytest.mark.parametrize("status", [None, "", " ", "NOT_EXECUTED", "not_executed"])
def test_stages_without_a_status_leave_open_how_far_the_build_is(status: str | None) -> None:
    report = read(make_stages("SUCCESS", make_stage("Build")) | {"status": status})
    assert (report.deployment.outcomes, report.jobs["build"].outcomes) == ((), ())


def test_a_stage_without_a_status_leaves_open_how_far_it_is() -> None:
    steps = read(make_stages("SUCCESS", {**make_stage("Build"), "status": None}, make_stage("Deploy"))).steps
    assert [len(step.outcomes) for step in steps.values()] == [0, 1]
    assert values(steps["build", "build"]) == {"name": "Build", "number": 1}


def test_ten_thousand_stages_are_taken() -> None:
    stages = (make_stage(f"Stage {number}") for number in range(MAX_STEPS))
    assert len(read(make_stages("SUCCESS", *stages)).steps) == MAX_STEPS


def test_a_duration_can_be_a_millisecond() -> None:
    report = read(make_notification("COMPLETED", "SUCCESS", after_ms=1, duration=1))
    assert values(report.deployment)["duration_s"] == 0.001
    assert report.deployment.started_at == at("11:00:00")


def test_a_time_that_follows_from_a_duration_is_as_precise_as_the_duration() -> None:
    body = make_notification("COMPLETED", "SUCCESS", timestamp="2026-03-01T11:00:01.123456Z", duration=1000)
    assert read(body).deployment.started_at == at("11:00:00") + timedelta(milliseconds=123)


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("x" * MAX_TEXT_LENGTH + "\n \n", "x" * MAX_TEXT_LENGTH),
        ("\n\n" + "x" * (MAX_TEXT_LENGTH - 1), "x" * (MAX_TEXT_LENGTH - 1)),
    ],
)
def test_blank_lines_around_a_log_do_not_cost_any_of_its_text(log: str, expected: str) -> None:
    assert values(read(make_notification("FINALIZED", "FAILURE", log=log)).deployment)["log"] == expected

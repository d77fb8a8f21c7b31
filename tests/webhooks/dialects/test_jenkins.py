"""Reports from Jenkins' plugins, and which of their events are ignored."""

from typing import Any

import pytest

from dashboard.webhooks.dialects.jenkins import EVENTS, WORDS, name_delivery, name_event, parse
from dashboard.webhooks.dialects.payload import Ignored
from tests.support.bodies.corpora import needs_corpora, read_corpus
from tests.support.bodies.jenkins import NOON_MS, SHA, make_cause, make_checkout, make_notification, make_run
from tests.support.parsed_reports import at, make_identity, only, outcome, read_errors, values

BUILD = make_identity("jenkins", "team/shop", ("", "team/shop", "run", "12"), "12")


def read(body: Any) -> Any:
    """Return the only report of a body, as the event that it is by its shape."""
    return only(parse(name_event(None, body), body))


def test_a_notification_reports_a_build_and_its_outcome() -> None:
    report = read(make_notification("COMPLETED", "SUCCESS", after_ms=90_500, duration=90_500, notes="To the shop"))
    assert report.identity == BUILD
    assert values(report.project) == {"name": "Team/shop", "repository": "octo/shop"}
    assert values(report.deployment) == {
        "repository": "octo/shop",
        "branch": "main",
        "commit_hash": SHA,
        "run_url": "https://ci.example.org/jenkins/job/Team/job/shop/12/",
        "message": "To the shop",
        "duration_s": 90.5,
    }
    assert outcome(report.deployment) == ("completed", "success", "SUCCESS")
    assert report.deployment.started_at == at("11:00:00")
    assert report.deployment.outcomes[0].completed_at == report.deployment.outcomes[0].reported_at == at("11:01:30.500")
    assert values(report.jobs["build"]) == {"name": "build", "duration_s": 90.5}
    assert report.jobs["build"].outcomes == report.deployment.outcomes
    assert report.steps == {}


@pytest.mark.parametrize(
    ("phase", "status", "expected"),
    [
        ("QUEUED", None, ("queued", None, "QUEUED")),
        ("STARTED", None, ("in_progress", None, "STARTED")),
        ("STARTED", "FAILURE", ("in_progress", None, "STARTED")),
        ("NONE", None, ("in_progress", None, "NONE")),
        ("COMPLETED", "SUCCESS", ("completed", "success", "SUCCESS")),
        ("COMPLETED", "FAILURE", ("completed", "failure", "FAILURE")),
        ("COMPLETED", "UNSTABLE", ("completed", "failure", "UNSTABLE")),
        ("COMPLETED", "ABORTED", ("completed", "cancelled", "ABORTED")),
        ("COMPLETED", "NOT_BUILT", ("completed", "skipped", "NOT_BUILT")),
        ("COMPLETED", None, ("completed", "unknown", "COMPLETED")),
        ("COMPLETED", "MELTED", ("completed", "unknown", "MELTED")),
        ("FINALIZED", "SUCCESS", ("completed", "success", "SUCCESS")),
        ("FINALIZED", None, ("completed", "unknown", "FINALIZED")),
        ("Finalized", "unstable", ("completed", "failure", "unstable")),
    ],
)
def test_every_phase_and_result_of_a_notification(phase: str, status: str | None, expected: tuple[str, ...]) -> None:
    report = read(make_notification(phase, status))
    assert outcome(report.deployment) == outcome(report.jobs["build"]) == expected


@pytest.mark.parametrize(
    ("kind", "result", "expected"),
    [
        ("initialize", None, ("queued", None, "initialize")),
        ("started", None, ("in_progress", None, "started")),
        ("completed", "SUCCESS", ("completed", "success", "SUCCESS")),
        ("completed", "UNSTABLE", ("completed", "failure", "UNSTABLE")),
        ("completed", None, ("completed", "unknown", "completed")),
        ("finalized", "ABORTED", ("completed", "cancelled", "ABORTED")),
        ("finalized", None, ("completed", "unknown", "finalized")),
    ],
)
def test_every_generic_event_on_a_build(kind: str, result: str | None, expected: tuple[str, ...]) -> None:
    report = read(make_run(kind, result))
    assert report.identity == BUILD
    assert outcome(report.deployment) == outcome(report.jobs["build"]) == expected


def test_a_generic_event_reports_who_started_which_build() -> None:
    report = read(make_run("completed", "FAILURE", time="11:01:31.250"))
    assert values(report.project) == {"name": "Team/shop", "repository": "octo/shop"}
    assert values(report.deployment) == {
        "repository": "octo/shop",
        "branch": "main",
        "commit_hash": SHA,
        "triggered_by": "Ada",
        "message": "Started by user Ada",
        "duration_s": 90.5,
    }
    assert report.deployment.started_at == at("11:00:00")
    assert report.deployment.outcomes[0].completed_at == at("11:01:30.500")
    assert report.deployment.outcomes[0].reported_at == at("11:01:31.250")


def test_a_build_with_several_checkouts_has_no_repository() -> None:
    library = make_checkout("https://git.example.org/octo/pipeline-library.git")
    claimed = values(read(make_run("started", actions=[library, make_checkout()])).deployment)
    assert not {"repository", "branch", "commit_hash"} & set(claimed)


def test_a_build_of_a_multibranch_pipeline_names_its_branch() -> None:
    body = make_run("started", actions=[], _multiBranch=True, _projectName="feature%2Fcards")
    body["source"] = "job/Team/job/shop/job/feature%252Fcards/"
    report = read(body)
    assert values(report.deployment) == {"branch": "feature/cards"}
    assert report.identity.parts == ("", "team/shop/feature%2fcards", "run", "12")


def test_a_cause_without_a_user_is_only_a_message() -> None:
    claimed = values(read(make_run("started", actions=[{"causes": [{"shortDescription": "Timer"}]}, {}, 7])).deployment)
    assert claimed == {"message": "Timer"}


def test_a_user_without_a_name_is_named_by_id() -> None:
    assert values(read(make_run("started", actions=[make_cause(None)])).deployment)["triggered_by"] == "ada"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (NOON_MS, "11:00:00"),
        (str(NOON_MS), "11:00:00"),
        (NOON_MS + 7, "11:00:00.007"),
        ("2026-03-01T11:00:00.5+00:00", "11:00:00.500"),
        ("2026-03-01T12:00:00.000+0100", "11:00:00"),
        (0, None),
        (-5, None),
        ("soon", None),
        (None, None),
        (2**62, None),
    ],
)
def test_every_format_of_time(value: Any, expected: str | None) -> None:
    started_at = read(make_notification("STARTED", timestamp=value)).deployment.started_at
    assert started_at == (expected and at(expected))


def test_the_time_of_queueing_is_not_a_start() -> None:
    report = read(make_notification("QUEUED", after_ms=-4000))
    assert report.deployment.started_at is None
    assert report.deployment.outcomes[0].reported_at == at("10:59:56")


def test_a_zero_duration_is_unknown() -> None:
    notified = read(make_notification("COMPLETED", "ABORTED", after_ms=5000)).deployment
    assert (notified.started_at, values(notified).get("duration_s")) == (None, None)
    deployment = read(make_run("completed", "ABORTED", duration=0, time="11:00:09.000")).deployment
    assert (deployment.started_at, deployment.outcomes[0].completed_at) == (at("11:00:00"), at("11:00:09"))


def test_failed_tests_are_the_error_of_an_unstable_build() -> None:
    tests = {"total": 9, "failed": 2, "passed": 7, "skipped": 0, "failed_tests": ["CartTest.pays", "CartTest.ships"]}
    ended = read(make_notification("FINALIZED", "UNSTABLE", test_summary=tests))
    assert values(ended.deployment)["error"] == "CartTest.pays\nCartTest.ships"
    assert "error" not in values(read(make_notification("STARTED", test_summary=tests)).deployment)


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("one\ntwo\n", "one\ntwo"),
        (["one", "two", None], "one\ntwo"),
        ("x" * 65536 + "end", "x" * 65533 + "end"),
        ("a\x00b", "a\ufffdb"),
        (" \n", None),
        ({"text": "one"}, None),
    ],
)
def test_the_end_of_a_log_is_kept(log: Any, expected: str | None) -> None:
    assert values(read(make_notification("FINALIZED", "FAILURE", log=log)).deployment).get("log") == expected


def test_a_notification_without_urls_is_identified_by_name() -> None:
    body = {"name": "shop", "build": {"number": 3, "phase": "STARTED"}}
    assert read(body).identity.parts == ("", "shop", "run", "3")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"build": {"phase": "STARTED", "number": 3}}, "url"),
        ({"name": "shop", "build": {"phase": "STARTED"}}, "build.number"),
        ({"name": "shop", "build": {"phase": "STARTED", "number": "twelve"}}, "build.number"),
        ({**make_run("started"), "source": "view/all/"}, "source"),
        (make_run("started", number=None), "data.number"),
    ],
)
def test_a_body_without_a_build_is_malformed(body: Any, field: str) -> None:
    assert list(read_errors(parse, name_event(None, body), body)) == [field]


@pytest.mark.parametrize(("event", "field"), [("notification.started", "build.phase"), ("run.completed", "type")])
@pytest.mark.parametrize("body", [None, [], 7, "text", {}, {"build": []}, {"data": "text"}])
def test_a_body_of_another_shape_is_malformed(event: str, field: str, body: Any) -> None:
    assert list(read_errors(parse, event, body)) == [field]


@pytest.mark.parametrize("event", [event for event, known in EVENTS.items() if isinstance(known, Ignored)])
def test_events_without_a_build_are_ignored_with_a_reason(event: str) -> None:
    assert parse(event, {}) == EVENTS[event]


@pytest.mark.parametrize("event", ["notification.paused", "queue.left", "run."])
def test_an_unknown_event_is_ignored(event: str) -> None:
    assert parse(event, {}) == Ignored(f"unknown event {event!r}")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (make_notification("FINALIZED"), "notification.finalized"),
        (make_run("finalized"), "run.finalized"),
        ({"data": {}, "type": "item.locationChanged"}, "item.locationChanged"),
        ({"stages": []}, "wfapi.describe"),
        ({"building": True, "number": 12}, "unknown"),
        ([make_run("started")], "unknown"),
        (None, "unknown"),
    ],
)
def test_an_event_is_recognised_by_the_shape_of_its_body(body: Any, expected: str) -> None:
    assert name_event(None, body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (make_notification("STARTED"), "job/Team/job/shop/ 12 STARTED"),
        (make_run("started"), "0f4d7a52-4c1e-4b7a-9f0e-6a1d2c3b4e5f"),
        ({"build": {"phase": "STARTED", "number": 12}}, None),
        ({"stages": [], "id": "12"}, None),
        (None, None),
    ],
)
def test_a_delivery_is_named_by_its_build_and_phase_or_its_event_id(body: Any, expected: str | None) -> None:
    assert name_delivery(name_event(None, body), body) == expected


def test_status_words_are_case_insensitive() -> None:
    assert all(word == word.casefold() for word in WORDS)


@needs_corpora
def test_real_bodies_are_reports_or_ignored_with_a_reason() -> None:
    parsed = {name: parse(name_event(None, body), body) for name, body in read_corpus("jenkins").items()}
    identities = {
        name: only(reports).identity.parts[1:] for name, reports in parsed.items() if isinstance(reports, tuple)
    }
    pipeline = ("my-devops-project/example-pipeline", "run", "1")
    assert identities == {
        "generic-event-run-1": pipeline,
        "generic-event-run-2": pipeline,
        "generic-event-run-3": pipeline,
        "generic-event-run-4": pipeline,
        "wfapi-3": ("test workflow", "run", "16"),
    }
    reasons = [reports.reason for reports in parsed.values() if isinstance(reports, Ignored)]
    assert len(reasons) == len(parsed) - len(identities)
    assert all(reasons)

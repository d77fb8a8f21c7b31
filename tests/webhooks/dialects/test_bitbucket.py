"""Reports from Bitbucket's commit statuses."""

from typing import Any

import pytest

from dashboard.webhooks.dialects.bitbucket import EVENTS, name_event, parse
from dashboard.webhooks.dialects.payload import Ignored
from tests.support.bodies.bitbucket import COMMIT_URL, REPOSITORY, SHA, UUID, make_status
from tests.support.parsed_reports import at, make_identity, merge_in_any_order, only, outcome, read_errors, values

CREATED, UPDATED = "repo:commit_status_created", "repo:commit_status_updated"
BUILD_URL = "https://ci.example.org/shop/5"


def test_a_commit_status_is_a_deployment_with_one_job() -> None:
    report = only(parse(CREATED, make_status("SUCCESSFUL")))
    parts = ("bitbucket.org", UUID, "status", SHA, "unit")
    assert report.identity == make_identity("bitbucket", "octo/shop", parts)
    assert values(report.project) == {"name": "Octo/Shop", "repository": "Octo/Shop"}
    assert values(report.deployment) == {
        "repository": "Octo/Shop",
        "branch": "main",
        "commit_hash": SHA,
        "commit_message": "Pay by card",
        "triggered_by": "grace",
        "run_url": BUILD_URL,
        "message": "12 tests",
        "error": "",
    }
    assert {key: values(job) for key, job in report.jobs.items()} == {
        "unit": {"name": "Unit tests", "message": "12 tests", "error": ""}
    }
    for node in (report.deployment, report.jobs["unit"]):
        assert outcome(node) == ("completed", "success", "SUCCESSFUL")
        assert node.outcomes[0].completed_at == at("10:05:00")
        assert node.outcomes[0].generation == 1772359500000


def test_a_failed_status_has_its_description_as_error() -> None:
    report = only(parse(UPDATED, make_status("FAILED", description="2 of 12 failed")))
    assert values(report.deployment)["error"] == values(report.jobs["unit"])["error"] == "2 of 12 failed"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("INPROGRESS", ("in_progress", None, "INPROGRESS")),
        ("SUCCESSFUL", ("completed", "success", "SUCCESSFUL")),
        ("FAILED", ("completed", "failure", "FAILED")),
        ("STOPPED", ("completed", "cancelled", "STOPPED")),
        ("stopped", ("completed", "cancelled", "stopped")),
        ("LEVITATING", ("queued", None, "LEVITATING")),
    ],
)
def test_the_meaning_of_each_status_word(word: str, expected: tuple[str, str | None, str]) -> None:
    report = only(parse(UPDATED, make_status(word)))
    assert outcome(report.deployment) == outcome(report.jobs["unit"]) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (make_status(commit=None), ("bitbucket.org", UUID, "status", SHA, "unit")),
        (make_status(links=None), ("bitbucket.org", UUID, "status", SHA, "unit")),
        (make_status(url=None), ("bitbucket.org", UUID, "status", SHA, "unit")),
        (
            make_status() | {"repository": REPOSITORY | {"uuid": None, "links": None}},
            ("", "octo/shop", "status", SHA, "unit"),
        ),
    ],
)
def test_the_identity_of_a_status(body: dict[str, Any], expected: tuple[str | None, ...]) -> None:
    assert only(parse(UPDATED, body)).identity.parts == expected


def test_a_status_without_a_name_is_named_by_its_key() -> None:
    assert values(only(parse(CREATED, make_status(name=None))).jobs["unit"])["name"] == "unit"


@pytest.mark.parametrize(
    ("updated_on", "created_on", "expected"),
    [
        ("2026-03-01T10:05:00.000000+00:00", "2026-03-01T10:00:00+00:00", at("10:05:00")),
        ("2026-03-01T12:05:00+02:00", None, at("10:05:00")),
        (None, "2026-03-01T10:00:00Z", at("10:00:00")),
        ("soon", None, None),
    ],
)
def test_times_of_a_status(updated_on: str | None, created_on: str | None, expected: object) -> None:
    node = only(parse(UPDATED, make_status("FAILED", updated_on=updated_on, created_on=created_on))).deployment
    assert node.outcomes[0].completed_at == expected


def test_a_repeated_build_has_the_later_outcome_in_any_order() -> None:
    merged = merge_in_any_order(
        [
            only(parse(CREATED, make_status("INPROGRESS", updated_on="2026-03-01T10:00:00Z"))),
            only(parse(UPDATED, make_status("FAILED", description="Red", updated_on="2026-03-01T10:02:00Z"))),
            only(parse(UPDATED, make_status("INPROGRESS", updated_on="2026-03-01T10:10:00Z"))),
            only(parse(UPDATED, make_status("SUCCESSFUL", updated_on="2026-03-01T10:12:00Z"))),
        ]
    )
    for node in (merged.deployment, merged.jobs["unit"]):
        assert outcome(node) == ("completed", "success", "SUCCESSFUL")
        assert (node.started_at, node.outcomes[0].completed_at) == (at("10:10:00"), at("10:12:00"))
        assert (len(node.outcomes), values(node)["error"]) == (1, "")


def test_a_build_that_runs_again_is_in_progress() -> None:
    merged = merge_in_any_order(
        [
            only(parse(UPDATED, make_status("SUCCESSFUL", updated_on="2026-03-01T10:02:00Z"))),
            only(parse(UPDATED, make_status("INPROGRESS", updated_on="2026-03-01T10:10:00Z"))),
        ]
    )
    assert outcome(merged.deployment) == ("in_progress", None, "INPROGRESS")


@pytest.mark.parametrize(
    ("header", "body", "expected"),
    [
        ("repo:push", make_status(), "repo:push"),
        (None, make_status(), "repo:commit_status_updated"),
        (None, {"push": {}}, "unnamed"),
        (None, [], "unnamed"),
    ],
)
def test_the_header_names_the_event(header: str | None, body: Any, expected: str) -> None:
    assert name_event(header, body) == expected


@pytest.mark.parametrize("event", [event for event, handled in EVENTS.items() if isinstance(handled, Ignored)])
def test_events_without_a_status_are_ignored(event: str) -> None:
    assert parse(event, {}) == EVENTS[event]


def test_an_unknown_event_is_ignored_by_name() -> None:
    assert parse("repo:tea_time", {}) == Ignored("unknown event 'repo:tea_time'")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "commit_status.key"),
        (make_status(key=None), "commit_status.key"),
        (make_status(state=None), "commit_status.state"),
        (make_status(state=["FAILED"]), "commit_status.state"),
        (make_status(commit=None, links={"commit": {"href": "https://bitbucket.org"}}), "commit_status.commit"),
        (make_status() | {"repository": {"uuid": UUID}}, "repository.full_name"),
    ],
)
def test_a_body_without_an_identity_is_malformed(body: Any, field: str) -> None:
    assert list(read_errors(parse, UPDATED, body)) == [field]


def test_the_url_of_a_commit_may_end_with_a_slash() -> None:
    report = only(parse(UPDATED, make_status(commit=None, links={"commit": {"href": f"{COMMIT_URL}/"}})))
    assert values(report.deployment)["commit_hash"] == SHA

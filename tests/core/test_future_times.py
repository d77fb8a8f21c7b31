"""Times after their receipt: a clock that is ahead never decides anything."""

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboard.core.future_times import MAX_LEAD, drop_future_times
from dashboard.core.registers import EPOCH, NO_TIME, Node, Outcome, claim_node, make_stamp, merge_nodes
from dashboard.core.report import Report
from dashboard.core.words import Conclusion, Status
from tests.support.parsed_reports import make_identity

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EARLIER, LIMIT = NOW - timedelta(minutes=5), NOW + MAX_LEAD
FUTURE = datetime(2031, 6, 1, tzinfo=UTC)
ENDED = Outcome(Status.COMPLETED, "word", Conclusion.SUCCESS, EARLIER, reported_at=EARLIER)


def correct(node: Node) -> Node:
    """Return the node as the deployment of a report received now."""
    report = Report(make_identity("native", "shop", ("production", "1", 1)), deployment=node)
    return drop_future_times(report, NOW).deployment


def make_outcome(status: Status, **told: Any) -> Outcome:
    """Return an outcome with this status."""
    return Outcome(status, "word", Conclusion.SUCCESS if status == Status.COMPLETED else None, **told)


@pytest.mark.parametrize("at", [EARLIER, NOW, LIMIT])
def test_times_up_to_ten_minutes_ahead_are_kept(at: datetime) -> None:
    node = claim_node(
        {"port": 80}, outcome=make_outcome(Status.COMPLETED, completed_at=at, reported_at=at), stamp=at, started_at=at
    )
    assert correct(node) is node


def test_later_times_are_unknown() -> None:
    at = LIMIT + timedelta(microseconds=1)
    outcome = make_outcome(Status.COMPLETED, completed_at=at, reported_at=at)
    corrected = correct(claim_node({"port": 80}, outcome=outcome, stamp=at, started_at=at))
    assert corrected == claim_node({"port": 80}, outcome=make_outcome(Status.COMPLETED))
    assert corrected.fields["port"] == (NO_TIME, Status.COMPLETED, 80)


def test_claims_take_the_latest_time_that_is_left() -> None:
    outcome = make_outcome(Status.COMPLETED, completed_at=FUTURE)
    corrected = correct(claim_node({"port": 80}, outcome=outcome, started_at=EARLIER))
    assert corrected == claim_node({"port": 80}, outcome=make_outcome(Status.COMPLETED), started_at=EARLIER)
    assert corrected.fields["port"][0] == make_stamp(EARLIER)
    stamped = correct(claim_node({"port": 80}, outcome=ENDED, stamp=FUTURE, started_at=EARLIER - timedelta(minutes=1)))
    assert stamped.fields["port"][0] == make_stamp(EARLIER)


def test_a_running_node_with_a_future_start_began_when_it_was_reported() -> None:
    running = make_outcome(Status.IN_PROGRESS, reported_at=EARLIER)
    stamped = correct(claim_node({"port": 80}, outcome=running, stamp=EARLIER, started_at=FUTURE))
    assert stamped == claim_node({"port": 80}, outcome=running, stamp=EARLIER)
    unknown = correct(claim_node({}, outcome=make_outcome(Status.IN_PROGRESS), stamp=FUTURE, started_at=FUTURE))
    assert unknown == claim_node({}, outcome=make_outcome(Status.IN_PROGRESS))
    assert correct(claim_node({}, outcome=ENDED, stamp=EARLIER, started_at=FUTURE)).starts == ()


def test_an_end_without_a_time_that_is_left_is_no_earlier_than_its_start() -> None:
    outcome = make_outcome(Status.COMPLETED, completed_at=FUTURE, reported_at=FUTURE)
    corrected = correct(claim_node({}, outcome=outcome, stamp=FUTURE, started_at=EARLIER))
    assert corrected == claim_node({}, outcome=make_outcome(Status.COMPLETED), started_at=EARLIER)
    assert corrected.ends[0].position == (0, make_stamp(EARLIER))


def test_the_time_of_a_report_is_forgotten_without_that_of_the_end() -> None:
    outcome = make_outcome(Status.COMPLETED, completed_at=EARLIER, reported_at=FUTURE)
    corrected = correct(claim_node({}, outcome=outcome, stamp=FUTURE))
    assert corrected == claim_node({}, outcome=make_outcome(Status.COMPLETED, completed_at=EARLIER))


def test_a_queued_node_of_the_future_has_no_time() -> None:
    queued = make_outcome(Status.QUEUED, reported_at=FUTURE, generation=25_000_000_000)
    corrected = correct(claim_node({"port": 80}, outcome=queued, stamp=FUTURE))
    assert corrected == claim_node({"port": 80}, outcome=replace(queued, reported_at=None))


def test_a_generation_that_is_a_future_time_is_none() -> None:
    ahead = make_stamp(FUTURE) // 1000
    made_by_time = make_outcome(Status.COMPLETED, completed_at=EARLIER, generation=ahead)
    node = claim_node({}, outcome=made_by_time, started_at=EARLIER)
    ended = make_outcome(Status.COMPLETED, completed_at=EARLIER)
    assert correct(node) == claim_node({}, outcome=ended, started_at=EARLIER)
    for generation in (0, 25_000_000_000, make_stamp(LIMIT) // 1000):
        node = claim_node({}, outcome=replace(ended, generation=generation), started_at=EARLIER)
        assert correct(node) is node


def test_all_ends_of_a_node_are_corrected() -> None:
    failed = Outcome(Status.COMPLETED, "failed", Conclusion.FAILURE, FUTURE)
    merged = merge_nodes(claim_node({}, outcome=ENDED), claim_node({}, outcome=failed))
    assert [end.outcome.completed_at for end in correct(merged).ends] == [None, EARLIER]


def list_times(value: Any) -> list[datetime]:
    """Return every time anywhere in a value: also those that are microseconds or milliseconds since 1970."""
    if isinstance(value, datetime):
        return [value]
    if isinstance(value, int):
        return [EPOCH + timedelta(microseconds=us) for us in (value, value * 1000) if 10**15 < us < 10**16]
    if is_dataclass(value):
        return [time for field in fields(value) for time in list_times(getattr(value, field.name))]
    members = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list | tuple) else []
    return [time for member in members for time in list_times(member)]


def test_every_node_of_a_report_is_corrected_but_not_its_identity() -> None:
    node = claim_node(
        {"name": "x"}, outcome=make_outcome(Status.COMPLETED, completed_at=FUTURE, reported_at=FUTURE), stamp=FUTURE
    )
    begun = claim_node({"name": "x"}, outcome=make_outcome(Status.IN_PROGRESS), started_at=FUTURE)
    merged = merge_nodes(node, begun)
    identity = make_identity("native", "shop", (FUTURE.isoformat(),))
    report = Report(identity, merged, merged, {"job": merged, "other": begun}, {("job", "step"): merged})
    assert len(list_times(report)) > 10
    corrected = drop_future_times(report, NOW)
    assert list_times(corrected) == []
    assert corrected.identity == identity
    assert (corrected.jobs.keys(), corrected.steps.keys()) == (report.jobs.keys(), report.steps.keys())

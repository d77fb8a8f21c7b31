"""The laws of merging, and which claim is kept."""

import functools
import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given

from dashboard.core.registers import MAX_KEPT, Node, Outcome, claim_node, make_stamp, merge_nodes
from dashboard.core.words import Conclusion, Status
from tests.support.arbitrary_reports import nodes

EARLY, LATE = datetime(2026, 1, 1, 10, tzinfo=UTC), datetime(2026, 1, 1, 11, tzinfo=UTC)
OPEN = Outcome(Status.IN_PROGRESS, "running")
Claimed = tuple[datetime | None, Outcome | None, str]
"""When a branch was claimed, with which outcome beside it, and its name."""


def ended(conclusion: Conclusion, completed_at: datetime | None = None, generation: int = 0) -> Outcome:
    return Outcome(Status.COMPLETED, conclusion.value, conclusion, completed_at, generation)


@given(nodes(), nodes())
def test_merging_is_commutative(left: Node, right: Node) -> None:
    assert merge_nodes(left, right) == merge_nodes(right, left)


@given(nodes(), nodes(), nodes())
def test_merging_is_associative(one: Node, two: Node, three: Node) -> None:
    assert merge_nodes(merge_nodes(one, two), three) == merge_nodes(one, merge_nodes(two, three))


@given(nodes(), nodes())
def test_merging_is_idempotent(left: Node, right: Node) -> None:
    merged = merge_nodes(left, right)
    assert merge_nodes(merged, left) == merge_nodes(merged, right) == merge_nodes(merged, merged) == merged


@pytest.mark.parametrize(
    ("loser", "winner"),
    [
        pytest.param((None, None, "b"), (EARLY, None, "a"), id="any time beats none"),
        pytest.param((EARLY, None, "b"), (LATE, None, "a"), id="the later time"),
        pytest.param((EARLY, None, "b"), (EARLY, OPEN, "a"), id="at the same time the higher rank"),
        pytest.param((EARLY, OPEN, "a"), (EARLY, OPEN, "b"), id="at the same time and rank the larger value"),
    ],
)
def test_the_larger_claim_of_a_field_is_kept(loser: Claimed, winner: Claimed) -> None:
    made = [claim_node({"branch": value}, outcome=outcome, stamp=stamp) for stamp, outcome, value in (loser, winner)]
    assert merge_nodes(*made).value("branch") == merge_nodes(*reversed(made)).value("branch") == winner[2]


def test_null_claims_nothing() -> None:
    known = claim_node({"branch": "main"}, stamp=EARLY)
    assert merge_nodes(known, claim_node({"branch": None}, stamp=LATE)).value("branch") == "main"


@pytest.mark.parametrize(
    ("loser", "winner"),
    [
        pytest.param(Outcome(Status.QUEUED, "queued"), OPEN, id="begun beats queued"),
        pytest.param(OPEN, ended(Conclusion.SKIPPED), id="ended beats begun"),
        pytest.param(ended(Conclusion.FAILURE, EARLY), ended(Conclusion.SUCCESS, LATE), id="the later end"),
        pytest.param(ended(Conclusion.FAILURE), ended(Conclusion.SUCCESS, EARLY), id="an end with a time"),
        pytest.param(ended(Conclusion.SUCCESS, EARLY), ended(Conclusion.FAILURE, EARLY), id="the more severe"),
        pytest.param(ended(Conclusion.FAILURE, LATE), Outcome(Status.QUEUED, "created", generation=1), id="the newer"),
    ],
)
def test_the_larger_outcome_is_kept(loser: Outcome, winner: Outcome) -> None:
    merged = merge_nodes(claim_node({}, outcome=loser), claim_node({}, outcome=winner))
    assert merged.outcome == winner


def test_two_different_conclusions_are_a_conflict_and_both_are_kept() -> None:
    success, failure = ended(Conclusion.SUCCESS, LATE), ended(Conclusion.FAILURE, EARLY)
    merged = merge_nodes(claim_node({}, outcome=failure), claim_node({}, outcome=success))
    assert merged.outcomes == (success, failure)


def test_the_same_conclusion_at_another_time_is_no_conflict() -> None:
    merged = merge_nodes(
        claim_node({}, outcome=ended(Conclusion.SUCCESS)), claim_node({}, outcome=ended(Conclusion.SUCCESS, LATE))
    )
    assert merged.outcomes == (ended(Conclusion.SUCCESS, LATE),)


def test_a_new_generation_drops_the_outcomes_of_the_old_one() -> None:
    old = merge_nodes(
        claim_node({}, outcome=ended(Conclusion.SUCCESS)), claim_node({}, outcome=ended(Conclusion.FAILURE))
    )
    reopened = Outcome(Status.IN_PROGRESS, "running", generation=1)
    assert merge_nodes(old, claim_node({}, outcome=reopened)).outcomes == (reopened,)


def test_the_start_is_the_earliest_of_reports_that_have_begun() -> None:
    queued = claim_node({}, outcome=Outcome(Status.QUEUED, "queued"), started_at=datetime(2025, 1, 1, tzinfo=UTC))
    late, early = (claim_node({}, outcome=OPEN, started_at=moment) for moment in (LATE, EARLY))
    assert merge_nodes(merge_nodes(queued, late), early).started_at == EARLY


def test_the_start_after_reopening_is_that_of_the_newest_generation() -> None:
    first = claim_node({}, outcome=ended(Conclusion.FAILURE, LATE, generation=10), started_at=EARLY)
    retried = claim_node({}, outcome=Outcome(Status.IN_PROGRESS, "running", generation=15), started_at=LATE)
    assert merge_nodes(first, retried).started_at == merge_nodes(retried, first).started_at == LATE


def at(minute: float) -> datetime:
    """Return a time of the day on which the rounds below happen."""
    return datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(minutes=minute)


def running(minute: float, *, reported: bool = True) -> Node:
    """Return the report of a start, with its own time or only with that of the report."""
    if reported:
        return claim_node({}, outcome=OPEN, started_at=at(minute))
    return claim_node({}, outcome=OPEN, stamp=at(minute))


def over(conclusion: Conclusion, minute: float, *, reported: bool = True, since: float | None = None) -> Node:
    """Return the report of an end, with its own time or only with that of the report."""
    outcome = Outcome(Status.COMPLETED, conclusion.value, conclusion, at(minute) if reported else None)
    outcome = replace(outcome, reported_at=at(minute))
    return claim_node({}, outcome=outcome, stamp=at(minute), started_at=None if since is None else at(since))


def queued(minute: float, word: str = "queued") -> Node:
    return claim_node({}, outcome=Outcome(Status.QUEUED, word, reported_at=at(minute)), stamp=at(minute))


def merge_in_any_order(*reports: Node) -> Node:
    """Return the merge of reports; fail if it depends on their order or on copies of them."""
    merged = functools.reduce(merge_nodes, reports)
    for order in itertools.permutations(reports):
        assert functools.reduce(merge_nodes, (*order, order[0])) == merged
    return merged


@pytest.mark.parametrize("reported", [True, False])
def test_what_starts_after_its_end_is_running_again(reported: bool) -> None:
    first = (running(0, reported=reported), over(Conclusion.FAILURE, 5, reported=reported))
    merged = merge_in_any_order(*first, running(60, reported=reported))
    assert merged.outcome == Outcome(Status.IN_PROGRESS, "running")
    assert merged.started_at == at(60)


@pytest.mark.parametrize("reported", [True, False])
def test_what_ended_twice_has_the_times_of_the_second_round_and_no_conflict(reported: bool) -> None:
    first = (running(0, reported=reported), over(Conclusion.FAILURE, 5, reported=reported))
    second = (running(60, reported=reported), over(Conclusion.SUCCESS, 62, reported=reported))
    merged = merge_in_any_order(*first, *second)
    assert [outcome.conclusion for outcome in merged.outcomes] == [Conclusion.SUCCESS]
    assert merged.started_at == at(60)


def test_what_is_queued_after_its_end_is_queued_again() -> None:
    merged = merge_in_any_order(running(0), over(Conclusion.FAILURE, 5), queued(60), queued(-1))
    assert merged.outcome == Outcome(Status.QUEUED, "queued", reported_at=at(60))
    assert merged.started_at is None


def test_within_a_round_a_reported_start_replaces_the_time_of_a_report() -> None:
    merged = merge_in_any_order(running(0, reported=False), running(1), over(Conclusion.SUCCESS, 5))
    assert merged.started_at == at(1)


def test_only_the_reports_of_ends_bring_the_rounds_as_well() -> None:
    merged = merge_in_any_order(over(Conclusion.FAILURE, 5, since=0), over(Conclusion.SUCCESS, 62, since=60))
    assert [outcome.conclusion for outcome in merged.outcomes] == [Conclusion.SUCCESS]
    assert merged.started_at == at(60)


def test_two_ends_without_a_start_between_them_are_in_conflict_and_the_later_counts() -> None:
    failed, succeeded = over(Conclusion.FAILURE, 2, reported=False), over(Conclusion.SUCCESS, 4, reported=False)
    merged = merge_in_any_order(running(0), failed, succeeded)
    assert [outcome.conclusion for outcome in merged.outcomes] == [Conclusion.SUCCESS, Conclusion.FAILURE]


def test_an_end_before_its_own_start_is_the_end_of_that_start() -> None:
    merged = merge_in_any_order(running(10), over(Conclusion.CANCELLED, 9, since=10))
    assert merged.outcome == Outcome(Status.COMPLETED, "cancelled", Conclusion.CANCELLED, at(9), reported_at=at(9))
    assert merged.started_at == at(10)


def test_an_end_by_a_slower_clock_is_the_end_of_the_only_start() -> None:
    merged = merge_in_any_order(running(10), over(Conclusion.SUCCESS, 9.5))
    assert [outcome.conclusion for outcome in merged.outcomes] == [Conclusion.SUCCESS]
    assert merged.started_at == at(10)


def test_a_start_long_after_an_end_whose_start_is_unknown_begins_again() -> None:
    merged = merge_in_any_order(running(10), over(Conclusion.SUCCESS, 8))
    assert merged.outcome == Outcome(Status.IN_PROGRESS, "running")


def test_an_end_without_a_time_is_not_reopened_because_its_place_is_unknown() -> None:
    untimed = claim_node({}, outcome=ended(Conclusion.SUCCESS))
    merged = merge_in_any_order(running(0), untimed, running(60), queued(70))
    assert merged.outcome == ended(Conclusion.SUCCESS)
    assert merged.started_at == at(0)


def test_the_sender_s_number_orders_starts_and_ends_before_their_times() -> None:
    ended_first = claim_node({}, outcome=ended(Conclusion.FAILURE, at(0), generation=8))
    again = claim_node({}, outcome=Outcome(Status.IN_PROGRESS, "running", generation=9), stamp=at(0))
    assert merge_in_any_order(ended_first, again).outcome == Outcome(Status.IN_PROGRESS, "running", generation=9)


def test_what_waits_after_its_start_is_waiting_until_it_goes_on() -> None:
    waiting = merge_in_any_order(running(0), queued(5, "waiting"))
    assert waiting.outcome == Outcome(Status.QUEUED, "waiting", reported_at=at(5))
    assert waiting.started_at == at(0)
    gone_on = merge_in_any_order(running(0), queued(5, "waiting"), running(9))
    assert gone_on.outcome == Outcome(Status.IN_PROGRESS, "running")


def test_of_very_many_rounds_the_first_start_and_the_latest_rounds_are_kept() -> None:
    rounds = [report for hour in range(100) for report in (running(60 * hour), over(Conclusion.FAILURE, 60 * hour + 5))]
    forwards, backwards = functools.reduce(merge_nodes, rounds), functools.reduce(merge_nodes, rounds[::-1])
    assert forwards == backwards
    assert len(forwards.starts) == MAX_KEPT + 1
    assert len(forwards.ends) == MAX_KEPT
    assert forwards.started_at == at(60 * 99)


def test_a_running_report_with_only_a_timestamp_started_then() -> None:
    assert claim_node({}, outcome=OPEN, stamp=EARLY).started_at == EARLY


def test_stamps_keep_every_microsecond() -> None:
    assert make_stamp(datetime(2026, 1, 1, 0, 0, 0, 123457, tzinfo=UTC)) % 1_000_000 == 123457


def test_an_unclaimed_field_has_no_value() -> None:
    assert claim_node({"branch": "main"}).value("message") is None


@pytest.mark.parametrize(
    ("stamp", "completed_at", "started_at", "time"),
    [
        pytest.param(None, None, None, None, id="no time at all"),
        pytest.param(EARLY, LATE, LATE, EARLY, id="that of the report"),
        pytest.param(None, LATE, EARLY, LATE, id="else its end"),
        pytest.param(None, EARLY, LATE, LATE, id="or its start, if that is later"),
        pytest.param(None, LATE, None, LATE, id="an end alone"),
        pytest.param(None, None, EARLY, EARLY, id="a start alone"),
    ],
)
def test_the_time_of_a_claim(
    stamp: datetime | None, completed_at: datetime | None, started_at: datetime | None, time: datetime | None
) -> None:
    outcome = ended(Conclusion.SUCCESS, completed_at)
    node = claim_node({"branch": "main"}, outcome=outcome, stamp=stamp, started_at=started_at)
    assert node.fields == {"branch": (make_stamp(time), 2, "main")}
    assert node.outcome == outcome


def test_a_claim_without_an_outcome_has_the_lowest_rank() -> None:
    assert claim_node({"branch": "main"}, started_at=EARLY) == Node({"branch": (make_stamp(EARLY), 0, "main")})


def test_the_two_largest_of_three_different_conclusions_are_kept() -> None:
    endings = [ended(conclusion, EARLY) for conclusion in (Conclusion.SKIPPED, Conclusion.SUCCESS, Conclusion.FAILURE)]
    merged = merge_nodes(
        merge_nodes(*(claim_node({}, outcome=ending) for ending in endings[:2])), claim_node({}, outcome=endings[2])
    )
    assert merged.outcomes == (endings[2], endings[1])

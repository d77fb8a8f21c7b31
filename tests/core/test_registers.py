"""The laws of merging, and which claim is kept."""

from datetime import UTC, datetime

import pytest
from hypothesis import given

from dashboard.core.registers import Node, Outcome, claim_node, make_stamp, merge_nodes
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
    merged = merge_nodes(Node(outcomes=(loser,)), Node(outcomes=(winner,)))
    assert merged.outcome == winner


def test_two_different_conclusions_are_a_conflict_and_both_are_kept() -> None:
    success, failure = ended(Conclusion.SUCCESS, LATE), ended(Conclusion.FAILURE, EARLY)
    merged = merge_nodes(Node(outcomes=(failure,)), Node(outcomes=(success,)))
    assert merged.outcomes == (success, failure)


def test_the_same_conclusion_at_another_time_is_no_conflict() -> None:
    merged = merge_nodes(Node(outcomes=(ended(Conclusion.SUCCESS),)), Node(outcomes=(ended(Conclusion.SUCCESS, LATE),)))
    assert merged.outcomes == (ended(Conclusion.SUCCESS, LATE),)


def test_a_new_generation_drops_the_outcomes_of_the_old_one() -> None:
    old = merge_nodes(Node(outcomes=(ended(Conclusion.SUCCESS),)), Node(outcomes=(ended(Conclusion.FAILURE),)))
    reopened = Outcome(Status.IN_PROGRESS, "running", generation=1)
    assert merge_nodes(old, Node(outcomes=(reopened,))).outcomes == (reopened,)


def test_the_start_is_the_earliest_of_reports_that_have_begun() -> None:
    queued = claim_node({}, outcome=Outcome(Status.QUEUED, "queued"), started_at=datetime(2025, 1, 1, tzinfo=UTC))
    late, early = (claim_node({}, outcome=OPEN, started_at=moment) for moment in (LATE, EARLY))
    assert merge_nodes(merge_nodes(queued, late), early).started_at == EARLY


def test_the_start_after_reopening_is_that_of_the_newest_generation() -> None:
    first = claim_node({}, outcome=ended(Conclusion.FAILURE, LATE, generation=10), started_at=EARLY)
    retried = claim_node({}, outcome=Outcome(Status.IN_PROGRESS, "running", generation=15), started_at=LATE)
    assert merge_nodes(first, retried).started_at == merge_nodes(retried, first).started_at == LATE


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
        merge_nodes(*(Node(outcomes=(ending,)) for ending in endings[:2])), Node(outcomes=(endings[2],))
    )
    assert merged.outcomes == (endings[2], endings[1])

"""Registers and how they merge.

A node (project, deployment, job or step) is a map of registers. Merging takes the maximum of each register, so it is
commutative, associative and idempotent: any order and any number of copies of the same reports give the same node.
"""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from dashboard.core.time_units import DAY_S
from dashboard.core.words import QUEUED_WORDS, Conclusion, Status, fold_word, is_waiting_word

Scalar = str | int | float | bool
Stamp = int
"""A sender's time in microseconds since 1970, or NO_TIME."""
NO_TIME: Stamp = 0

Claim = tuple[Stamp, int, Scalar]
"""What one report says about one field: its stamp, the rank of the node's status in it, the value. The larger wins."""

Position = tuple[int, Stamp]
"""Where a start or end lies in the order of a node's starts and ends: its generation, and its time within that."""

MAX_KEPT = 16
"""How many of a node's latest starts, and of its latest ends, are kept."""
MAX_SKEW_US = 60_000_000
"""How much earlier than its start an end may lie because two clocks differ; later starts begin the node again."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@functools.lru_cache(maxsize=1024)
def make_stamp(moment: datetime | None) -> Stamp:
    """Return whole microseconds since 1970, exact unlike a float; NO_TIME for None."""
    if moment is None:
        return NO_TIME
    delta = moment - EPOCH
    return (delta.days * DAY_S + delta.seconds) * 1_000_000 + delta.microseconds


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one report says about a node's progress: its status and, once it has ended, how and when."""

    status: Status
    raw: str
    """The sender's own word."""
    conclusion: Conclusion | None = None
    completed_at: datetime | None = None
    generation: int = 0
    """Orders what a sender says about the same identity, before all times. Only for senders that number it."""
    reported_at: datetime | None = None
    """Time of the earliest report with exactly this outcome."""

    @property
    def position(self) -> Position:
        """Where it lies in the order of starts and ends: the time of the end, otherwise that of the report.

        An unknown word has no place in it, so that it never looks like the beginning of another round.
        """
        if self.status == Status.QUEUED and fold_word(self.raw) not in QUEUED_WORDS:
            return self.generation, NO_TIME
        return self.generation, make_stamp(self.completed_at or self.reported_at)


class Start(NamedTuple):
    """A report's claim that a node has started. The fields are in the order in which starts are compared."""

    position: Position
    is_reported: bool
    """Whether the report has the time of the start; otherwise `position` has the time of the report, or none."""
    raw: str
    """The sender's own word; empty if the report is about the end."""


class End(NamedTuple):
    """A report's claim that a node has ended."""

    position: Position
    outcome: Outcome

    @property
    def order(self) -> tuple[Position, int, str, Stamp, int]:
        """Sort key: the later end, then the more severe, and among equal ones the earliest report."""
        end = self.outcome
        earliness = -make_stamp(end.reported_at) if end.reported_at else -(2**63)
        severity = -1 if end.conclusion is None else end.conclusion.severity
        return (self.position, severity, end.raw, make_stamp(end.completed_at), earliness)


class Progress(NamedTuple):
    """How far a node is, according to all its reports."""

    outcome: Outcome | None = None
    """None while no report has one."""
    conflicting: Outcome | None = None
    """The latest end of the same round with another conclusion."""
    start: Start | None = None
    """The start of its latest round."""


@dataclass(frozen=True, slots=True)
class Node:
    """The registers of one project, deployment, job or step."""

    fields: Mapping[str, Claim] = field(default_factory=dict)
    starts: tuple[Start, ...] = ()
    """The earliest start and the MAX_KEPT latest, sorted."""
    ends: tuple[End, ...] = ()
    """The MAX_KEPT latest ends, sorted."""
    queued: Outcome | None = None
    """The latest outcome that is not started; None if a start or end is as late."""
    has_waited: bool = False
    """Whether a report said that it waits for a person."""

    def value(self, name: str) -> Scalar | None:
        """Return the value of a field, None if no report claims one."""
        claim = self.fields.get(name)
        return None if claim is None else claim[2]

    def read_progress(self) -> Progress:
        """Return the outcome that counts, and the start of the round that it belongs to.

        Whatever ended can begin again. A start after the latest end begins a new round, which runs until an end.
        """
        starts, ends = self.starts, self.ends
        if not ends:
            return self._read_open(starts)
        last = ends[-1]
        # Nearly every node has one end, and one start before it.
        if len(ends) == 1 and self.queued is None and len(starts) <= 1:
            start = starts[0] if starts else None
            if start is None or start.position <= last.position:
                return Progress(last.outcome, None, start)
        before = [start for start in self.starts if start.position <= last.position]
        begun = self._find_begun(last, had_start=bool(before))
        reopened = self._read_open(begun)
        if reopened.outcome:
            return reopened
        previous = self._find_previous_end(last, before)
        own = [start for start in before if previous is None or start.position > previous] or starts
        others = (end.outcome for end in reversed(self.ends) if previous is None or end.position > previous)
        return Progress(last.outcome, next((o for o in others if _conflict(last.outcome, o)), None), _choose(own))

    def _read_open(self, starts: Sequence[Start]) -> Progress:
        """Return the progress of a node that began with these starts, or is queued if there are none."""
        queued, last = self.queued, self.ends[-1] if self.ends else None
        if starts and queued and is_waiting_word(queued.raw):
            return Progress(queued, start=_choose(starts))
        if starts:
            latest = starts[-1]
            return Progress(
                Outcome(Status.IN_PROGRESS, latest.raw, generation=latest.position[0]), start=_choose(starts)
            )
        is_later = queued and (last is None or self._is_ordered(last, queued.position))
        return Progress(queued) if is_later else Progress()

    def _find_begun(self, last: End, *, had_start: bool) -> Sequence[Start]:
        """Return the starts after the last end."""
        later = [start for start in self.starts if start.position > last.position]
        if not had_start:
            # The end of a node without another start is taken for the end of this one, unless it is much earlier.
            generation, ended = last.position
            later = [start for start in later if start.position > (generation, ended + MAX_SKEW_US)]
        return [start for start in later if self._is_ordered(last, start.position)]

    def _is_ordered(self, last: End, position: Position) -> bool:
        """Return whether a position is known to be after all ends: it is not after an end without a time."""
        generation = last.position[0]
        return position[0] > generation or all(end.position != (generation, NO_TIME) for end in self.ends)

    def _find_previous_end(self, last: End, starts: Sequence[Start]) -> Position | None:
        """Return the latest end that was followed by one of these starts, which are not later than the last end."""
        latest = max((start.position for start in starts), default=None)
        ends = (end.position for end in self.ends if end.position < last.position)
        return max((end for end in ends if latest and end < latest), default=None)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcome that counts, and after it the one that is in conflict with it, as far as there are any."""
        return tuple(filter(None, self.read_progress()[:2]))

    @property
    def outcome(self) -> Outcome | None:
        """The outcome that counts, None while no report has one."""
        return self.read_progress().outcome

    @property
    def started_at(self) -> datetime | None:
        """The start of the latest round, None if no time is known."""
        start = self.read_progress().start
        return None if start is None else read_stamp(start.position[1])


def read_stamp(stamp: Stamp) -> datetime | None:
    """Return the time of a stamp, None for NO_TIME."""
    return None if stamp == NO_TIME else EPOCH + timedelta(microseconds=stamp)


def claim_node(
    values: Mapping[str, Scalar | None],
    *,
    outcome: Outcome | None = None,
    stamp: datetime | None = None,
    started_at: datetime | None = None,
) -> Node:
    """Return the node that a single report describes. A value of None claims nothing.

    The stamp of its claims is `stamp` (the time of the report), otherwise the later of its completed_at and started_at.
    """
    completed_at = outcome.completed_at if outcome else None
    at = make_stamp(stamp) if stamp else max(make_stamp(completed_at), make_stamp(started_at))
    rank = int(outcome.status if outcome else Status.QUEUED)
    fields = {name: (at, rank, value) for name, value in values.items() if value is not None}
    if outcome is None:
        return Node(fields)
    if outcome.status == Status.QUEUED:
        return Node(fields, queued=outcome, has_waited=is_waiting_word(outcome.raw))
    start = Start((outcome.generation, make_stamp(started_at)), is_reported=True, raw="") if started_at else None
    if outcome.status == Status.IN_PROGRESS:
        start = start or Start((outcome.generation, make_stamp(stamp)), is_reported=False, raw="")
        return Node(fields, (start._replace(raw=outcome.raw),))
    # An end before its own start, which senders report of cancelled jobs, must not look like one before another start.
    position = max(outcome.position, start.position) if start else outcome.position
    return Node(fields, (start,) if start else (), (End(position, outcome),))


def merge_nodes(left: Node, right: Node) -> Node:
    """Return the merge of both nodes: the larger of each register."""
    fields = _merge_fields(left.fields, right.fields)
    if not (right.starts or right.ends or right.queued):
        return Node(fields, left.starts, left.ends, left.queued, left.has_waited)
    starts, ends = merge_starts((*left.starts, *right.starts)), merge_ends((*left.ends, *right.ends))
    if ends:
        # The word of a start that an end has followed is never shown again. Without it one round fits the columns.
        starts = tuple(start if start.position > ends[-1].position else start._replace(raw="") for start in starts)
    queued = _merge_queued(left.queued, right.queued, starts, ends)
    return Node(fields, starts, ends, queued, left.has_waited or right.has_waited)


def merge_starts(starts: Iterable[Start]) -> tuple[Start, ...]:
    """Return the starts that are kept, sorted: one for each time; without a time only if there is no later one."""
    known: dict[tuple[Position, bool], Start] = {}
    for start in starts:
        key = (start.position, start.is_reported)
        known[key] = max(known.get(key, start), start)
    if len(known) <= 1:
        return tuple(known.values())
    *earlier, latest = sorted(known.values())
    ordered = [*(start for start in earlier if start.position[1] != NO_TIME), latest]
    return tuple(ordered if len(ordered) <= MAX_KEPT else [ordered[0], *ordered[1:][-MAX_KEPT:]])


def merge_ends(ends: Iterable[End]) -> tuple[End, ...]:
    """Return the ends that are kept, sorted; of two that differ only in the time of the report the earlier counts."""
    known: dict[tuple[object, ...], End] = {}
    for end in sorted(ends, key=lambda end: end.order):
        known[end.order[:-1]] = end
    return tuple(known.values())[-MAX_KEPT:]


def _merge_queued(
    left: Outcome | None, right: Outcome | None, starts: Sequence[Start], ends: Sequence[End]
) -> Outcome | None:
    latest = max((queued for queued in (left, right) if queued), key=_order_queued, default=None)
    others = (*(start.position for start in starts[-1:]), *(end.position for end in ends[-1:]))
    return None if latest is None or any(position >= latest.position for position in others) else latest


def _order_queued(queued: Outcome) -> tuple[Position, str, Stamp]:
    return queued.position, queued.raw, -make_stamp(queued.reported_at)


def _choose(starts: Sequence[Start]) -> Start | None:
    """Return the earliest of these starts whose time was reported, otherwise the earliest."""
    return next((start for start in starts if start.is_reported), starts[0] if starts else None)


def _merge_fields(left: Mapping[str, Claim], right: Mapping[str, Claim]) -> Mapping[str, Claim]:
    merged = dict(left)
    for name, claim in right.items():
        if name not in merged or merged[name] < claim:
            merged[name] = claim
    return merged


def _conflict(first: Outcome, other: Outcome) -> bool:
    return other.generation == first.generation and other.conclusion != first.conclusion

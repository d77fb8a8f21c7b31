"""Registers and how they merge.

A node (project, deployment, job or step) is a map of registers. Merging takes the maximum of each register, so it is
commutative, associative and idempotent: any order and any number of copies of the same reports give the same node.
"""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dashboard.core.time_units import DAY_S
from dashboard.core.words import Conclusion, Status

Scalar = str | int | float | bool
Stamp = int
"""A sender's time in microseconds since 1970, or NO_TIME."""
NO_TIME: Stamp = 0

Claim = tuple[Stamp, int, Scalar]
"""What one report says about one field: its stamp, the rank of the node's status in it, the value. The larger wins."""

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
    """What one report says about a node's progress: its status and, once it has ended, how and when.

    Of two outcomes the one with the larger `order` wins.
    """

    status: Status
    raw: str
    """The sender's own word."""
    conclusion: Conclusion | None = None
    completed_at: datetime | None = None
    generation: int = 0
    """Grows when a sender reopens the same identity without an attempt number."""
    reported_at: datetime | None = None
    """Time of the earliest report with exactly this outcome."""

    @property
    def order(self) -> tuple[int, int, Stamp, int, str, int]:
        """Sort key. Its last part prefers the earliest of the reports that are equal otherwise."""
        severity = -1 if self.conclusion is None else self.conclusion.severity
        earliness = -make_stamp(self.reported_at) if self.reported_at else -(2**63)
        return (self.generation, self.status, make_stamp(self.completed_at), severity, self.raw, earliness)


@dataclass(frozen=True, slots=True)
class Node:
    """The registers of one project, deployment, job or step."""

    fields: Mapping[str, Claim] = field(default_factory=dict)
    outcomes: tuple[Outcome, ...] = ()
    """The largest outcome, and after it the largest with another conclusion (a conflict), if there is one."""
    started: tuple[int, datetime] | None = None
    """The latest generation that has started, and its earliest reported start."""

    @property
    def started_at(self) -> datetime | None:
        """The earliest reported start."""
        return self.started[1] if self.started else None

    @property
    def outcome(self) -> Outcome | None:
        """The outcome that counts, None while no report has one."""
        return self.outcomes[0] if self.outcomes else None

    def value(self, name: str) -> Scalar | None:
        """Return the value of a field, None if no report claims one."""
        claim = self.fields.get(name)
        return None if claim is None else claim[2]


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
    status = outcome.status if outcome else Status.QUEUED
    completed_at = outcome.completed_at if outcome else None
    at = make_stamp(stamp) if stamp else max(make_stamp(completed_at), make_stamp(started_at))
    rank = int(status)
    fields = {name: (at, rank, value) for name, value in values.items() if value is not None}
    if status == Status.IN_PROGRESS and started_at is None:
        started_at = stamp
    started = (outcome.generation, started_at) if outcome and started_at and status >= Status.IN_PROGRESS else None
    return Node(fields, (outcome,) if outcome else (), started)


def merge_nodes(left: Node, right: Node) -> Node:
    """Return the merge of both nodes: the larger of each register."""
    return Node(
        _merge_fields(left.fields, right.fields),
        _merge_outcomes({*left.outcomes, *right.outcomes}),
        max((start for start in (left.started, right.started) if start), key=_order_start, default=None),
    )


def _order_start(start: tuple[int, datetime]) -> tuple[int, Stamp]:
    return start[0], -make_stamp(start[1])


def _merge_fields(left: Mapping[str, Claim], right: Mapping[str, Claim]) -> Mapping[str, Claim]:
    merged = dict(left)
    for name, claim in right.items():
        if name not in merged or merged[name] < claim:
            merged[name] = claim
    return merged


def _merge_outcomes(candidates: Iterable[Outcome]) -> tuple[Outcome, ...]:
    ordered = sorted(candidates, key=lambda outcome: outcome.order, reverse=True)
    if not ordered:
        return ()
    first = ordered[0]
    others = (other for other in ordered if _conflict(first, other))
    return (first, *list(others)[:1])


def _conflict(first: Outcome, other: Outcome) -> bool:
    return (
        other.status == Status.COMPLETED
        and other.generation == first.generation
        and other.conclusion != first.conclusion
    )

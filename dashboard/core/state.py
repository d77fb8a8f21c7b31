"""Status, conclusion, state and progress of deployments, jobs and steps, computed on reading.

Parents follow from their children through tallies: how many children there are of each kind. A tally is all that a
parent needs to know, so a single step never costs a look at its thousands of siblings.
"""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dashboard.core.words import STATE_OF_CONCLUSION, WAITING_WORDS, Conclusion, State, Status

Tally = Mapping[str, int]
"""Number of children by kind: a conclusion, `queued` or `in_progress`; of jobs also WORDLESS and ALLOWED ones."""

OPEN_KINDS = frozenset({"queued", "in_progress"})
WORDLESS_QUEUED, WORDLESS_BEGUN, WORDLESS_FAILED = "wordless:queued", "wordless:in_progress", "wordless:failed"
UNBEGUN_KINDS = frozenset({"queued", "allowed:queued", WORDLESS_QUEUED})
WORDLESS_KINDS = frozenset({WORDLESS_QUEUED, WORDLESS_BEGUN, WORDLESS_FAILED})
"""Jobs of which the sender only named steps: they end when their deployment does."""
ALLOWED = "allowed:"
"""Begins the kinds of jobs that may fail, or never run, without harm to their deployment."""
ALLOWED_OPEN_KINDS = frozenset(ALLOWED + kind for kind in OPEN_KINDS)
FAILING = frozenset(c.value for c in Conclusion if c.severity >= Conclusion.CANCELLED.severity)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a node is when its children are taken into account."""

    status: Status
    conclusion: Conclusion | None = None

    @property
    def is_done(self) -> bool:
        """Whether it has ended."""
        return self.status == Status.COMPLETED

    @property
    def kind(self) -> str:
        """What its parent's tally counts it as."""
        return self.conclusion.value if self.conclusion else self.status.word


@functools.cache
def stand(status: Status, conclusion: Conclusion | None = None) -> Standing:
    """Return the one standing of its kind: there are few of them, and every step of every report needs one."""
    return Standing(status, conclusion)


UNHEARD = stand(Status.QUEUED)


def add_to_tally(tally: Tally, moves: Iterable[tuple[str | None, str]]) -> dict[str, int]:
    """Return the tally after children went from one kind to another; None instead of the first is a new child."""
    changed = dict(tally)
    for removed, added in moves:
        changed[added] = changed.get(added, 0) + 1
        if removed is not None:
            changed[removed] -= 1
    return {kind: number for kind, number in changed.items() if number}


def count_children(tally: Tally) -> int:
    """Return how many children there are."""
    return sum(tally.values())


def count_done_steps(tally: Tally) -> int:
    """Return how many steps have ended."""
    return sum(number for kind, number in tally.items() if kind not in OPEN_KINDS)


def count_done_jobs(tally: Tally, deployment: Standing) -> int:
    """Return how many jobs have ended, those without a word with their deployment."""
    still_open = OPEN_KINDS | ALLOWED_OPEN_KINDS
    if not deployment.is_done:
        still_open |= WORDLESS_KINDS
    return sum(number for kind, number in tally.items() if kind not in still_open)


def compute_percent(done: int, total: int, *, is_done: bool) -> int:
    """Return the share in whole percent, rounded down; without children 100 if the node itself has ended, else 0."""
    if total == 0:
        return 100 if is_done else 0
    return done * 100 // total


def settle_step(status: Status | None, conclusion: Conclusion | None) -> Standing:
    """Return the standing of a step: what its sender says, queued while nobody said anything."""
    return UNHEARD if status is None else stand(status, conclusion)


def settle_job(status: Status | None, conclusion: Conclusion | None, steps: Tally, deployment: Standing) -> Standing:
    """Return the standing of a job: the sender's word, else what its steps and its deployment say."""
    if status == Status.COMPLETED:
        return stand(status, conclusion)
    if status is None and deployment.is_done:
        return stand(Status.COMPLETED, _conclude_from_steps(steps, deployment))
    begun = status == Status.IN_PROGRESS or any(kind != "queued" for kind in steps)
    return stand(Status.IN_PROGRESS if begun else Status.QUEUED)


def _conclude_from_steps(steps: Tally, deployment: Standing) -> Conclusion:
    conclusions = [Conclusion(kind) for kind in steps if kind not in OPEN_KINDS]
    if len(conclusions) < len(steps) or not conclusions:
        conclusions.append(deployment.conclusion or Conclusion.UNKNOWN)
    return max(conclusions, key=lambda conclusion: conclusion.severity)


def classify_job(
    status: Status | None, conclusion: Conclusion | None, steps: Tally, *, allowed_to_fail: bool = False
) -> str:
    """Return the kind of a job in its deployment's tally; it does not depend on the deployment."""
    if status is not None:
        kind = settle_job(status, conclusion, steps, UNHEARD).kind
        if not allowed_to_fail:
            return kind
        return ALLOWED + kind if kind in OPEN_KINDS | FAILING else kind
    if any(kind in FAILING for kind in steps):
        return WORDLESS_FAILED
    return WORDLESS_BEGUN if any(kind != "queued" for kind in steps) else WORDLESS_QUEUED


def settle_deployment(status: Status | None, conclusion: Conclusion | None, jobs: Tally) -> Standing:
    """Return the standing of a deployment: only its sender can end it, but a begun job has begun it."""
    if status == Status.COMPLETED:
        return stand(status, conclusion)
    begun = status == Status.IN_PROGRESS or any(kind not in UNBEGUN_KINDS for kind in jobs)
    return stand(Status.IN_PROGRESS if begun else Status.QUEUED)


def decide_deployment_state(standing: Standing, raw: str | None, jobs: Tally, *, is_stale: bool) -> State:
    """Return the state of a deployment; success only if no known job is open or has failed."""
    if standing.conclusion == Conclusion.SUCCESS and any(
        kind in OPEN_KINDS or kind in FAILING or kind == WORDLESS_FAILED for kind in jobs
    ):
        return State.PARTIAL
    if is_stale and not standing.is_done:
        return State.STALE
    return decide_state(standing, raw, in_ended=False)


def decide_state(standing: Standing, raw: str | None, *, in_ended: bool) -> State:
    """Return the state of a node; `in_ended`: what it belongs to has ended, so an open one is unknown."""
    if standing.is_done:
        return STATE_OF_CONCLUSION[standing.conclusion or Conclusion.UNKNOWN]
    if in_ended:
        return State.UNKNOWN
    if standing.status == Status.IN_PROGRESS:
        return State.RUNNING
    return State.WAITING if (raw or "").casefold() in WAITING_WORDS else State.QUEUED

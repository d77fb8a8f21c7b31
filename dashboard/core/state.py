"""Status, conclusion, state and progress of deployments, jobs and steps, computed on reading.

A parent depends on its children only through their tally, so one step is processed without reading its thousands of
siblings.
"""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dashboard.core.words import STATE_OF_CONCLUSION, Conclusion, State, Status, is_waiting_word

Tally = Mapping[str, int]
"""Number of children by kind: a conclusion or one of OPEN_KINDS; jobs may also be implicit or allowed to fail.

Tallies are stored, so the spelling of a kind must stay.
"""

WAITING = "waiting"
OPEN_KINDS = frozenset({"queued", WAITING, "in_progress"})
IMPLICIT_QUEUED, IMPLICIT_WAITING = "wordless:queued", "wordless:waiting"
IMPLICIT_IN_PROGRESS, IMPLICIT_FAILED = "wordless:in_progress", "wordless:failed"
UNSTARTED_KINDS = frozenset({"queued", WAITING, "allowed:queued", "allowed:waiting", IMPLICIT_QUEUED, IMPLICIT_WAITING})
IMPLICIT_KINDS = frozenset({IMPLICIT_QUEUED, IMPLICIT_WAITING, IMPLICIT_IN_PROGRESS, IMPLICIT_FAILED})
"""Kinds of jobs that are known only by their steps: they end when their deployment does."""
ALLOWED_PREFIX = "allowed:"
"""Precedes the kind of a job that may fail, or never run, without affecting its deployment."""
ALLOWED_OPEN_KINDS = frozenset(ALLOWED_PREFIX + kind for kind in OPEN_KINDS)
FAILING_KINDS = frozenset(c.value for c in Conclusion if c.severity >= Conclusion.CANCELLED.severity)
"""Kinds of children that keep their parent from being a success."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Status and conclusion of a node with its children taken into account."""

    status: Status
    conclusion: Conclusion | None = None
    is_waiting: bool = False
    """Whether a person or a rule has to release it, or a part of it while no other part runs."""

    @property
    def is_done(self) -> bool:
        """Whether the node has ended."""
        return self.status == Status.COMPLETED

    @property
    def kind(self) -> str:
        """The kind that a tally counts it under."""
        return self.conclusion.value if self.conclusion else WAITING if self.is_waiting else self.status.word


@functools.cache
def make_standing(
    status: Status,
    conclusion: Conclusion | None = None,
    is_waiting: bool = False,  # noqa: FBT001, FBT002
) -> Standing:
    """Return the standing, always the same object: there are few, and every step of every report needs one."""
    return Standing(status, conclusion, is_waiting)


UNREPORTED = make_standing(Status.QUEUED)
"""The standing of a node without reports."""


def add_to_tally(tally: Tally, moves: Iterable[tuple[str | None, str]]) -> dict[str, int]:
    """Return the tally after children moved from one kind to another; a new child moves from None."""
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
    """Return how many jobs have ended. Implicit jobs end with their deployment."""
    still_open = OPEN_KINDS | ALLOWED_OPEN_KINDS
    if not deployment.is_done:
        still_open |= IMPLICIT_KINDS
    return sum(number for kind, number in tally.items() if kind not in still_open)


def compute_percent(done: int, total: int, *, is_done: bool) -> int:
    """Return the share in whole percent, rounded down; without children 100 if the node has ended, otherwise 0."""
    if total == 0:
        return 100 if is_done else 0
    return done * 100 // total


def compute_step_standing(status: Status | None, conclusion: Conclusion | None, raw: str | None) -> Standing:
    """Return the standing of a step: as reported, queued if no report gave a status. `raw` is the sender's word."""
    return UNREPORTED if status is None else make_standing(status, conclusion, _is_held(status, raw))


def _is_held(status: Status | None, raw: str | None) -> bool:
    return status == Status.QUEUED and is_waiting_word(raw)


def compute_job_standing(
    status: Status | None, conclusion: Conclusion | None, raw: str | None, steps: Tally, deployment: Standing
) -> Standing:
    """Return the standing of a job: as reported, otherwise derived from its steps and its deployment."""
    if status == Status.COMPLETED:
        return make_standing(status, conclusion)
    if status is None and deployment.is_done:
        return make_standing(Status.COMPLETED, _conclude_from_steps(steps, deployment))
    has_started = status == Status.IN_PROGRESS or any(kind not in UNSTARTED_KINDS for kind in steps)
    is_waiting = (_is_held(status, raw) or WAITING in steps) and "in_progress" not in steps
    return make_standing(Status.IN_PROGRESS if has_started else Status.QUEUED, None, is_waiting)


def _conclude_from_steps(steps: Tally, deployment: Standing) -> Conclusion:
    conclusions = [Conclusion(kind) for kind in steps if kind not in OPEN_KINDS]
    if len(conclusions) < len(steps) or not conclusions:
        conclusions.append(deployment.conclusion or Conclusion.UNKNOWN)
    return max(conclusions, key=lambda conclusion: conclusion.severity)


def classify_job(
    status: Status | None,
    conclusion: Conclusion | None,
    raw: str | None,
    steps: Tally,
    *,
    allowed_to_fail: bool = False,
) -> str:
    """Return the kind that the deployment's tally counts a job under; it does not depend on the deployment."""
    if status is not None:
        kind = compute_job_standing(status, conclusion, raw, steps, UNREPORTED).kind
        if not allowed_to_fail:
            return kind
        return ALLOWED_PREFIX + kind if kind in OPEN_KINDS | FAILING_KINDS else kind
    if any(kind in FAILING_KINDS for kind in steps) and not allowed_to_fail:
        return IMPLICIT_FAILED
    if WAITING in steps and "in_progress" not in steps:
        return IMPLICIT_WAITING
    return IMPLICIT_IN_PROGRESS if any(kind not in UNSTARTED_KINDS for kind in steps) else IMPLICIT_QUEUED


def compute_deployment_standing(
    status: Status | None, conclusion: Conclusion | None, raw: str | None, jobs: Tally, steps: Tally
) -> Standing:
    """Return the standing of a deployment: a started job starts it, but only its sender can end it."""
    if status == Status.COMPLETED:
        return make_standing(status, conclusion)
    has_started = status == Status.IN_PROGRESS or any(kind not in UNSTARTED_KINDS for kind in jobs)
    is_held = _is_held(status, raw) or WAITING in jobs or IMPLICIT_WAITING in jobs
    is_running = "in_progress" in steps or "in_progress" in jobs or "allowed:in_progress" in jobs
    return make_standing(Status.IN_PROGRESS if has_started else Status.QUEUED, None, is_held and not is_running)


def decide_deployment_state(standing: Standing, jobs: Tally, *, is_stale: bool) -> State:
    """Return the state of a deployment: success only if no known job is open or has failed, otherwise partial."""
    if standing.conclusion == Conclusion.SUCCESS and any(
        kind in OPEN_KINDS or kind in FAILING_KINDS or kind == IMPLICIT_FAILED for kind in jobs
    ):
        return State.PARTIAL
    # What waits for a person may be silent for as long as the person takes.
    if is_stale and not (standing.is_done or standing.is_waiting):
        return State.STALE
    return decide_state(standing, in_ended=False)


def decide_state(standing: Standing, *, in_ended: bool) -> State:
    """Return the state of a node. `in_ended`: its parent has ended, so the state of an open node is unknown."""
    if standing.is_done:
        return STATE_OF_CONCLUSION[standing.conclusion or Conclusion.UNKNOWN]
    if in_ended:
        return State.UNKNOWN
    if standing.is_waiting:
        return State.WAITING
    return State.RUNNING if standing.status == Status.IN_PROGRESS else State.QUEUED

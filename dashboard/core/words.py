"""The closed vocabularies: status, conclusion, state, verdict, live updates, and the words of native senders."""

import functools
import re
from collections.abc import Mapping
from enum import IntEnum, StrEnum


class Status(IntEnum):
    """How far a deployment, job or step is. The number is its rank in merging."""

    QUEUED = 0
    """Known, not started. Unknown words of senders mean this, the lowest rank, so they override nothing."""
    IN_PROGRESS = 1
    """Started, not ended."""
    COMPLETED = 2
    """Ended, with a conclusion."""

    @property
    def word(self) -> str:
        """The status as written in JSON and in the database."""
        return STATUS_WORDS[self]


STATUS_WORDS = tuple(status.name.lower() for status in Status)


class Conclusion(StrEnum):
    """How a node ended, from the mildest to the most severe. Between otherwise equal outcomes the more severe wins."""

    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    NEUTRAL = "neutral"
    SUCCESS = "success"
    ACTION_REQUIRED = "action_required"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    FAILURE = "failure"

    @property
    def severity(self) -> int:
        """The position in the list above, from 0."""
        return SEVERITY[self]


CONCLUSION_OF_WORD = {conclusion.value: conclusion for conclusion in Conclusion}
SEVERITY = {conclusion: place for place, conclusion in enumerate(Conclusion)}
STATUS_OF_WORD = {status.word: status for status in Status}


class State(StrEnum):
    """What pages show; computed on reading from status, conclusion, children and time."""

    QUEUED = "queued"
    WAITING = "waiting"
    """Held until a person or a rule releases it."""
    RUNNING = "running"
    STALE = "stale"
    """Open, but silent for too long."""
    SUCCESS = "success"
    PARTIAL = "partial"
    """The sender reports success, but a job failed or is open."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    NEUTRAL = "neutral"
    UNKNOWN = "unknown"
    """Open although its parent has ended, or ended without a known conclusion."""


class Verdict(StrEnum):
    """What became of a delivery."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    """Its idempotency key was used before, with the same body."""
    IGNORED = "ignored"
    """Understood, but it says nothing about a deployment."""
    REJECTED = "rejected"
    """Not acceptable: the sender must change it."""
    FAILED = "failed"
    """Acceptable, but the dashboard could not apply it."""


class EventKind(StrEnum):
    """What an event is about, in ascending order: of several events in one frame, the last in this order names it."""

    STEP_UPDATED = "step.updated"
    """Only steps changed."""
    DEPLOYMENT_UPDATED = "deployment.updated"
    """The deployment or a job changed, also if it turned stale."""
    DEPLOYMENT_COMPLETED = "deployment.completed"
    DEPLOYMENT_CREATED = "deployment.created"


SIBLINGS_PREFIX = "siblings:"
"""The prefix of a project's topic that announces its other deployments to a deployment's page."""
PROJECT_UPDATED = "project.updated"
"""The message on that topic."""
RUN_PREFIX = "run:"
"""The prefix of a run's topic that announces its other attempts, and its deployments from other dialects."""
RUN_UPDATED = "run.updated"
"""The message on that topic."""

STATE_OF_CONCLUSION = {
    Conclusion.UNKNOWN: State.UNKNOWN,
    Conclusion.SKIPPED: State.SKIPPED,
    Conclusion.NEUTRAL: State.NEUTRAL,
    Conclusion.SUCCESS: State.SUCCESS,
    Conclusion.ACTION_REQUIRED: State.WAITING,
    Conclusion.CANCELLED: State.CANCELLED,
    Conclusion.TIMED_OUT: State.FAILED,
    Conclusion.FAILURE: State.FAILED,
}

Meaning = tuple[Status, Conclusion | None]

NATIVE = "native"
"""The dialect of senders that use the dashboard's own payload format."""


@functools.lru_cache(maxsize=4096)
def fold_word(word: str) -> str:
    """Return the form in which words are compared: `In Progress`, `in-progress` and `InProgress` are `inprogress`."""
    return re.sub(r"[\s_-]+", "", word.casefold())


def _fold(*words: str) -> frozenset[str]:
    return frozenset(map(fold_word, words))


WAITING_WORDS = _fold("waiting", "blocked", "on_hold", "suspended", "manual", "approval")
"""Senders' words for a queued node that is held, not merely in line; folded."""


def is_waiting_word(raw: str | None) -> bool:
    """Return whether a sender's word means that a queued node is held."""
    return raw is not None and fold_word(raw) in WAITING_WORDS


_NATIVE_TABLE: Mapping[Meaning, frozenset[str]] = {
    (Status.QUEUED, None): WAITING_WORDS
    | _fold("pending", "queued", "created", "requested", "scheduled", "not_started", "assigned", "preparing"),
    (Status.IN_PROGRESS, None): _fold(
        "running", "in_progress", "started", "building", "deploying", "processing", "progressing", "active",
        "canceling", "cancelling",
    ),
    (Status.COMPLETED, Conclusion.SUCCESS): _fold(
        "success", "succeeded", "successful", "ok", "pass", "passed", "fixed", "healthy", "synced",
        "succeeded_with_issues", "partially_succeeded",
    ),
    (Status.COMPLETED, Conclusion.FAILURE): _fold(
        "failed", "failure", "fail", "error", "errored", "broken", "unstable", "crashed", "degraded", "rejected",
        "infrastructure_failure",
    ),
    (Status.COMPLETED, Conclusion.CANCELLED): _fold(
        "cancelled", "canceled", "cancel", "aborted", "killed", "stopped", "terminated", "interrupted", "superseded",
        "declined",
    ),
    (Status.COMPLETED, Conclusion.SKIPPED): _fold("skipped", "not_run", "not_built", "ignored"),
    (Status.COMPLETED, Conclusion.TIMED_OUT): _fold("timed_out", "timeout", "expired"),
    (Status.COMPLETED, Conclusion.NEUTRAL): _fold("neutral", "out_of_sync"),
    (Status.COMPLETED, Conclusion.UNKNOWN): _fold("finished", "completed", "complete", "done", "ended"),
}  # fmt: skip
NATIVE_WORDS: Mapping[str, Meaning] = {word: meaning for meaning, words in _NATIVE_TABLE.items() for word in words}
"""The meanings of the native dialect's words, which are folded."""

QUEUED_WORDS = _NATIVE_TABLE[Status.QUEUED, None] | _fold("waiting_for_resource", "waiting_for_callback", "initialize")
"""Senders' words for a node that is about to start, folded; another word of a queued node is unknown or empty."""
EMPTY_WORDS = _fold("inactive")
"""Known words that claim nothing, folded."""
ENDED_WORDS = _NATIVE_TABLE[Status.COMPLETED, Conclusion.UNKNOWN] | _fold("finalized", "stale")
"""All words in any dialect for an end that say nothing about how it ended, folded."""


@functools.lru_cache(maxsize=4096)
def is_known_word(status: str | None, conclusion: str | None, raw: str | None) -> bool:
    """Return whether a sender's word, which was read as this status and conclusion, is in the table of its dialect.

    A word in no table counts as queued, and as the conclusion of what has ended it counts as unknown.
    """
    if raw is None or status == Status.IN_PROGRESS.word:
        return True
    if status == Status.COMPLETED.word:
        return conclusion != Conclusion.UNKNOWN or fold_word(raw) in ENDED_WORDS
    return fold_word(raw) in QUEUED_WORDS | EMPTY_WORDS

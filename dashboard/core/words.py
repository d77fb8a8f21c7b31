"""The closed vocabularies: status, conclusion, state, verdict, live updates, and the words of native senders."""

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

WAITING_WORDS = frozenset({"waiting", "manual", "blocked"})
"""Senders' words for a queued node that is held, not merely in line."""


def is_waiting_word(raw: str | None) -> bool:
    """Return whether a sender's word means that a queued node is held."""
    return raw is not None and raw.casefold() in WAITING_WORDS


QUEUED_WORDS = WAITING_WORDS | {
    "pending", "queued", "created", "requested", "scheduled", "preparing", "waiting_for_resource",
    "waiting_for_callback", "initialize",
}  # fmt: skip
"""Senders' words for a node that is about to start; any other word of a queued node is unknown."""

Meaning = tuple[Status, Conclusion | None]

NATIVE = "native"
"""The dialect of senders that use the dashboard's own payload format."""

NATIVE_WORDS: dict[str, Meaning] = {
    "pending": (Status.QUEUED, None),
    "queued": (Status.QUEUED, None),
    "waiting": (Status.QUEUED, None),
    "running": (Status.IN_PROGRESS, None),
    "in_progress": (Status.IN_PROGRESS, None),
    "started": (Status.IN_PROGRESS, None),
    "success": (Status.COMPLETED, Conclusion.SUCCESS),
    "succeeded": (Status.COMPLETED, Conclusion.SUCCESS),
    "ok": (Status.COMPLETED, Conclusion.SUCCESS),
    "failed": (Status.COMPLETED, Conclusion.FAILURE),
    "failure": (Status.COMPLETED, Conclusion.FAILURE),
    "error": (Status.COMPLETED, Conclusion.FAILURE),
    "cancelled": (Status.COMPLETED, Conclusion.CANCELLED),
    "canceled": (Status.COMPLETED, Conclusion.CANCELLED),
    "aborted": (Status.COMPLETED, Conclusion.CANCELLED),
    "skipped": (Status.COMPLETED, Conclusion.SKIPPED),
    "timed_out": (Status.COMPLETED, Conclusion.TIMED_OUT),
    "timeout": (Status.COMPLETED, Conclusion.TIMED_OUT),
    "neutral": (Status.COMPLETED, Conclusion.NEUTRAL),
}

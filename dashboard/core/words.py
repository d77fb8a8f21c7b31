"""The closed vocabularies: status, conclusion, state, and the senders' words that mean one of them."""

from enum import IntEnum, StrEnum


class Status(IntEnum):
    """Where a deployment, job or step is in its life; the number is its rank in merging."""

    QUEUED = 0
    """Known, not begun. A word that no table knows stays here: it claims nothing."""
    IN_PROGRESS = 1
    """Begun, not ended."""
    COMPLETED = 2
    """Ended, with a conclusion."""

    @property
    def word(self) -> str:
        """The word for it in JSON and in the database."""
        return STATUS_WORDS[self]


STATUS_WORDS = tuple(status.name.lower() for status in Status)


class Conclusion(StrEnum):
    """How something ended. Listed from the mildest to the most severe: the more severe wins between equals."""

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
        """Place in the order above, from 0."""
        return SEVERITY[self]


CONCLUSION_OF_WORD = {conclusion.value: conclusion for conclusion in Conclusion}
SEVERITY = {conclusion: place for place, conclusion in enumerate(Conclusion)}
STATUS_OF_WORD = {status.word: status for status in Status}


class State(StrEnum):
    """What people see; computed on reading from status, conclusion, children and time."""

    QUEUED = "queued"
    WAITING = "waiting"
    """Held back until somebody or something lets it go on."""
    RUNNING = "running"
    STALE = "stale"
    """Open, but silent for longer than is believable."""
    SUCCESS = "success"
    PARTIAL = "partial"
    """The sender says success, a job of it says otherwise."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    NEUTRAL = "neutral"
    UNKNOWN = "unknown"
    """Still open although what it belongs to has ended, or ended without a word on how."""


class Verdict(StrEnum):
    """What became of a delivery."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    """Its key was seen before, with the same body."""
    IGNORED = "ignored"
    """Understood, and of no concern here."""
    REJECTED = "rejected"
    """Not acceptable: the sender must change it."""
    FAILED = "failed"
    """Acceptable, but it could not be applied: the fault is ours."""


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
"""Senders' words for queued that mean: held back, not merely in line."""

Meaning = tuple[Status, Conclusion | None]

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

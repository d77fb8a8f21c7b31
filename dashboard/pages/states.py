"""How pages show and treat each state, in one table. The scripts read the same table, see `constants.py`."""

from dataclasses import dataclass

from dashboard.core.words import State


@dataclass(frozen=True, slots=True)
class StateTraits:
    """Icon, mark and shape of a state, and how pages treat it."""

    icon: str = "quiet"
    """Icon of the tab: a file in `static/icons`."""
    mark: str = "○"
    """Character in the title of a page."""
    shape: str = "cancelled"
    """Shape in the strip of a project, named after the state whose colour it has."""
    is_ticking: bool = False
    """The elapsed time counts up and the bar grows: it is open and still reports."""
    is_pending: bool = False
    """It has not begun: a step shows how long it usually takes."""
    is_failure: bool = False
    """Something in it failed."""


STATES: dict[str, StateTraits] = {
    State.FAILED: StateTraits("failed", "✗", "failed", is_failure=True),
    State.PARTIAL: StateTraits("warning", "▲", "partial", is_failure=True),
    State.STALE: StateTraits("warning", "▲", "partial"),
    State.RUNNING: StateTraits("running", "●", "running", is_ticking=True),
    State.WAITING: StateTraits("running", "○", "running", is_ticking=True, is_pending=True),
    State.QUEUED: StateTraits("running", "○", "running", is_pending=True),
    State.UNKNOWN: StateTraits(),
    State.CANCELLED: StateTraits(),
    State.NEUTRAL: StateTraits(),
    State.SKIPPED: StateTraits(),
    State.SUCCESS: StateTraits("success", "✓", "success"),
}
"""The traits of every state, the most urgent state first."""
RANKS = {state: rank for rank, state in enumerate(STATES)}
"""The place of every state in the order of urgency, from 0."""


def find_traits(state: str | None) -> StateTraits:
    """Return the traits of a state; those of `unknown` for None and for what is not a state."""
    return STATES.get(state or State.UNKNOWN, STATES[State.UNKNOWN])

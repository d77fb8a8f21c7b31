"""Steps as bars on a time axis: pure arithmetic in whole numbers, the twin of `static/js/drawing/gantt.js`.

Both are tested against `tests/js/drawing/gantt.json`.
"""

from typing import TypedDict

from dashboard.core.estimate import read_ms
from dashboard.core.time_units import DAY_S, HOUR_S, MINUTE_S
from dashboard.core.view_types.deployments import DeploymentView
from dashboard.pages.states import find_traits

WIDTH = 1000
MIN_BAR_WIDTH = 8
SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS = 1000, MINUTE_S * 1000, HOUR_S * 1000, DAY_S * 1000
ROUND_SPANS_MS = (
    30 * SECOND_MS,
    *(minutes * MINUTE_MS for minutes in (1, 2, 3, 5, 10, 20, 30)),
    *(hours * HOUR_MS for hours in (1, 2, 3, 6, 12)),
)


class Axis(TypedDict):
    """The time axis of a deployment."""

    start_ms: int
    """Since 1970."""
    span_ms: int
    span_s: int
    """The same in seconds, rounded down."""
    is_live: bool
    """Whether it has room for bars that still grow."""


class TimedNode(TypedDict):
    """What a bar needs of a job or step."""

    started_at: str | None
    completed_at: str | None
    status: str


def find_axis(view: DeploymentView, now_ms: int) -> Axis | None:
    """Return the axis that all steps of a deployment share, None while nothing has started."""
    parts: list[TimedNode] = [*view["jobs"], *(step for job in view["jobs"] for step in job["steps"])]
    nodes: list[TimedNode] = [view, *filter(_has_bar, parts)]
    starts = [read_ms(node["started_at"]) for node in nodes if node["started_at"]]
    if not starts:
        return None
    ends = [read_ms(node["completed_at"]) for node in nodes if node["completed_at"]]
    start, latest = min(starts), max(starts + ends)
    is_live = find_traits(view["state"]).is_ticking
    if is_live:
        usual_ms = round(view["usual"]["total"][1] * 1000) if view["usual"] else 0
        span = round_up_span(max(latest - start, now_ms - start, usual_ms))
    else:
        span = max(latest - start, SECOND_MS)
    return {"start_ms": start, "span_ms": span, "span_s": span // 1000, "is_live": is_live}


def round_up_span(span_ms: int) -> int:
    """Return the next round span, so that a growing axis changes rarely."""
    return next((span for span in ROUND_SPANS_MS if span >= span_ms), -(-span_ms // DAY_MS) * DAY_MS)


def _has_bar(node: TimedNode) -> bool:
    """Return whether it is known when a job or step ran. It is not known if it ended without a time."""
    return bool(node["started_at"]) and bool(node["completed_at"] or node["status"] == "in_progress")


def place_bar(axis: Axis | None, node: TimedNode, now_ms: int) -> tuple[int, int]:
    """Return x and width in thousandths of the axis; the width is 0 if there is nothing to show.

    Without an end the bar extends to now on a live axis, else to the end of the axis.
    """
    if axis is None or node["started_at"] is None or not _has_bar(node):
        return 0, 0
    start, ended_at = read_ms(node["started_at"]), node["completed_at"]
    end = read_ms(ended_at) if ended_at else now_ms if axis["is_live"] else axis["start_ms"] + axis["span_ms"]
    x = min(max(_scale(start - axis["start_ms"], axis), 0), WIDTH - MIN_BAR_WIDTH)
    return x, min(max(_scale(end - start, axis), MIN_BAR_WIDTH), WIDTH - x)


def find_growing_since(axis: Axis | None, node: TimedNode) -> int | None:
    """Return the start of a growing bar in milliseconds since 1970, None for any other bar."""
    is_growing = axis is not None and axis["is_live"] and _has_bar(node) and not node["completed_at"]
    return read_ms(node["started_at"]) if is_growing and node["started_at"] else None


def _scale(length_ms: int, axis: Axis) -> int:
    return length_ms * WIDTH // axis["span_ms"]

"""Steps as bars on a time axis: pure arithmetic in whole numbers, the twin of `static/js/drawing/gantt.js`.

Both are tested against `tests/js/drawing/gantt.json`.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from dashboard.core.estimate import count_ms
from dashboard.pages.states import find_traits

WIDTH = 1000
MIN_BAR_WIDTH = 8
SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
ROUND_SPANS_MS = (
    30 * SECOND,
    *(minutes * MINUTE for minutes in (1, 2, 3, 5, 10, 20, 30)),
    *(hours * HOUR for hours in (1, 2, 3, 6, 12)),
)

View = Mapping[str, Any]
Axis = dict[str, Any]
"""`{"start_ms", "span_ms", "span_s", "is_live"}`; a live axis has room for bars that still grow."""


def find_axis(view: View, now_ms: int) -> Axis | None:
    """Return the axis that all steps of a deployment share, None while nothing has started."""
    parts = [*view["jobs"], *(step for job in view["jobs"] for step in job["steps"])]
    nodes = [view, *(part for part in parts if has_bar(part))]
    starts = list(_read_times(nodes, "started_at"))
    if not starts:
        return None
    start, latest = min(starts), max([*starts, *_read_times(nodes, "completed_at")])
    is_live = find_traits(view["state"]).is_ticking
    if is_live:
        usual_ms = round(view["usual"]["total"][1] * 1000) if view["usual"] else 0
        span = round_up_span(max(latest - start, now_ms - start, usual_ms))
    else:
        span = max(latest - start, SECOND)
    return {"start_ms": start, "span_ms": span, "span_s": span // 1000, "is_live": is_live}


def round_up_span(span_ms: int) -> int:
    """Return the next round span, so that a growing axis changes rarely."""
    return next((span for span in ROUND_SPANS_MS if span >= span_ms), -(-span_ms // DAY) * DAY)


def has_bar(node: View) -> bool:
    """Return whether it is known when a job or step ran. It is not known if it ended without a time."""
    return bool(node.get("started_at")) and bool(node.get("completed_at") or node.get("status") == "in_progress")


def place_bar(axis: Axis | None, node: View, now_ms: int) -> tuple[int, int]:
    """Return x and width in thousandths of the axis; the width is 0 if there is nothing to show.

    Without an end the bar extends to now on a live axis, else to the end of the axis.
    """
    if axis is None or not has_bar(node):
        return 0, 0
    start, ended_at = _read_ms(node["started_at"]), node["completed_at"]
    end = _read_ms(ended_at) if ended_at else now_ms if axis["is_live"] else axis["start_ms"] + axis["span_ms"]
    x = min(max(_scale(start - axis["start_ms"], axis), 0), WIDTH - MIN_BAR_WIDTH)
    return x, min(max(_scale(end - start, axis), MIN_BAR_WIDTH), WIDTH - x)


def find_growing_since(axis: Axis | None, node: View) -> int | None:
    """Return the start of a growing bar in milliseconds since 1970, None for any other bar."""
    grows = axis is not None and axis["is_live"] and has_bar(node) and not node["completed_at"]
    return _read_ms(node["started_at"]) if grows else None


def _scale(length_ms: int, axis: Axis) -> int:
    return int(length_ms * WIDTH // axis["span_ms"])


def _read_times(nodes: Iterable[View], name: str) -> Iterator[int]:
    return (_read_ms(node[name]) for node in nodes if node.get(name))


def _read_ms(text: str) -> int:
    return count_ms(datetime.fromisoformat(text))

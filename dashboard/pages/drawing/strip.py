"""The strip of a project's last outcomes as SVG paths: pure, the twin of `static/js/drawing/strip.js`.

Both are tested against `tests/js/drawing/strip.json`. Each outcome has a shape as well as a colour: a success is a bar
whose height shows its duration, a failure has the full height and a gap like an exclamation mark, partial and stale
have a pointed top, an open deployment is hollow, cancelled, skipped, neutral and unknown are low.
"""

from collections.abc import Sequence
from math import floor

from dashboard.core.view_types.projects import MAX_OUTCOMES, OutcomeView
from dashboard.pages.states import find_traits

SLOT_WIDTH, HEIGHT = 6, 20
MIN_BAR_HEIGHT, MAX_BAR_HEIGHT = 7, 16
SHAPES = {
    "success": "v-{h}h4v{h}z",
    "failed": "v-4h4v4zm0 -7v-13h4v13z",
    "partial": "v-8l2 -6l2 6v8z",
    "running": "v-12h4v12zm1 -1h2v-10h-2z",
    "cancelled": "v-3h4v3z",
}
"""Path from the foot of a slot, by the state whose colour it has; `{h}` is the height of a success."""


def draw_strip(outcomes: Sequence[OutcomeView]) -> list[tuple[str, str]]:
    """Return (shape, path of all its bars). `outcomes` is newest first; the newest is drawn at the right."""
    longest = max((outcome["duration_s"] or 0 for outcome in outcomes), default=0) or 1
    paths = dict.fromkeys(SHAPES, "")
    for place, outcome in enumerate(outcomes):
        shape = find_traits(outcome["state"]).shape
        height = MIN_BAR_HEIGHT + floor((MAX_BAR_HEIGHT - MIN_BAR_HEIGHT) * (outcome["duration_s"] or 0) / longest)
        paths[shape] += f"M{SLOT_WIDTH * (MAX_OUTCOMES - 1 - place)} {HEIGHT}" + SHAPES[shape].format(h=height)
    return list(paths.items())

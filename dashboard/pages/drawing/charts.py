"""The shapes of the small charts: bars in a box, 10 wide for each period and 100 high. Pure; no colour, no text."""

from collections.abc import Iterable
from typing import Any

from dashboard.core.view_types.projects import EndStatistics

SLOT, GAP, HEIGHT = 10, 1.5, 100
SEAM = 1
"""Between the two parts of a bar: what lies on top is told by more than its colour."""

Bar = dict[str, Any]


def draw_outcomes(outcomes: EndStatistics) -> list[Bar]:
    """Return a bar for each period: `lower` the successes, `upper` on it what did not succeed."""
    pairs = ((period["succeeded"], period["counted"]) for period in outcomes["periods"])
    return _draw_bars(pairs, outcomes["most"])


def draw_durations(outcomes: EndStatistics) -> list[Bar]:
    """Return a bar for each period: `lower` the median, `upper` from there to what 9 in 10 stayed within."""
    pairs = ((period["median_s"] or 0, period["p90_s"] or 0) for period in outcomes["periods"])
    return _draw_bars(pairs, outcomes["longest_s"] or 0)


def _draw_bars(pairs: Iterable[tuple[float, float]], most: float) -> list[Bar]:
    """Return bars from (height of the lower part, height of both)."""
    place = {"width": SLOT - 2 * GAP}
    return [
        {"x": number * SLOT + GAP, **place, "lower": _stand(0, low, most), "upper": _stand(low, high, most)}
        for number, (low, high) in enumerate(pairs)
    ]


def _stand(bottom: float, top: float, most: float) -> dict[str, float] | None:
    """Return the part between two values as y and height, None where there is nothing; SVG counts y from above."""
    if top <= bottom:
        return None
    low, high = bottom * HEIGHT / most, top * HEIGHT / most
    seam = SEAM if bottom else 0
    return {"y": round(HEIGHT - high, 2), "height": round(max(high - low - seam, SEAM), 2)}

"""The bars of the small charts, in a box that is 10 wide for each period and 100 high. Pure."""

from collections.abc import Iterable
from typing import Any

from dashboard.core.view_types.projects import OutcomeStatistics

SLOT, GAP, HEIGHT = 10, 1.5, 100
SEAM = 1
"""Gap between the two parts of a bar, so that they differ in more than colour."""

Bar = dict[str, Any]


def draw_outcomes(outcomes: OutcomeStatistics) -> list[Bar]:
    """Return a bar for each period: `lower` are the successes, `upper` the other deployments."""
    pairs = ((period["succeeded"], period["counted"]) for period in outcomes["periods"])
    return _draw_bars(pairs, outcomes["max_counted"])


def draw_durations(outcomes: OutcomeStatistics) -> list[Bar]:
    """Return a bar for each period: `lower` ends at the median, `upper` at the 90th percentile."""
    pairs = ((period["median_s"] or 0, period["p90_s"] or 0) for period in outcomes["periods"])
    return _draw_bars(pairs, outcomes["max_p90_s"] or 0)


def _draw_bars(pairs: Iterable[tuple[float, float]], maximum: float) -> list[Bar]:
    """Return bars for pairs of the value where the lower part ends and the value where the upper part ends."""
    place = {"width": SLOT - 2 * GAP}
    return [
        {
            "x": number * SLOT + GAP,
            **place,
            "lower": _place_part(0, low, maximum),
            "upper": _place_part(low, high, maximum),
        }
        for number, (low, high) in enumerate(pairs)
    ]


def _place_part(bottom: float, top: float, maximum: float) -> dict[str, float] | None:
    """Return y and height of the part between two values, None if it is empty. In SVG y counts from the top."""
    if top <= bottom:
        return None
    low, high = bottom * HEIGHT / maximum, top * HEIGHT / maximum
    seam = SEAM if bottom else 0
    return {"y": round(HEIGHT - high, 2), "height": round(max(high - low - seam, SEAM), 2)}

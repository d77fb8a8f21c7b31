"""The bars of the small charts, in a box that is 10 wide for each period and 100 high. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from dashboard.core.view_types.projects import OutcomeStatistics

SLOT, GAP, HEIGHT = 10, 1.5, 100
SEAM = 1
"""Gap between the two parts of a bar, so that they differ in more than colour."""


class BarPart(NamedTuple):
    """A rectangle. In SVG y counts from the top."""

    y: float
    height: float


class Bar(NamedTuple):
    """The bar of a period; a part is None if it is empty."""

    x: float
    width: float
    lower: BarPart | None
    upper: BarPart | None


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
    return [
        Bar(number * SLOT + GAP, SLOT - 2 * GAP, _place_part(0, low, maximum), _place_part(low, high, maximum))
        for number, (low, high) in enumerate(pairs)
    ]


def _place_part(bottom: float, top: float, maximum: float) -> BarPart | None:
    """Return the part of a bar between two values, None if it is empty."""
    if top <= bottom:
        return None
    low, high = bottom * HEIGHT / maximum, top * HEIGHT / maximum
    seam = SEAM if bottom else 0
    return BarPart(round(HEIGHT - high, 2), round(max(high - low - seam, SEAM), 2))

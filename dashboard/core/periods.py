"""The periods of a project's statistics: days or weeks, including those in which nothing ended."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from dashboard.core.view_types.projects import OutcomeCounts, Period

EMPTY_COUNTS: OutcomeCounts = {"succeeded": 0, "counted": 0, "rate_pct": None, "median_s": None, "p90_s": None}


class Unit(StrEnum):
    """The length of a period."""

    DAY = "day"
    WEEK = "week"
    """From Monday, 00:00 UTC."""


PERIOD_LENGTH = {Unit.DAY: timedelta(days=1), Unit.WEEK: timedelta(weeks=1)}
PERIOD_COUNT = {Unit.DAY: 14, Unit.WEEK: 13}
"""How many periods are shown."""


def choose_unit(first: datetime | None, now: datetime) -> Unit:
    """Return DAY if the first deployment began within the days shown, or there is none; otherwise WEEK."""
    is_young = first is None or first >= list_starts(Unit.DAY, now)[0]
    return Unit.DAY if is_young else Unit.WEEK


def list_starts(unit: Unit, now: datetime) -> list[datetime]:
    """Return the starts of the periods up to the current one, oldest first."""
    current = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == Unit.WEEK:
        current -= timedelta(days=current.weekday())
    return [current - PERIOD_LENGTH[unit] * back for back in reversed(range(PERIOD_COUNT[unit]))]


def fill_gaps(starts: Iterable[datetime], counts: Mapping[datetime, OutcomeCounts]) -> list[Period]:
    """Return one period per start; EMPTY_COUNTS where `counts` has none."""
    return [{"start": start.date().isoformat(), **counts.get(start, EMPTY_COUNTS)} for start in starts]


def compute_rate(succeeded: int, counted: int) -> int | None:
    """Return the successes in percent, rounded down, so that 100 means no failure; None if `counted` is 0."""
    return succeeded * 100 // counted if counted else None

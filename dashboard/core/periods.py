"""Stretches of time that the past of a project is told in: which ones, and those in which nothing happened."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from dashboard.core.view_types import EndCounts, Period

NOTHING: EndCounts = {"succeeded": 0, "counted": 0, "rate_pct": None, "median_s": None, "p90_s": None}


class Unit(StrEnum):
    """How long a period is."""

    DAY = "day"
    WEEK = "week"
    """From Monday, 00:00 UTC."""


LENGTH = {Unit.DAY: timedelta(days=1), Unit.WEEK: timedelta(weeks=1)}
NUMBER = {Unit.DAY: 14, Unit.WEEK: 13}


def choose_unit(first: datetime | None, now: datetime) -> Unit:
    """Return days for what began within the days that are shown, else weeks."""
    young = first is None or first >= list_starts(Unit.DAY, now)[0]
    return Unit.DAY if young else Unit.WEEK


def list_starts(unit: Unit, now: datetime) -> list[datetime]:
    """Return when each of the periods up to the current one began, the oldest first."""
    current = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == Unit.WEEK:
        current -= timedelta(days=current.weekday())
    return [current - LENGTH[unit] * back for back in reversed(range(NUMBER[unit]))]


def fill_gaps(starts: Iterable[datetime], counts: Mapping[datetime, EndCounts]) -> list[Period]:
    """Return a period for each start, with zeros where nothing happened."""
    return [{"start": start.date().isoformat(), **counts.get(start, NOTHING)} for start in starts]


def compute_rate(succeeded: int, counted: int) -> int | None:
    """Return the share of successes in whole percent, rounded down: 100 only if all were; None if there is none."""
    return succeeded * 100 // counted if counted else None

"""The periods into which the statistics of a project are divided."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from dashboard.core.periods import Unit, choose_unit, compute_rate, fill_gaps, list_starts
from dashboard.core.view_types.projects import OutcomeCounts

NOW = datetime(2026, 6, 3, 12, 30, tzinfo=UTC)  # a Wednesday


def test_weeks_begin_on_monday_and_the_current_one_is_the_last() -> None:
    starts = list_starts(Unit.WEEK, NOW)
    assert len(starts) == 13
    assert starts[-1] == datetime(2026, 6, 1, tzinfo=UTC)
    assert starts[0] == datetime(2026, 3, 9, tzinfo=UTC)


def test_days_begin_at_midnight_and_today_is_the_last() -> None:
    starts = list_starts(Unit.DAY, NOW)
    assert len(starts) == 14
    assert (starts[0], starts[-1]) == (datetime(2026, 5, 21, tzinfo=UTC), datetime(2026, 6, 3, tzinfo=UTC))


@pytest.mark.parametrize(
    ("first", "unit"),
    [
        (None, Unit.DAY),
        (datetime(2026, 6, 3, 12, tzinfo=UTC), Unit.DAY),
        (datetime(2026, 5, 21, tzinfo=UTC), Unit.DAY),
        (datetime(2026, 5, 20, 23, 59, tzinfo=UTC), Unit.WEEK),
        (datetime(2020, 1, 1, tzinfo=UTC), Unit.WEEK),
    ],
)
def test_a_short_history_is_shown_by_day(first: datetime | None, unit: Unit) -> None:
    assert choose_unit(first, NOW) == unit


def test_empty_periods_are_included() -> None:
    monday, next_monday = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 8, tzinfo=UTC)
    counts: OutcomeCounts = {"succeeded": 1, "counted": 2, "rate_pct": 50, "median_s": 3.0, "p90_s": 3.0}
    filled = fill_gaps([monday, next_monday], {monday: counts})
    nothing = {"succeeded": 0, "counted": 0, "rate_pct": None, "median_s": None, "p90_s": None}
    assert filled == [{"start": "2026-06-01", **counts}, {"start": "2026-06-08", **nothing}]


@pytest.mark.parametrize(("succeeded", "counted", "rate"), [(0, 0, None), (0, 3, 0), (199, 200, 99), (2, 2, 100)])
def test_the_rate_is_100_percent_only_if_all_succeeded(succeeded: int, counted: int, rate: int | None) -> None:
    assert compute_rate(succeeded, counted) == rate


@pytest.mark.usefixtures("server_in_shanghai")
@pytest.mark.parametrize(
    "now", [datetime(2026, 6, 3, 22, 59, 58, 57, UTC), datetime(2026, 6, 4, 1, tzinfo=timezone(timedelta(hours=8)))]
)
def test_a_day_begins_at_midnight_utc_wherever_the_server_is(now: datetime) -> None:
    assert list_starts(Unit.DAY, now)[-1].isoformat() == "2026-06-03T00:00:00+00:00"

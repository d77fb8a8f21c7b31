"""The shapes of the charts."""

from dashboard.core.periods import EMPTY_COUNTS
from dashboard.core.view_types.projects import OutcomeStatistics, Period
from dashboard.pages.drawing.charts import Bar, BarPart, draw_durations, draw_outcomes


def make_period(
    succeeded: int = 0, counted: int = 0, median_s: float | None = None, p90_s: float | None = None
) -> Period:
    return {
        "start": "2026-06-01",
        "succeeded": succeeded,
        "counted": counted,
        "rate_pct": None,
        "median_s": median_s,
        "p90_s": p90_s,
    }


def make_outcomes(*periods: Period, max_counted: int = 0, max_p90_s: float | None = None) -> OutcomeStatistics:
    return {
        "unit": "day",
        "periods": list(periods),
        "total": EMPTY_COUNTS,
        "max_counted": max_counted,
        "max_p90_s": max_p90_s,
    }


def test_the_tallest_bar_fills_the_chart_with_successes_at_the_bottom() -> None:
    first, second = draw_outcomes(make_outcomes(make_period(3, 4), make_period(1, 1), max_counted=4))
    assert first.lower == BarPart(25, 75)
    assert first.upper == BarPart(0, 24)
    assert second == Bar(11.5, 7, BarPart(75, 25), None)


def test_an_empty_period_has_no_bar() -> None:
    (bar,) = draw_outcomes(make_outcomes(make_period(0, 0)))
    assert (bar.lower, bar.upper) == (None, None)


def test_a_period_without_successes_is_one_bar_of_failures() -> None:
    (bar,) = draw_outcomes(make_outcomes(make_period(0, 2), max_counted=2))
    assert (bar.lower, bar.upper) == (None, BarPart(0, 100))


def test_a_duration_is_a_bar_to_the_median_and_another_to_p90() -> None:
    outcomes = make_outcomes(make_period(median_s=50, p90_s=200), make_period(), max_p90_s=200)
    known, unknown = draw_durations(outcomes)
    assert (known.lower, known.upper) == (BarPart(75, 25), BarPart(0, 74))
    assert (unknown.lower, unknown.upper) == (None, None)


def test_bars_are_rounded_to_hundredths_and_thin_parts_stay_visible() -> None:
    third, almost_all = draw_outcomes(make_outcomes(make_period(1, 2), make_period(298, 299), max_counted=300))
    assert third.lower == BarPart(99.67, 1)
    assert almost_all.lower == BarPart(0.67, 99.33)
    (two_thirds,) = draw_outcomes(make_outcomes(make_period(1, 2), max_counted=3))
    assert (two_thirds.lower, two_thirds.upper) == (BarPart(66.67, 33.33), BarPart(33.33, 32.33))

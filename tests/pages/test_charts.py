"""The shapes of the charts."""

from typing import Any

from dashboard.pages.drawing.charts import draw_durations, draw_outcomes


def make_outcomes(*periods: tuple[int, int], **values: Any) -> dict[str, Any]:
    return {"periods": [{"succeeded": done, "counted": counted} for done, counted in periods], **values}


def test_the_tallest_bar_is_as_high_as_the_chart_and_successes_lie_below() -> None:
    first, second = draw_outcomes(make_outcomes((3, 4), (1, 1), most=4))
    assert first["lower"] == {"y": 25, "height": 75}
    assert first["upper"] == {"y": 0, "height": 24}
    assert second == {"x": 11.5, "width": 7, "lower": {"y": 75, "height": 25}, "upper": None}


def test_a_period_without_anything_has_no_bar() -> None:
    (bar,) = draw_outcomes(make_outcomes((0, 0), most=0))
    assert (bar["lower"], bar["upper"]) == (None, None)


def test_what_never_succeeded_is_one_bar_of_failures() -> None:
    (bar,) = draw_outcomes(make_outcomes((0, 2), most=2))
    assert (bar["lower"], bar["upper"]) == (None, {"y": 0, "height": 100})


def test_a_duration_is_a_bar_to_the_median_and_on_to_the_ninetieth_percentile() -> None:
    periods = [{"median_s": 50.0, "p90_s": 200.0}, {"median_s": None, "p90_s": None}]
    known, unknown = draw_durations({"periods": periods, "longest_s": 200.0})
    assert (known["lower"], known["upper"]) == ({"y": 75, "height": 25}, {"y": 0, "height": 74})
    assert (unknown["lower"], unknown["upper"]) == (None, None)

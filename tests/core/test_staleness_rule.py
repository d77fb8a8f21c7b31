"""When silence is too long to be believed."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.core.view import StalenessRule

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("usual_gap_s", "silent_s", "is_silent"),
    [
        pytest.param(0, 600, False, id="ten minutes of a project without a past"),
        pytest.param(0, 601, True, id="more than ten minutes"),
        pytest.param(100, 601, True, id="three times a short usual gap does not make it stricter"),
        pytest.param(400, 1200, False, id="three times a long usual gap is still usual"),
        pytest.param(400, 1201, True, id="more than three times"),
    ],
)
def test_silence_is_measured_by_what_is_usual(usual_gap_s: float, silent_s: int, is_silent: bool) -> None:
    row = {"usual_gap_s": usual_gap_s, "last_report_at": NOON - timedelta(seconds=silent_s)}
    assert StalenessRule(NOON, 600).is_silent(row) == is_silent

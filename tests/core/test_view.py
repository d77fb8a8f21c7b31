"""Fields that all views share: projects, empty texts, names, times, environments, silence."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

import pytest

from dashboard.core.view import (
    StalenessRule,
    format_time,
    list_environments,
    view_created_frame,
    view_listed_deployment,
    view_project,
    view_step,
)
from dashboard.core.view_types.deployments import DeploymentSummary, Estimate, TypicalTimes
from dashboard.core.view_types.events import Frame
from tests.core.view_rows import (
    NOON,
    PROJECT,
    RUNNING,
    make_deployment,
    make_job,
    make_step,
    show,
    show_job,
)


def test_a_project_is_shown_without_its_deployments() -> None:
    assert view_project({**PROJECT, "id": 1, "retention_days": 30}) == PROJECT


def test_a_cleared_error_is_not_shown() -> None:
    assert show(make_deployment(error=""))["error"] is None
    assert show_job(make_job(error=""), make_deployment())["error"] is None
    assert view_step(make_step(error=""), RUNNING, RUNNING)["error"] is None


def test_jobs_and_steps_without_a_name_are_shown_by_key() -> None:
    assert show_job(make_job(name=None), make_deployment())["name"] == "17"
    assert view_step(make_step(name=None), RUNNING, RUNNING)["name"] == "build"


def test_environments_are_unique_and_ordered() -> None:
    outcomes: Any = [{"environment": name} for name in ("production", None, "test", "", "production")]
    assert list_environments(outcomes) == ["production", "test"]


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (None, None),
        (datetime(2026, 1, 1, 12, tzinfo=UTC), "2026-01-01T12:00:00Z"),
        (datetime(2026, 1, 1, 12, 0, 0, 5, tzinfo=UTC), "2026-01-01T12:00:00.000005Z"),
        (datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=8))), "2026-01-01T04:00:00Z"),
    ],
)
def test_a_time_is_iso_8601_in_utc(moment: datetime | None, text: str | None) -> None:
    assert format_time(moment) == text


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
def test_the_stale_limit_grows_with_the_usual_silence(usual_gap_s: float, silent_s: int, is_silent: bool) -> None:
    row = {"usual_gap_s": usual_gap_s, "last_report_at": NOON - timedelta(seconds=silent_s)}
    assert StalenessRule(NOON, 600).is_silent(row) == is_silent


def test_the_frame_of_a_new_deployment_gets_its_typical_times() -> None:
    usual: TypicalTimes = {"runs": 3, "total": [60.0, 90.0], "steps": {}}
    frame: Frame = {
        "deployment_id": 5, "prev_seq": 0, "seq": 1, "deployment": {"state": "running", "usual": None},
        "jobs": [{"key": "17"}], "steps": [],
    }  # fmt: skip
    shown = view_created_frame(frame, usual)
    assert shown == {**frame, "deployment": {"state": "running", "usual": usual}}
    assert frame["deployment"]["usual"] is None


def test_a_listed_deployment_has_typical_times_and_an_estimate_where_they_are_known() -> None:
    summary = cast("DeploymentSummary", show(make_deployment()))
    usual: TypicalTimes = {"runs": 3, "total": [60.0, 90.0], "steps": {}}
    estimate: Estimate = {"runs": 3, "left_median_s": 30.0, "left_p90_s": 60.0, "overdue_s": 0.0}
    assert view_listed_deployment(summary) == {**summary, "usual": None, "estimate": None, "related": None}
    assert view_listed_deployment(summary, usual, estimate) == {
        **summary, "usual": usual, "estimate": estimate, "related": None
    }  # fmt: skip

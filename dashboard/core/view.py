"""Views: the one shape in which API, pages and live events show deployments, jobs and steps.

Each function takes the columns of one row (a mapping) and the standings of its parents, nothing else. So a single step
can be viewed, and compared with its earlier view, without its siblings.
"""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from dashboard.core import state
from dashboard.core.links import link_revision
from dashboard.core.registers import make_stamp
from dashboard.core.state import Standing
from dashboard.core.view_types.deployments import (
    ConflictingOutcome,
    CurrentStep,
    DeploymentSummary,
    Estimate,
    JobSummary,
    JobView,
    ListedDeployment,
    ProgressView,
    ProjectView,
    StandingView,
    StepView,
    TimesView,
    TypicalTimes,
)
from dashboard.core.view_types.events import Frame
from dashboard.core.view_types.projects import OutcomeView
from dashboard.core.words import CONCLUSION_OF_WORD, STATUS_OF_WORD, Conclusion, State, Status, is_known_word

Row = Mapping[str, Any]
"""The columns of a row by name."""

STALE_GAP_FACTOR = 3
"""A deployment is stale after this many times the longest silence that is usual for its project."""


@dataclass(frozen=True, slots=True)
class StalenessRule:
    """Decides which open deployments are stale at one point in time."""

    now: datetime
    min_silence_s: float
    """Silence up to this many seconds is never too long, however short the usual silence is."""

    def is_silent(self, row: Row) -> bool:
        """Return whether the last report is longer ago than the usual silence allows."""
        max_silence_s = max(STALE_GAP_FACTOR * row["usual_gap_s"], self.min_silence_s)
        return bool(row["last_report_at"] < self.now - timedelta(seconds=max_silence_s))


@functools.lru_cache(maxsize=1024)
def format_time(moment: datetime | None) -> str | None:
    """Return ISO 8601 in UTC with Z, None for None."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_status(row: Row) -> tuple[Status | None, Conclusion | None]:
    """Return the reported status and conclusion of a row of any kind."""
    return STATUS_OF_WORD.get(row["status"]), CONCLUSION_OF_WORD.get(row["conclusion"])


def read_deployment_standing(row: Row) -> Standing:
    """Return the standing of a deployment from its row."""
    return state.compute_deployment_standing(*read_status(row), row["status_raw"], row["job_tally"], row["step_tally"])


def read_job_standing(row: Row, deployment: Standing) -> Standing:
    """Return the standing of a job from its row and the standing of its deployment."""
    return state.compute_job_standing(*read_status(row), row["status_raw"], row["step_tally"], deployment)


def decide_row_state(row: Row, standing: Standing, staleness: StalenessRule) -> State:
    """Return the state of a deployment with this standing; stale if it is open and has been silent for too long."""
    return state.decide_deployment_state(standing, row["job_tally"], is_stale=staleness.is_silent(row))


def view_project(row: Row) -> ProjectView:
    """Return a project without its deployments."""
    return {
        "slug": row["slug"],
        "name": row["name"],
        "kind": row["kind"],
        "repository": row["repository"],
        "url": row["url"],
        "port": row["port"],
        "service_status": row["service_status"],
        "seq": row["seq"],
    }


def view_deployment(row: Row, project: ProjectView, standing: Standing, staleness: StalenessRule) -> DeploymentSummary:
    """Return a deployment without its log and its jobs; `standing` comes from read_deployment_standing."""
    shown = decide_row_state(row, standing, staleness)
    current = None if standing.is_done else row["current_step"]
    return {
        "id": row["id"],
        "seq": row["seq"],
        "project": project,
        "environment": row["environment"],
        "repository": row["repository"],
        "branch": row["branch"],
        "commit_hash": row["commit_hash"],
        "commit_message": row["commit_message"],
        "run_id": row["run_id"],
        "run_key": row["run_key"],
        "attempt": row["attempt"],
        "run_url": row["run_url"],
        "dialect": row["dialect"],
        "triggered_by": row["triggered_by"],
        "trigger_type": row["trigger_type"],
        "deploy_type": row["deploy_type"],
        "deploy_path": row["deploy_path"],
        "test_url": row["test_url"],
        "port": row["port"],
        "service_status": row["service_status"],
        "message": row["message"],
        # A sender withdraws an error by reporting an empty one.
        "error": row["error"] or None,
        "is_cut": bool(row["is_cut"]),
        **_view_standing(row, standing, shown),
        **_view_times(row, standing),
        "waited_s": row["waited_s"],
        **_view_progress(row, standing),
        "current_step": current and current["name"],
        "current": current and _view_current(current),
        "links": link_revision(row["repository"], row["run_url"], row["branch"], row["commit_hash"]),
        "stale_since": format_time(row["last_report_at"]) if shown == State.STALE else None,
        "sorted_at": cast("str", format_time(row["sorted_at"])),
    }


def view_listed_deployment(
    summary: DeploymentSummary, usual: TypicalTimes | None = None, estimate: Estimate | None = None
) -> ListedDeployment:
    """Return a deployment as lists show it. `usual` is None if past runs were not read or are too few."""
    return {**summary, "usual": usual, "estimate": estimate, "related": None}


def view_created_frame(frame: Frame, usual: TypicalTimes) -> Frame:
    """Return the frame of a new deployment with its typical times, which its event lacks: ingest reads no past runs."""
    return {**frame, "deployment": {**frame["deployment"], "usual": usual}}


def list_environments(outcomes: Iterable[OutcomeView]) -> list[str]:
    """Return the environments of a project's newest deployments, sorted, each once."""
    return sorted({outcome["environment"] for outcome in outcomes if outcome["environment"]})


def view_job(row: Row, standing: Standing, deployment_row: Row, deployment: Standing) -> JobSummary:
    """Return a job without its steps; `standing` is its own, `deployment` that of its deployment."""
    done, total = state.count_done_steps(row["step_tally"]), state.count_children(row["step_tally"])
    timed = row if row["status"] is not None else _time_implicit_job(row, standing, deployment_row)
    return {
        "key": row["key"],
        "number": row["number"],
        "name": row["name"] or row["key"],
        "allowed_to_fail": bool(row["allowed_to_fail"]) or row["allowed_by_project"],
        **_view_standing(row, standing, state.decide_state(standing, in_ended=deployment.is_done)),
        **_view_times(timed, standing),
        "job_progress_pct": state.compute_percent(done, total, is_done=standing.is_done),
        "completed_steps": done,
        "total_steps": total,
        "message": row["message"],
        "error": row["error"] or None,
        "log": row["log"],
    }


def view_step(row: Row, job: Standing, deployment: Standing) -> StepView:
    """Return a step; `job` and `deployment` are the standings of its parents."""
    in_ended = job.is_done or deployment.is_done
    standing, shown = _compute_step_state(row["status"], row["conclusion"], row["status_raw"], in_ended)
    return {
        "job": row["job_key"],
        "key": row["key"],
        "number": row["number"],
        "name": row["name"] or row["key"],
        "category": row["category"],
        **_view_standing(row, standing, shown),
        **_view_times(row, standing),
        "is_current": shown == State.RUNNING,
        "is_done": standing.is_done,
        "message": row["message"],
        "error": row["error"] or None,
        "log": row["log"],
    }


@functools.lru_cache(maxsize=1024)
def _compute_step_state(
    status: str | None,
    conclusion: str | None,
    raw: str | None,
    in_ended: bool,  # noqa: FBT001
) -> tuple[Standing, State]:
    standing = state.compute_step_standing(*read_status({"status": status, "conclusion": conclusion}), raw)
    return standing, state.decide_state(standing, in_ended=in_ended)


def make_sort_key(node: JobSummary | StepView) -> tuple[bool, int, bool, datetime, str]:
    """Return the sort key of a job or step: the sender's number, then the reported start, nulls last, then the key.

    The order of arrival never matters.
    """
    reported = None if node["started_observed"] else node["started_at"]
    start = datetime.fromisoformat(reported) if reported else datetime.max.replace(tzinfo=UTC)
    return (node["number"] is None, node["number"] or 0, reported is None, start, node["key"])


def attach_steps(job: JobSummary, steps: list[StepView]) -> JobView:
    """Return a job with its steps, sorted, and the index of the current one."""
    ordered = sorted(steps, key=make_sort_key)
    current = next((index for index, step in enumerate(ordered) if step["is_current"]), None)
    return {**job, "current_step_index": current, "steps": ordered}


def _view_current(current: Row) -> CurrentStep:
    return {
        "job": current["job"],
        "job_name": current.get("job_name"),
        "key": current["key"],
        "started_at": current.get("started_at"),
    }


def _view_standing(row: Row, standing: Standing, shown: State) -> StandingView:
    return {
        "status": standing.status.word,
        "conclusion": standing.conclusion and standing.conclusion.value,
        "status_raw": row["status_raw"],
        "status_known": is_known_word(row["status"], row["conclusion"], row["status_raw"]),
        "state": shown.value,
        "conflict": _view_conflict(row, row["conflicting_outcome"]) if row["conflicting_outcome"] else None,
    }


def _view_progress(row: Row, standing: Standing) -> ProgressView:
    done, total = state.count_done_steps(row["step_tally"]), state.count_children(row["step_tally"])
    done_jobs, total_jobs = state.count_done_jobs(row["job_tally"], standing), state.count_children(row["job_tally"])
    progress_pct = state.compute_percent(done, total, is_done=standing.is_done)
    run_progress_pct = state.compute_percent(done_jobs, total_jobs, is_done=standing.is_done)
    return {
        "progress_pct": progress_pct,
        "completed_steps": done,
        "total_steps": total,
        "run_progress_pct": run_progress_pct,
        "completed_jobs": done_jobs,
        "total_jobs_visible": total_jobs,
        "shown_pct": progress_pct if total else run_progress_pct,
    }


def _view_conflict(row: Row, other: Row) -> list[ConflictingOutcome]:
    return [
        {"conclusion": row["conclusion"], "completed_at": format_time(row["completed_at"])},
        {"conclusion": other["conclusion"], "completed_at": other["completed_at"]},
    ]


def _time_implicit_job(row: Row, standing: Standing, deployment: Row) -> Row:
    """Return the row of a job that is known only by its steps: it ends, and begins again, with its deployment."""
    timed = dict(row)
    if standing.is_done:
        timed |= {"completed_at": deployment["completed_at"], "reported_at": deployment["reported_at"]}
    first, begun = row["first_step_at"], deployment["started_at"]
    ends = deployment["rounds"]["ends"] if deployment["rounds"] else ()
    if first and begun and first < begun and any(at < make_stamp(begun) for _, at, _ in ends):
        timed["first_step_at"] = begun
    return timed


def _view_times(row: Row, standing: Standing) -> TimesView:
    """Return the reported times. Without any, the start is when the first report was received, marked as observed."""
    started, ended = row["started_at"] or row.get("first_step_at"), row["completed_at"] or row["reported_at"]
    is_done = standing.is_done
    has_started = standing.status != Status.QUEUED and standing.conclusion != Conclusion.SKIPPED
    observed = row["observed_at"] if has_started and started is None and ended is None else None
    return {
        "started_at": format_time(observed or started),
        "started_observed": observed is not None,
        "completed_at": format_time(ended) if is_done else None,
        "duration_s": _compute_duration(row, started, ended) if is_done else None,
    }


def _compute_duration(row: Row, started: datetime | None, ended: datetime | None) -> float | None:
    """Return the seconds of work: as reported, otherwise between the two times without the time waited for a person.

    At least 0; None if a time is unknown.
    """
    reported: float | None = row.get("duration_s")
    if reported is not None:
        return reported
    if started is None or ended is None:
        return None
    return max((ended - started).total_seconds() - (row.get("waited_s") or 0), 0)

"""What the page of a deployment shows beyond its view: pure, the twin of `static/js/deployment_description.js`.

Both are tested against `tests/js/deployment_description.json`.
"""

from collections.abc import Iterable
from typing import TypedDict, TypeVar

from dashboard.core.estimate import find_step_usual, read_ms
from dashboard.core.view_types.deployments import (
    DeploymentView,
    EarlierJob,
    JobSummary,
    JobView,
    ListedDeployment,
    StepView,
)
from dashboard.pages.drawing.gantt import Axis, find_axis


class Headline(TypedDict):
    """What happened, where and when."""

    kind: str
    """Selects the sentence."""
    key: str | None
    """Key of the failed or current step, like `name` None if there is none."""
    name: str | None
    step_job: str | None
    """Key of the job of the failed step."""
    job: str | None
    """Name of the failed job, or of the job of the failed step."""
    at: str
    error: str | None
    """The line that describes the error best."""
    has_context: bool
    """Whether it is known how earlier deployments ended."""
    failures: int | None
    """How many earlier deployments failed in the same step; None if no step failed."""


class DescribedStep(StepView):
    """A step on the time axis."""

    axis: Axis | None
    opens: bool
    """Whether its log is open at first, because it is the first failure."""
    usual: list[float] | None
    """`[median_s, p90_s, runs]` of its duration."""


class DescribedJob(JobSummary):
    """A job on the time axis, with its steps."""

    current_step_index: int | None
    steps: list[DescribedStep]
    axis: Axis | None
    opens: bool
    """Whether its log is open at first, because it is the first failure."""


class DescribedDeployment(ListedDeployment):
    """A deployment as its page shows it."""

    log: str | None
    jobs: list[DescribedJob]
    headline: Headline
    axis: Axis | None
    opens: bool
    """Whether its log is open at first, because it failed and no job or step did."""
    grows: bool
    """Whether more jobs may follow."""
    has_several_jobs: bool
    inherited: list[EarlierJob]
    """The jobs that only earlier attempts ran."""


Part = TypeVar("Part", JobView, StepView)


def describe_deployment(view: DeploymentView, now_ms: int) -> DescribedDeployment:
    """Return the view with what the page adds to it, its jobs and its steps."""
    settled: DeploymentView = {
        **view,
        "jobs": [_settle_job(job, is_stale=view["state"] == "stale") for job in view["jobs"]],
    }
    axis = find_axis(settled, now_ms)
    step, job = _find_first_failure(settled)
    return {
        **settled,
        "headline": _describe_headline(settled, step, job),
        "axis": axis,
        "opens": view["state"] == "failed" and job is None,
        "grows": view["status"] != "completed" and view["dialect"] != "native" and bool(view["jobs"]),
        "has_several_jobs": len(view["jobs"]) > 1,
        "inherited": _list_inherited(view),
        "jobs": [_describe_job(one, settled, axis, step, job) for one in settled["jobs"]],
    }


def _list_inherited(view: DeploymentView) -> list[EarlierJob]:
    """Return the jobs of earlier attempts that this one has not run, or not yet."""
    own = {job["name"] for job in view["jobs"]}
    return [job for job in view["related"]["earlier"] if job["name"] not in own] if view["related"] else []


def _settle_job(job: JobView, *, is_stale: bool) -> JobView:
    """Return the job with its own end. In a stale deployment it is not known whether anything still runs."""
    timed = _time_job(job)
    if not is_stale:
        return timed
    return {**_mark_stale(timed), "steps": [_mark_stale(step) for step in job["steps"]]}


def _mark_stale(part: Part) -> Part:
    return {**part, "state": "stale"} if part["state"] == "running" else part


def _time_job(job: JobView) -> JobView:
    """Return the job; if its sender never ended it, it ends with its last step instead of with its deployment."""
    ends = [step["completed_at"] for step in job["steps"] if step["completed_at"]]
    if job["status_raw"] is not None or job["status"] != "completed" or not job["started_at"] or not ends:
        return job
    ended_at = max(ends, key=read_ms)
    duration_s = max(read_ms(ended_at) - read_ms(job["started_at"]), 0) / 1000
    return {**job, "completed_at": ended_at, "duration_s": duration_s}


def _find_first_failure(view: DeploymentView) -> tuple[StepView | None, JobView | None]:
    """Return the first failed step in the shown order and its job; None and the first failed job if no step failed."""
    for job in view["jobs"]:
        for step in job["steps"]:
            if step["state"] == "failed":
                return step, job
    return None, next((job for job in view["jobs"] if job["state"] == "failed"), None)


def _describe_headline(view: DeploymentView, step: StepView | None, job: JobView | None) -> Headline:
    kind = _choose_kind(view, step, job)
    current = view["current"] if kind == "running_step" else None
    failed = step or job
    at = current["started_at"] if current else failed and (failed["completed_at"] or failed["started_at"])
    failures = view["related"]["failures"] if view["related"] else {}
    return {
        "kind": kind,
        "key": current["key"] if current else step and step["key"],
        "name": view["current_step"] if current else step and step["name"],
        "step_job": step and step["job"],
        "job": job and job["name"],
        "at": at or view["completed_at"] or view["started_at"] or view["sorted_at"],
        "error": _find_line([step, job, view]) if kind.startswith("fail") else None,
        "has_context": view["state"] == "failed" and view["related"] is not None,
        "failures": failures.get(f"{job['name']}/{step['key']}", 0) if step and job else None,
    }


def _choose_kind(view: DeploymentView, step: StepView | None, job: JobView | None) -> str:
    if view["state"] == "failed":
        if step:
            return "failed_step_job" if len(view["jobs"]) > 1 else "failed_step"
        return "failed_job" if job else "failed"
    if view["state"] == "running":
        return "failing" if step else "running_step" if view["current"] else "running"
    return "stale" if view["state"] == "stale" else "other"


def _find_line(nodes: Iterable[StepView | JobView | DeploymentView | None]) -> str | None:
    """Return the line that describes the error best: the first line of an error, else the last line of a log."""
    for node in nodes:
        for text, place in ((node["error"], 0), (node["log"], -1)) if node else ():
            lines = [line.strip(" \t\r") for line in (text or "").split("\n") if line.strip(" \t\r")]
            if lines:
                return lines[place]
    return None


def _describe_job(
    job: JobView, view: DeploymentView, axis: Axis | None, step: StepView | None, failed: JobView | None
) -> DescribedJob:
    steps: list[DescribedStep] = [
        {
            **one,
            "axis": axis,
            "opens": one is step,
            "usual": find_step_usual(view["usual"], job["name"], one["key"]),
        }
        for one in job["steps"]
    ]
    return {**job, "axis": axis, "opens": step is None and job is failed, "steps": steps}

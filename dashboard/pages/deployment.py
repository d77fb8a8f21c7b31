"""The page of one deployment, `/deployments/<id>`: the headline, and jobs and steps on a time axis.

The description is pure, the twin of `static/js/deployment_description.js`; both are tested against
`tests/js/deployment_description.json`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Response, abort, g

from dashboard.core.estimate import count_ms, find_step_usual
from dashboard.pages.drawing.gantt import Axis, find_axis
from dashboard.pages.rendering import blueprint, read_database, render_page
from dashboard.queries.deployments import get_deployment

View = Mapping[str, Any]


@blueprint.get("/deployments/<int:deployment_id>")
def show_deployment(deployment_id: int) -> Response:
    view = get_deployment(read_database(), deployment_id) or abort(404)
    described = describe_deployment(view, count_ms(g.now))
    return render_page("deployment.html", topic=f"deployment:{deployment_id}", deployment=described)


def describe_deployment(view: View, now_ms: int) -> dict[str, Any]:
    """Return the view with the fields that the page adds to it, its jobs and steps.

    `opens` is true for the node of the first failure: its log is open. `grows` says that more jobs may follow.
    `inherited` are the jobs that only earlier attempts ran.
    """
    view = {**view, "jobs": [_settle_job(job, is_stale=view["state"] == "stale") for job in view["jobs"]]}
    axis = find_axis(view, now_ms)
    step, job = find_first_failure(view)
    return {
        **view,
        "headline": describe_headline(view, step, job),
        "axis": axis,
        "opens": view["state"] == "failed" and job is None,
        "grows": view["status"] != "completed" and view["dialect"] != "native" and bool(view["jobs"]),
        "has_several_jobs": len(view["jobs"]) > 1,
        "inherited": list_inherited(view),
        "jobs": [_describe_job(one, view, axis, step, job) for one in view["jobs"]],
    }


def list_inherited(view: View) -> list[View]:
    """Return the jobs of earlier attempts that this one has not run, or not yet."""
    own = {job["name"] for job in view["jobs"]}
    return [job for job in (view["related"] or {}).get("earlier", ()) if job["name"] not in own]


def _settle_job(job: View, *, is_stale: bool) -> View:
    """Return the job with its own end. In a stale deployment it is not known whether anything still runs."""
    timed = _time_job(job)
    if not is_stale:
        return timed
    return {**_mark_stale(timed), "steps": [_mark_stale(step) for step in job["steps"]]}


def _mark_stale(part: View) -> View:
    return {**part, "state": "stale"} if part["state"] == "running" else part


def _time_job(job: View) -> View:
    """Return the job; if its sender never ended it, it ends with its last step instead of with its deployment."""
    ends = [step["completed_at"] for step in job["steps"] if step["completed_at"]]
    if job["status_raw"] is not None or job["status"] != "completed" or not job["started_at"] or not ends:
        return job
    ended_at = max(ends, key=_read_ms)
    duration_s = max(_read_ms(ended_at) - _read_ms(job["started_at"]), 0) / 1000
    return {**job, "completed_at": ended_at, "duration_s": duration_s}


def find_first_failure(view: View) -> tuple[View | None, View | None]:
    """Return the first failed step in the shown order and its job; None and the first failed job if no step failed."""
    for job in view["jobs"]:
        for step in job["steps"]:
            if step["state"] == "failed":
                return step, job
    return None, next((job for job in view["jobs"] if job["state"] == "failed"), None)


def describe_headline(view: View, step: View | None, job: View | None) -> dict[str, Any]:
    """Return the `kind` of the headline, which selects its sentence, and the values for it."""
    kind = _choose_kind(view, step, job)
    failed = step or job or {}
    about_current = kind == "running_step"
    at = view["current"]["started_at"] if about_current else failed.get("completed_at") or failed.get("started_at")
    ending = view["completed_at"] or view["started_at"] or view["sorted_at"]
    runs = (view["related"] or {}).get("failures", {})
    return {
        "kind": kind,
        "key": view["current"]["key"] if about_current else step and step["key"],
        "name": view["current_step"] if about_current else step and step["name"],
        "step_job": step and step["job"],
        "job": job and job["name"],
        "at": at or ending,
        "error": _find_line([step, job, view]) if kind.startswith("fail") else None,
        "has_context": view["state"] == "failed" and view["related"] is not None,
        "failures": runs.get(f"{job['name']}/{step['key']}", 0) if step and job else None,
    }


def _choose_kind(view: View, step: View | None, job: View | None) -> str:
    if view["state"] == "failed":
        if step:
            return "failed_step_job" if len(view["jobs"]) > 1 else "failed_step"
        return "failed_job" if job else "failed"
    if view["state"] == "running":
        return "failing" if step else "running_step" if view["current"] else "running"
    return "stale" if view["state"] == "stale" else "other"


def _find_line(nodes: list[View | None]) -> str | None:
    """Return the line that describes the error best: the first line of an error, else the last line of a log."""
    for node in nodes:
        for name, place in (("error", 0), ("log", -1)):
            lines = [line.strip(" \t\r") for line in ((node or {}).get(name) or "").split("\n") if line.strip(" \t\r")]
            if lines:
                return str(lines[place])
    return None


def _describe_job(job: View, view: View, axis: Axis | None, step: View | None, failed: View | None) -> dict[str, Any]:
    steps = [
        {
            **one,
            "axis": axis,
            "opens": one is step,
            "usual": find_step_usual(view["usual"], job["name"], one["key"]),
        }
        for one in job["steps"]
    ]
    return {**job, "axis": axis, "opens": step is None and job is failed, "steps": steps}


def _read_ms(text: str) -> int:
    return count_ms(datetime.fromisoformat(text))

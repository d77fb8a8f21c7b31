"""Applies events to the state of a page, to compare it with that of a fresh page."""

from typing import Any

from tests.support.socketio_client import Frame

View = dict[str, Any]


def sort_parts(deployment: View) -> View:
    """Return the deployment with its parts by key, without what a page derives from their order, and its project.

    A project has many deployments: lists update it from the frame of the one whose report changed it.
    """
    jobs = {job["key"]: {k: v for k, v in job.items() if k != "current_step_index"} for job in deployment["jobs"]}
    for job in jobs.values():
        job["steps"] = {step["key"]: step for step in job["steps"]}
    return {**deployment, "project": None, "jobs": jobs}


def share_projects(views: dict[int, View]) -> dict[int, View]:
    """Return the rows of a list as it shows them: without jobs and logs, with the newest that is known of a project."""
    newest: dict[str, View] = {}
    for project in sorted((view["project"] for view in views.values()), key=lambda project: project["seq"]):
        newest[project["slug"]] = project
    unlisted = {"jobs": None, "log": None}
    return {key: {**view, "project": newest[view["project"]["slug"]], **unlisted} for key, view in views.items()}


def patch_deployment(view: View, frame: Frame) -> None:
    """Do to a page of one deployment what a frame says."""
    assert frame["prev_seq"] <= view["seq"] < frame["seq"]
    view |= {**frame["deployment"], "seq": frame["seq"]}
    for job in frame["jobs"]:
        view["jobs"].setdefault(job["key"], {"steps": {}}).update(job)
    for step in frame["steps"]:
        view["jobs"].setdefault(step["job"], {"steps": {}})["steps"].setdefault(step["key"], {}).update(step)

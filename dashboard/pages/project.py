"""The page of a project, `/projects/<slug>`: its environments, deployments and statistics."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from flask import abort, redirect
from flask.typing import ResponseReturnValue

from dashboard.core.view_types.deployments import ListedDeployment
from dashboard.http.links import make_project_url
from dashboard.pages.drawing import charts
from dashboard.pages.lists import hide_duplicate_runs
from dashboard.pages.rendering import blueprint, open_page_reader, render_page
from dashboard.queries import statistics
from dashboard.queries.overview import MAX_RECENT, snapshot_overview
from dashboard.queries.projects import find_slug
from dashboard.queries.reader import Reader


@blueprint.get("/projects/<slug>")
def show_project(slug: str) -> ResponseReturnValue:
    reader = open_page_reader()
    current = find_slug(reader, slug) or abort(404)
    if current != slug:
        return redirect(make_project_url(current), HTTPStatus.PERMANENT_REDIRECT)
    described = describe_project(reader, slug) or abort(404)
    return render_page("project.html", topic=f"project:{slug}", **described)


def describe_project(reader: Reader, slug: str) -> dict[str, Any] | None:
    """Return the context of the template, None if the project does not exist."""
    snapshot = snapshot_overview(reader, slug)
    if not snapshot["projects"]:
        return None
    shown = snapshot["deployments"]
    outcomes = statistics.read_outcome_statistics(reader, slug)
    return {
        "project": snapshot["projects"][0],
        "running": hide_duplicate_runs([view for view in shown if view["status"] != "completed"]),
        "recent": hide_duplicate_runs(shown[:MAX_RECENT]),
        "statistics_version": write_version(shown),
        "environments": statistics.list_environments(reader, slug),
        "steps": statistics.rank_steps(reader, slug),
        "outcomes": outcomes,
        "rate_bars": charts.draw_outcomes(outcomes),
        "duration_bars": charts.draw_durations(outcomes),
    }


def write_version(deployments: Iterable[ListedDeployment]) -> str:
    """Return the version of a list of deployments, as `static/js/project_statistics.js` does. It changes with any."""
    return " ".join(f"{view['id']}.{view['seq']}" for view in deployments)

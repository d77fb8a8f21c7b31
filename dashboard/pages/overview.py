"""The overview, `/`: running deployments, every project, recent deployments."""

from flask import Response, g, request, url_for

from dashboard.pages.lists import count_watched, hide_duplicate_runs
from dashboard.pages.overview_grouping import arrange_projects, read_choices
from dashboard.pages.rendering import blueprint, open_page_reader, render_page
from dashboard.queries.overview import MAX_RECENT, snapshot_overview


@blueprint.get("/")
def show_overview() -> Response:
    snapshot = snapshot_overview(open_page_reader())
    shown, every = snapshot["deployments"], snapshot["projects"]
    running = hide_duplicate_runs([view for view in shown if view["status"] != "completed"])
    choices = read_choices(request.args)
    return render_page(
        "overview.html",
        topic="overview",
        choices=choices,
        arranged=arrange_projects(every, choices, g.now),
        watched=count_watched(running, every),
        running=running,
        recent=hide_duplicate_runs(shown[:MAX_RECENT]),
        webhook_url=url_for("webhooks.receive_deployment", _external=True),
    )

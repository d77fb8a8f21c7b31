"""Blueprint of the pages: each route reads one or two queries and renders one template. No SQL, no markup."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Flask, Response, abort, current_app, g, make_response, render_template, request, url_for

from dashboard.pages import formats
from dashboard.pages.security import protect_responses
from dashboard.pages.words import WORDS, list_words
from dashboard.queries import deployments, projects
from dashboard.queries.live import NEWEST

blueprint = Blueprint("pages", __name__)


def init_app(app: Flask) -> None:
    """Serve the pages, and give every response of the application its security headers."""
    app.register_blueprint(blueprint)
    protect_responses(app)


@blueprint.before_request
def read_clock() -> None:
    """One `now` for the whole page: what is computed from it agrees with what is written beside it."""
    g.now = datetime.now(UTC)


@blueprint.get("/")
def show_overview() -> Response:
    recent, _ = deployments.list_deployments(deployments.DeploymentFilters(), g.now, NEWEST, None)
    return _render_page(
        "overview.html",
        topic="overview",
        projects=projects.list_projects(g.now),
        running=deployments.list_open(g.now),
        recent=recent,
        webhook_url=url_for("pages.show_overview", _external=True) + "api/webhook/deployment",
    )


@blueprint.get("/projects/<slug>")
def show_project(slug: str) -> Response:
    project = projects.get_project(slug, g.now) or abort(404)
    recent, _ = deployments.list_deployments(deployments.DeploymentFilters(project=slug), g.now, NEWEST, None)
    running = deployments.list_open(g.now, slug=slug)
    return _render_page("project.html", topic=f"project:{slug}", project=project, running=running, recent=recent)


@blueprint.get("/deployments/<int:deployment_id>")
def show_deployment(deployment_id: int) -> Response:
    view = deployments.get_deployment(deployment_id, g.now) or abort(404)
    view["failed_step"] = find_failed_step(view)
    return _render_page("deployment.html", topic=f"deployment:{deployment_id}", deployment=view)


def find_failed_step(view: Mapping[str, Any]) -> str | None:
    """Return the name of the first failed step in the shown order; `deployment.js` derives the same."""
    steps = (step for job in view["jobs"] for step in job["steps"])
    return next((step["name"] for step in steps if step["state"] == "failed"), None)


def _render_page(template: str, **context: object) -> Response:
    response = make_response(render_template(template, **context))
    # A copy kept by the browser would show the past on the way back to the page.
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.app_template_filter("shown")
def format_field(view: Mapping[str, Any], names: str, text_format: str) -> str:
    return formats.format_values(view, names, text_format, g.now)


@blueprint.app_template_filter("open_since")
def read_open_since(view: Mapping[str, Any], names: str) -> str | None:
    return formats.open_since(*(formats.read_value(view, name) for name in names.split(",")))


@blueprint.app_template_filter("project_href")
def link_project(slug: str | None) -> str:
    return url_for("pages.show_project", slug=slug or "-")


@blueprint.app_template_filter("deployment_href")
def link_deployment(deployment_id: int | None) -> str:
    return url_for("pages.show_deployment", deployment_id=deployment_id or 0)


@blueprint.app_context_processor
def provide_words() -> dict[str, object]:
    """What every template may use, beside what its route gives it."""
    return {
        "WORDS": WORDS,
        "list_words": list_words,
        "base_url": url_for("pages.show_overview"),
        "refresh_s": current_app.config["SETTINGS"].refresh_s,
        "page_path": request.path,
    }


blueprint.add_app_template_filter(formats.read_value, "value")
blueprint.add_app_template_filter(formats.safe_href, "safe_href")
blueprint.add_app_template_test(formats.is_shown, "showing")

"""Blueprint of the pages: each route reads one or two queries and renders one template. No SQL, no markup."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue

from dashboard.core.estimate import count_ms
from dashboard.pages import arrange, formats, history, inbox, strip
from dashboard.pages.deployment_view import describe_deployment
from dashboard.pages.errors import describe_error
from dashboard.pages.estimate_filters import add_filters
from dashboard.pages.reasons import translate_reason
from dashboard.pages.words import WORDS, list_words
from dashboard.queries import deployments
from dashboard.queries.deliveries import read_delivery
from dashboard.queries.live import NEWEST, snapshot_overview

blueprint = Blueprint("pages", __name__)


def init_app(app: Flask) -> None:
    """Serve the pages."""
    app.register_blueprint(blueprint)


@blueprint.before_request
def read_clock() -> None:
    """One `now` for the whole page: what is computed from it agrees with what is written beside it."""
    g.now = datetime.now(UTC)


@blueprint.get("/")
def show_overview() -> Response:
    snapshot = snapshot_overview(g.now)
    shown, every = snapshot["deployments"], snapshot["projects"]
    running = arrange.hide_linked([view for view in shown if view["status"] != "completed"])
    choices = arrange.read_choices(request.args)
    return _render_page(
        "overview.html",
        topic="overview",
        choices=choices,
        arranged=arrange.arrange_projects(every, choices, g.now),
        watched=arrange.count_watched(running, every),
        running=running,
        recent=arrange.hide_linked(shown[:NEWEST]),
        webhook_url=url_for("pages.show_overview", _external=True) + "api/webhook/deployment",
    )


@blueprint.get("/projects/<slug>")
def show_project(slug: str) -> Response:
    described = history.describe_project(slug, g.now) or abort(404)
    return _render_page("project.html", topic=f"project:{slug}", **described)


@blueprint.get("/deployments")
def show_history() -> Response:
    described = history.describe_history(request.args, g.now)
    response = _render_page("history.html", **described)
    response.status_code = HTTPStatus.BAD_REQUEST if described["form"].errors else HTTPStatus.OK
    return response


@blueprint.get("/deployments.csv")
def export_history() -> ResponseReturnValue:
    form = history.read_filters(request.args)
    if form.errors:
        return redirect(url_for("pages.show_history", **form.values), HTTPStatus.SEE_OTHER)  # which explains them
    pieces = history.export_deployments(form.filters, g.now)
    response = Response(stream_with_context(pieces), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="deployments-{g.now:%Y-%m-%d}.csv"'
    return response


@blueprint.get("/deployments/<int:deployment_id>")
def show_deployment(deployment_id: int) -> Response:
    view = deployments.get_deployment(deployment_id, g.now) or abort(404)
    described = describe_deployment(view, count_ms(g.now))
    return _render_page("deployment.html", topic=f"deployment:{deployment_id}", deployment=described)


@blueprint.get("/deliveries")
def show_deliveries() -> Response:
    described = inbox.describe_inbox(request.args)
    response = _render_page("deliveries.html", **described)
    response.status_code = HTTPStatus.BAD_REQUEST if described["form"].errors else HTTPStatus.OK
    return response


@blueprint.get("/deliveries/<uuid:delivery_id>")
def show_delivery(delivery_id: UUID) -> Response:
    view = read_delivery(delivery_id) or abort(404)
    return _render_page("delivery.html", **inbox.describe_delivery(view, request.args))


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
        "describe_error": describe_error,
        "base_url": url_for("pages.show_overview"),
        "refresh_s": current_app.config["SETTINGS"].refresh_s,
        "page_path": request.path,
    }


blueprint.add_app_template_filter(formats.read_value, "value")
blueprint.add_app_template_filter(formats.safe_href, "safe_href")
blueprint.add_app_template_filter(inbox.format_size, "size")
blueprint.add_app_template_filter(inbox.format_span, "span")
blueprint.add_app_template_filter(inbox.format_json, "json_text")
blueprint.add_app_template_filter(translate_reason, "translate_reason")
blueprint.add_app_template_filter(arrange.order_running, "order_running")
blueprint.add_app_template_filter(strip.draw_strip, "draw_strip")
add_filters(blueprint)
blueprint.add_app_template_test(formats.is_shown, "showing")

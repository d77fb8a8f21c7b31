"""What all pages share: the blueprint, the time of a request, template filters and context."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for

from dashboard.database.reader import Reader
from dashboard.extensions import open_reader
from dashboard.http.context import current_settings
from dashboard.pages import estimate_filters, lists
from dashboard.pages.constants import CONSTANTS, CONSTANTS_JSON
from dashboard.pages.drawing import strip
from dashboard.pages.text import formats, sizes
from dashboard.pages.text.errors import describe_error
from dashboard.pages.text.reasons import translate_reason
from dashboard.pages.text.words import WORDS, list_words

blueprint = Blueprint("pages", __name__)


@blueprint.before_request
def read_clock() -> None:
    """Take one `now` for the whole page, so that all its times agree."""
    g.now = datetime.now(UTC)


def read_database() -> Reader:
    """Return the reader for the queries of this page."""
    return open_reader(g.now)


def render_page(template: str, **context: object) -> Response:
    """Return the page. It is not stored, so that a browser does not show an old copy on the way back."""
    response = make_response(render_template(template, **context))
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
    """Return the context of every template, besides what its route passes."""
    return {
        "WORDS": WORDS,
        "list_words": list_words,
        "describe_error": describe_error,
        "CONSTANTS_JSON": CONSTANTS_JSON,
        "base_url": url_for("pages.show_overview"),
        "refresh_s": current_settings().refresh_s,
        "page_path": request.path,
    }


# A global, because macros that are imported without the context need it too.
blueprint.record_once(lambda state: state.app.jinja_env.globals.update(CONSTANTS=CONSTANTS))
blueprint.add_app_template_filter(formats.read_value, "value")
blueprint.add_app_template_filter(formats.safe_href, "safe_href")
blueprint.add_app_template_filter(sizes.format_size, "size")
blueprint.add_app_template_filter(sizes.format_milliseconds, "milliseconds")
blueprint.add_app_template_filter(sizes.format_json, "json_text")
blueprint.add_app_template_filter(translate_reason, "translate_reason")
blueprint.add_app_template_filter(lists.order_running, "order_running")
blueprint.add_app_template_filter(strip.draw_strip, "draw_strip")
estimate_filters.add_filters(blueprint)
blueprint.add_app_template_test(formats.is_shown, "showing")

"""What all pages share: the blueprint, the time of a request, and the context of the templates."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for

from dashboard.extensions import open_reader
from dashboard.http.context import current_settings
from dashboard.pages.constants import CONSTANTS, CONSTANTS_JSON
from dashboard.pages.text.errors import describe_error
from dashboard.pages.text.words import WORDS, list_words
from dashboard.queries.reader import Reader

blueprint = Blueprint("pages", __name__)


@blueprint.before_request
def set_request_time() -> None:
    """Take one `now` for the whole page, so that all its times agree."""
    g.now = datetime.now(UTC)


def open_page_reader() -> Reader:
    """Return the reader for the queries of this page, at the time of its request."""
    return open_reader(g.now)


def render_page(template: str, **context: object) -> Response:
    """Return the page. It is not stored, so that a browser does not show an old copy on the way back."""
    response = make_response(render_template(template, **context))
    response.headers["Cache-Control"] = "no-store"
    return response


def render_list(template: str, context: Mapping[str, Any]) -> Response:
    """Return the page of a list below its form of filters; 400 if the `form` of the context has errors."""
    response = render_page(template, **context)
    response.status_code = HTTPStatus.BAD_REQUEST if context["form"].errors else HTTPStatus.OK
    return response


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

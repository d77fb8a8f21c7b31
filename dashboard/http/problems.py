"""HTTP errors: the exception for invalid requests, and the handlers that turn all errors into answers.

Programs get problem documents (RFC 9457), people get a page.
"""

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, json, request
from flask_smorest import Api
from marshmallow import Schema, fields
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from dashboard.core.paging import CursorError
from dashboard.database.errors import UNAVAILABLE

PROGRAM_PATHS = ("/api/", "/health", "/ready", "/metrics", "/socket.io")
RETRY_AFTER_S = 5
ERROR_PAGE = "error page"
"""The key of the application's RenderError in its extensions; None if it serves no pages."""
RenderError = Callable[[HTTPStatus], str]
"""Returns the HTML that people get for a status."""

logger = logging.getLogger(__name__)


class ProblemError(Exception):
    """An error to answer a request with; `errors` maps a field's path to its messages."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        errors: Mapping[str, list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.headers = status, detail, errors, headers or {}


class ProblemSchema(Schema):
    """A problem document."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    errors = fields.Dict(fields.String(), fields.List(fields.String()))


class ProblemApi(Api):  # type: ignore[misc]
    """flask-smorest with problem documents; it registers the handler for every HTTPException."""

    ERROR_SCHEMA = ProblemSchema

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Return the answer to an error of werkzeug or webargs."""
        if error.response is not None or error.code is None or error.code < HTTPStatus.BAD_REQUEST:
            return error.get_response()  # type: ignore[return-value]
        data: Mapping[str, Any] = getattr(error, "data", None) or {}
        errors = flatten_messages(data.get("messages", {}).get("query", {}))
        headers = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
        return answer_error(HTTPStatus(error.code), error.description or "", errors, headers)


def init_errors(app: Flask, render_page: RenderError | None) -> None:
    """Register the handlers for errors that are not HTTPExceptions. Without `render_page` people get documents too."""
    app.extensions[ERROR_PAGE] = render_page
    app.before_request(refuse_nul)
    app.register_error_handler(ProblemError, answer_problem)
    app.register_error_handler(CursorError, answer_bad_cursor)
    for unavailable in UNAVAILABLE:
        app.register_error_handler(unavailable, answer_unavailable)


def refuse_nul() -> None:
    """Raise 400 for a NUL in the URL: no row can contain one, and psycopg2 raises ValueError for it."""
    if "\x00" in request.path or b"%00" in request.query_string:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "The URL must not contain a NUL character.")


def answer_problem(problem: ProblemError) -> Response:
    """Return the answer to an error raised by our own code."""
    return answer_error(problem.status, problem.detail, problem.errors, problem.headers)


def answer_bad_cursor(error: CursorError) -> Response:
    """Return the answer to an invalid cursor."""
    return answer_error(HTTPStatus.UNPROCESSABLE_ENTITY, f"cursor: {error}", {"cursor": [str(error)]})


def answer_unavailable(error: Exception) -> Response:
    """Return the answer when the database is down or too busy; whether a commit happened may be unknown."""
    logger.warning("database unavailable: %s", str(error).splitlines()[0])
    return answer_error(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The database is unavailable. Try again later; send a delivery again with the same idempotency key.",
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )


def answer_error(
    status: HTTPStatus,
    detail: str,
    errors: Mapping[str, list[str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem document for a program, a page for a person; a document in any case if pages are not served."""
    render_page: RenderError | None = current_app.extensions[ERROR_PAGE]
    if render_page and not request.path.startswith(PROGRAM_PATHS):
        return Response(render_page(status), status, headers)
    # status.phrase of 413 and 422 differs between Python 3.11 and 3.13.
    title = HTTP_STATUS_CODES[status]
    document: dict[str, Any] = {"type": "about:blank", "title": title, "status": status.value, "detail": detail}
    if errors:
        document["errors"] = errors
    return Response(json.dumps(document), status, headers, content_type="application/problem+json")


def flatten_messages(messages: Any, path: str = "") -> dict[str, list[str]]:  # noqa: ANN401
    """Return marshmallow's nested messages as one map: `steps.0.name` → messages."""
    if isinstance(messages, Mapping):
        flat: dict[str, list[str]] = {}
        for key, value in messages.items():
            flat |= flatten_messages(value, f"{path}.{key}" if path else str(key))
        return flat
    return {path.removesuffix("._schema") or "_schema": [str(message) for message in messages]}

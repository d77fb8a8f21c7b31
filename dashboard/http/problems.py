"""Errors over HTTP: one exception for what a request did wrong, and the one place that turns errors into answers.

Programs get problem documents (RFC 9457), people get a page.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, json, render_template, request
from flask_smorest import Api
from marshmallow import Schema, fields
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from dashboard.core.paging import CursorError
from dashboard.database.errors import UNAVAILABLE

PROGRAM_PATHS = ("/api/", "/health", "/ready", "/metrics", "/socket.io")
RETRY_AFTER_S = 5

log = logging.getLogger(__name__)


class ProblemError(Exception):
    """A request that is answered with an error; `errors` maps a field's path to what is wrong with it."""

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
    """flask-smorest with problem documents for errors; it registers the handler of every HTTPException."""

    ERROR_SCHEMA = ProblemSchema

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Answer werkzeug's and webargs' errors."""
        if error.response is not None or error.code is None or error.code < HTTPStatus.BAD_REQUEST:
            return error.get_response()  # type: ignore[return-value]
        data: Mapping[str, Any] = getattr(error, "data", None) or {}
        errors = flatten_messages(data.get("messages", {}).get("query", {}))
        headers = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
        return answer_error(HTTPStatus(error.code), error.description or "", errors, headers)


def init_errors(app: Flask) -> None:
    """Register the handlers of errors that are not HTTPExceptions."""
    app.before_request(refuse_nul)
    app.register_error_handler(ProblemError, answer_problem)
    app.register_error_handler(CursorError, answer_bad_cursor)
    for unavailable in UNAVAILABLE:
        app.register_error_handler(unavailable, answer_unavailable)


def refuse_nul() -> None:
    """Answer 400 to a NUL in the URL: no row can hold one, and the database's driver raises on it."""
    if "\x00" in request.path or b"%00" in request.query_string:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "The URL must not contain a NUL character.")


def answer_problem(problem: ProblemError) -> Response:
    """Answer an error that our own code raised."""
    return answer_error(problem.status, problem.detail, problem.errors, problem.headers)


def answer_bad_cursor(error: CursorError) -> Response:
    """Answer a cursor that no page gave out."""
    return answer_error(HTTPStatus.UNPROCESSABLE_ENTITY, f"cursor: {error}", {"cursor": [str(error)]})


def answer_unavailable(error: Exception) -> Response:
    """Answer while the database cannot be reached or is too busy; whether a commit happened may not be known."""
    log.warning("database unavailable: %s", str(error).splitlines()[0])
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
    """Return a problem document to a program, a page to a person; where there are no pages, a document to everyone."""
    if "pages" in current_app.blueprints and not request.path.startswith(PROGRAM_PATHS):
        return Response(render_template("error.html", status=status.value), status, headers)
    # Not status.phrase: Python 3.13 words 413 and 422 differently from 3.11.
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

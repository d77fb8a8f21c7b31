"""The history, `/deployments`: all deployments with filters, and the same as CSV."""

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from flask import Response, g, redirect, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dashboard.core.words import State
from dashboard.http.links import make_deployment_url
from dashboard.pages.filters import (
    FieldParsers,
    FilterError,
    FilterForm,
    follow_slug,
    parse_day,
    parse_fields,
    parse_last_day,
    parse_project,
    parse_text,
)
from dashboard.pages.history_export import MAX_ROWS, write_csv
from dashboard.pages.rendering import blueprint, open_page_reader, render_list
from dashboard.queries import history
from dashboard.queries.lists import DeploymentFilters, list_deployments
from dashboard.queries.reader import Reader

PAGE_SIZE = 50


@blueprint.get("/deployments")
def show_history() -> Response:
    return render_list("history.html", describe_history(open_page_reader(), request.args))


@blueprint.get("/deployments.csv")
def export_history() -> ResponseReturnValue:
    reader = open_page_reader()
    arguments = follow_slug(reader, request.args)
    form = read_form(arguments, [slug for slug, _name in history.list_choices(reader)["project"]])
    if form.errors:
        # The page shows which fields are invalid.
        return redirect(url_for("pages.show_history", **form.values), HTTPStatus.SEE_OTHER)
    response = Response(stream_with_context(export_deployments(reader, form.filters)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="deployments-{g.now:%Y-%m-%d}.csv"'
    return response


def describe_history(reader: Reader, arguments: Mapping[str, str]) -> dict[str, Any]:
    """Return the context of the template for a query string; no `topic` and no deployments if a filter is invalid.

    `cursor` selects an older page. `top` selects the first page as it began when it was opened; newer deployments are
    only counted, as `newer`. Raises CursorError.
    """
    choices, arguments = history.list_choices(reader), follow_slug(reader, arguments)
    form = read_form(arguments, [slug for slug, _name in choices["project"]])
    shown = {} if form.errors else _describe_results(reader, form.filters, arguments)
    return {"form": form, "choices": choices, "page_size": PAGE_SIZE, **shown}


def _describe_results(reader: Reader, filters: DeploymentFilters, arguments: Mapping[str, str]) -> dict[str, Any]:
    cursor = arguments.get("cursor")
    top = None if cursor else arguments.get("top")
    recent, older = list_deployments(reader, filters, PAGE_SIZE, cursor or top)
    return {
        "topic": f"project:{filters.project}" if filters.project else "overview",
        "recent": recent,
        "older": older,
        "is_first": not cursor,
        "newer": history.count_newer(reader, filters, top, PAGE_SIZE) if top else 0,
        "top": history.make_top_cursor(recent[0]) if recent and not cursor else None,
    }


def export_deployments(reader: Reader, filters: DeploymentFilters) -> Iterator[str]:
    """Return the matching deployments as a CSV file in pieces."""
    batches = history.iterate_deployments(reader, filters, MAX_ROWS)
    return write_csv(batches, partial(make_deployment_url, is_absolute=True))


def read_form(arguments: Mapping[str, str], projects: Collection[str]) -> FilterForm[DeploymentFilters]:
    """Return the form of the history."""
    return parse_fields(arguments, {**PARSERS, "project": partial(parse_project, projects)}, DeploymentFilters)


def _parse_state(value: str) -> State:
    try:
        return State(value)
    except ValueError:
        raise FilterError(_("Unknown state “%(name)s”.", name=value)) from None


PARSERS: FieldParsers = {
    "q": parse_text,
    "environment": parse_text,
    "branch": parse_text,
    "triggered_by": parse_text,
    "state": _parse_state,
    "since": parse_day,
    "until": parse_last_day,
}

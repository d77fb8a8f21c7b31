"""The deliveries, `/deliveries`: what senders posted, with filters, and the result of a replay."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any, TypedDict

from flask import Response, request
from flask_babel import gettext as _

from dashboard.core.storable import MAX_ID
from dashboard.core.words import Verdict
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
from dashboard.pages.rendering import blueprint, open_page_reader, render_list
from dashboard.pages.text.words import WORDS
from dashboard.queries.deliveries import (
    DeliveryFilters,
    list_deliveries,
    list_newer,
    list_suggestions,
    make_newer_cursor,
)
from dashboard.queries.history import list_choices
from dashboard.queries.reader import Reader

PAGE_SIZE = 50
MAX_DIGITS = 19
VERDICT_STATES = {
    Verdict.APPLIED: "success",
    Verdict.DUPLICATE: "skipped",
    Verdict.IGNORED: "neutral",
    Verdict.REJECTED: "partial",
    Verdict.FAILED: "failed",
}
"""The state whose icon and colour a verdict has."""

Context = dict[str, Any]
"""What a template is given."""


class ReplayResult(TypedDict):
    """What a replay of several deliveries has done."""

    replayed: int
    skipped: int
    verdicts: dict[Verdict, int]
    """How many of the replayed deliveries have each verdict."""
    left: str | None
    """Cursor of those that are left, None if all are done."""


@blueprint.get("/deliveries")
def show_deliveries() -> Response:
    return render_list("deliveries.html", describe_deliveries(open_page_reader(), request.args))


def describe_deliveries(reader: Reader, arguments: Mapping[str, str]) -> Context:
    """Return the context of the template for a query string; no deliveries if a filter is invalid. Raises CursorError.

    `cursor` selects deliveries older than one, `newer` those newer than one.
    """
    projects, arguments = list_choices(reader)["project"], follow_slug(reader, arguments)
    form = read_form(arguments, [slug for slug, _name in projects])
    choices = {**list_suggestions(reader), "project": projects}
    shown = {} if form.errors else _describe_results(reader, form.filters, arguments)
    return {"form": form, "choices": choices, "is_localised": True, "verdict_states": VERDICT_STATES, **shown}


def _describe_results(reader: Reader, filters: DeliveryFilters, arguments: Mapping[str, str]) -> Context:
    cursor, newer = arguments.get("cursor"), arguments.get("newer")
    before = list_newer(reader, filters, PAGE_SIZE, newer) if newer else None
    deliveries, older = before or list_deliveries(reader, filters, PAGE_SIZE, None if newer else cursor)
    is_first = before is None and (bool(newer) or not cursor)
    return {
        "deliveries": deliveries,
        "older": older,
        "newer": make_newer_cursor(deliveries[0]) if deliveries and not is_first else None,
        "is_first": is_first,
        "api_arguments": write_api_arguments(filters),
        "replay_result": read_replay_result(arguments),
    }


def read_form(arguments: Mapping[str, str], projects: list[str]) -> FilterForm[DeliveryFilters]:
    """Return the form of the deliveries."""
    return parse_fields(arguments, {**PARSERS, "project": partial(parse_project, projects)}, _make_filters)


def write_api_arguments(filters: DeliveryFilters) -> dict[str, str]:
    """Return the query arguments with which the API selects the same deliveries."""
    wanted = ((name, value) for name, value in asdict(filters).items() if value is not None)
    return {name: value.isoformat() if isinstance(value, datetime) else str(value) for name, value in wanted}


def read_replay_result(arguments: Mapping[str, str]) -> ReplayResult | None:
    """Return the result of a replay of several deliveries from its redirect to this page, None if there was none."""
    if "replayed" not in arguments:
        return None
    counts = {verdict: _read_count(arguments.get(verdict)) for verdict in Verdict}
    return {
        "replayed": _read_count(arguments.get("replayed")),
        "skipped": _read_count(arguments.get("skipped")),
        "verdicts": {verdict: count for verdict, count in counts.items() if count},
        "left": arguments.get("left"),
    }


def _read_count(text: str | None) -> int:
    """Return a number from the address; 0 for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < MAX_DIGITS else 0


def _make_filters(deployment: int | None = None, **understood: Any) -> DeliveryFilters:  # noqa: ANN401
    return DeliveryFilters(deployment_id=deployment, **understood)


def _parse_verdict(value: str) -> Verdict:
    try:
        return Verdict(value)
    except ValueError:
        raise FilterError(_("Unknown verdict “%(name)s”.", name=value)) from None


def _parse_dialect(value: str) -> str:
    if value not in WORDS["dialect"]:
        raise FilterError(_("Unknown dialect “%(name)s”.", name=value))
    return value


def _parse_deployment(value: str) -> int:
    digits = value.removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MAX_DIGITS and int(digits) <= MAX_ID):
        raise FilterError(_("“%(value)s” is not a deployment number. Example: 12.", value=value))
    return int(digits)


PARSERS: FieldParsers = {
    "q": parse_text,
    "verdict": _parse_verdict,
    "dialect": _parse_dialect,
    "source": parse_text,
    "event": parse_text,
    "deployment": _parse_deployment,
    "since": parse_day,
    "until": parse_last_day,
}

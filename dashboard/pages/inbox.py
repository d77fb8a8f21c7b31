"""What the pages of the inbox show: the list with its filters, one delivery, and what a replay did."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

from flask_babel import gettext as _

from dashboard.core.view import View
from dashboard.core.words import Verdict
from dashboard.pages.filters import (
    FilterError,
    FilterForm,
    Readers,
    read_day,
    read_fields,
    read_last_day,
    read_project,
    read_text,
)
from dashboard.pages.words import WORDS
from dashboard.queries.deliveries import DeliveryFilters, list_deliveries, list_newer, list_suggestions, mark_newer
from dashboard.queries.history import list_choices
from dashboard.queries.rows import LARGEST_ID

PAGE_SIZE = 50
KIB, MIB = 1024, 1024**2
LONGEST_NUMBER = 19
SHAPES = {
    Verdict.APPLIED: "success",
    Verdict.DUPLICATE: "skipped",
    Verdict.IGNORED: "neutral",
    Verdict.REJECTED: "partial",
    Verdict.FAILED: "failed",
}
"""Which state a verdict looks like: shape and colour."""

Context = dict[str, Any]


def describe_inbox(arguments: Mapping[str, str]) -> Context:
    """Return what the page shows for an address; without deliveries if a filter makes no sense. Raises CursorError.

    `cursor` asks for what is older than a delivery, `newer` for what is newer.
    """
    projects = list_choices()["project"]
    form = read_form(arguments, [slug for slug, _name in projects])
    choices = {**list_suggestions(), "project": projects}
    shown = {} if form.errors else _describe_results(form.filters, arguments)
    return {"form": form, "choices": choices, "is_localised": True, "shapes": SHAPES, **shown}


def _describe_results(filters: DeliveryFilters, arguments: Mapping[str, str]) -> Context:
    cursor, newer = arguments.get("cursor"), arguments.get("newer")
    before = list_newer(filters, PAGE_SIZE, newer) if newer else None
    deliveries, older = before or list_deliveries(filters, PAGE_SIZE, None if newer else cursor)
    is_first = before is None and (bool(newer) or not cursor)
    return {
        "deliveries": deliveries,
        "older": older,
        "newer": mark_newer(deliveries[0]) if deliveries and not is_first else None,
        "is_first": is_first,
        "asked": ask_api(filters),
        "outcome": read_outcome(arguments),
    }


def read_form(arguments: Mapping[str, str], projects: list[str]) -> FilterForm[DeliveryFilters]:
    """Return what an address asks the inbox for."""
    return read_fields(arguments, {**READERS, "project": partial(read_project, projects)}, _make_filters)


def ask_api(filters: DeliveryFilters) -> dict[str, str]:
    """Return the arguments that ask the API for the same deliveries."""
    wanted = ((name, value) for name, value in asdict(filters).items() if value is not None)
    return {name: value.isoformat() if isinstance(value, datetime) else str(value) for name, value in wanted}


def read_outcome(arguments: Mapping[str, str]) -> Context | None:
    """Return what a replay of several did, as it sent the visitor back here; None if there was none."""
    if "replayed" not in arguments:
        return None
    numbers = {name: _count(arguments.get(name)) for name in ("replayed", "skipped", *Verdict)}
    verdicts = {verdict: numbers[verdict] for verdict in Verdict if numbers[verdict]}
    return {**numbers, "verdicts": verdicts, "left": arguments.get("left")}


def describe_delivery(view: View, arguments: Mapping[str, str]) -> Context:
    """Return what the page of a delivery shows; `arguments` tell what became of a replay of it."""
    refused = arguments.get("refused") or view["obstacle"]
    return {
        "delivery": view,
        "shapes": SHAPES,
        "is_localised": True,
        "was_replayed": "replayed" in arguments,
        "was_refused": "refused" in arguments,
        "obstacle": refused,
    }


def format_size(size: int) -> str:
    """Return a number of bytes as people read it."""
    if size < KIB:
        return str(WORDS["size"]["bytes"].format(n=size))
    unit, name = (KIB, "kib") if size < MIB else (MIB, "mib")
    return str(WORDS["size"][name].format(n=_round(size / unit)))


def format_span(milliseconds: float | None) -> str:
    """Return how long something took that should take no time; nothing for None."""
    if milliseconds is None:
        return ""
    if milliseconds < 1:
        return str(WORDS["span"]["moment"])
    if milliseconds < 1000:
        return str(WORDS["span"]["milliseconds"].format(n=_round(milliseconds)))
    return str(WORDS["span"]["seconds"].format(n=_round(milliseconds / 1000)))


def format_json(value: object) -> str:
    """Return a value as JSON, a text as it is."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _round(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0") if number < 10 else f"{number:.0f}"


def _count(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < LONGEST_NUMBER else 0


def _make_filters(deployment: int | None = None, **understood: Any) -> DeliveryFilters:  # noqa: ANN401
    return DeliveryFilters(deployment_id=deployment, **understood)


def _read_verdict(value: str) -> Verdict:
    try:
        return Verdict(value)
    except ValueError:
        raise FilterError(_("Unknown verdict “%(name)s”.", name=value)) from None


def _read_dialect(value: str) -> str:
    if value not in WORDS["dialect"]:
        raise FilterError(_("Unknown dialect “%(name)s”.", name=value))
    return value


def _read_deployment(value: str) -> int:
    digits = value.removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= LONGEST_NUMBER and int(digits) <= LARGEST_ID):
        raise FilterError(_("“%(value)s” is not a deployment number. Example: 12.", value=value))
    return int(digits)


READERS: Readers = {
    "q": read_text,
    "verdict": _read_verdict,
    "dialect": _read_dialect,
    "source": read_text,
    "event": read_text,
    "deployment": _read_deployment,
    "since": read_day,
    "until": read_last_day,
}

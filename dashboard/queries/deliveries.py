"""Deliveries: lists, one complete delivery, suggestions for filters. Secrets are masked in all views."""

import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Text, and_, func, select, tuple_

from dashboard.core.masking import escape_invisible, mask_body, mask_phrase, mask_value
from dashboard.core.paging import CursorError, cut_page, read_cursor, write_cursor
from dashboard.core.view import format_time
from dashboard.core.view_types.deliveries import DeliverySummary, DeliveryView, DeliveryWarning, FieldChange
from dashboard.core.words import Verdict
from dashboard.database.rows import Row
from dashboard.database.tables import DELIVERIES, DEPLOYMENTS
from dashboard.queries.lists import is_of_project
from dashboard.queries.reader import Reader
from dashboard.queries.scan_window import find_window_end
from dashboard.queries.suggestions import list_recent_values

SUMMARY_COLUMNS = tuple(
    DELIVERIES.c[name]
    for name in (
        "id", "received_at", "took_ms", "replayed_at", "source", "dialect", "event", "verdict", "reason",
        "deployment_id", "body_size",
    )
)  # fmt: skip
SORT_KEY = (DELIVERIES.c.received_at, DELIVERIES.c.id)
NEWEST_FIRST = tuple(column.desc() for column in SORT_KEY)
MAX_READ_BYTES = 4 * 1024 * 1024
"""Bytes of a body that are read for a page; of a longer body the beginning is shown, as text."""
MIN_SECRET_LENGTH = 8
"""Shorter secrets are not masked wherever they occur, because they occur in too many texts by chance."""


@dataclass(frozen=True, slots=True)
class DeliveryFilters:
    """The filters of a list of deliveries; None filters nothing."""

    verdict: Verdict | None = None
    dialect: str | None = None
    source: str | None = None
    event: str | None = None
    deployment_id: int | None = None
    project: str | None = None
    """Slug of the deployment's project."""
    q: str | None = None
    """Text to find anywhere in reason, event, source or id."""
    since: datetime | None = None
    """Received at or after."""
    until: datetime | None = None
    """Received before."""


def list_deliveries(
    reader: Reader, filters: DeliveryFilters, limit: int, cursor: str | None
) -> tuple[list[DeliverySummary], str | None]:
    """Return a page of deliveries without bodies, newest first, and the cursor of the next page if there may be one.

    A page can have fewer than `limit` deliveries although there is a next one, see scan_window. Raises CursorError.
    """
    index_conditions, filter_conditions = _list_index_conditions(filters), _list_filter_conditions(filters)
    if cursor:
        index_conditions.append(tuple_(*SORT_KEY) < read_position(cursor))
    query = select(*SUMMARY_COLUMNS).where(*index_conditions, *filter_conditions).order_by(*NEWEST_FIRST)
    window_end = find_window_end(reader, SORT_KEY, index_conditions) if filter_conditions else None
    if window_end is not None:
        query = query.where(tuple_(*SORT_KEY) >= window_end)
    rows, more = cut_page(reader.read_rows(query.limit(limit + 1)), limit)
    next_cursor = make_cursor(rows[-1]) if more else window_end and write_cursor(*window_end)
    return [_view(reader, row) for row in rows], next_cursor


def list_newer(
    reader: Reader, filters: DeliveryFilters, limit: int, cursor: str
) -> tuple[list[DeliverySummary], str | None] | None:
    """Return the page just before a cursor, as list_deliveries does; None if that is the first page.

    Raises CursorError.
    """
    query = select(*SUMMARY_COLUMNS).where(*list_conditions(filters), tuple_(*SORT_KEY) > read_position(cursor))
    rows, more = cut_page(reader.read_rows(query.order_by(*SORT_KEY).limit(limit + 1)), limit)
    return ([_view(reader, row) for row in reversed(rows)], make_cursor(rows[0])) if more else None


def list_oldest(
    reader: Reader, filters: DeliveryFilters, limit: int, cursor: str | None
) -> list[tuple[datetime, uuid.UUID]]:
    """Return time of receipt and id of the deliveries after a cursor, oldest first. Raises CursorError."""
    query = select(*SORT_KEY).where(*list_conditions(filters)).order_by(*SORT_KEY).limit(limit)
    if cursor:
        query = query.where(tuple_(*SORT_KEY) > read_position(cursor))
    return [(received_at, delivery_id) for received_at, delivery_id in reader.session.execute(query)]


def read_delivery_row(reader: Reader, delivery_id: uuid.UUID) -> Row | None:
    """Return the complete row of a delivery, None if there is none. Nothing is masked: only replay may use it."""
    rows = reader.read_rows(select(DELIVERIES).where(DELIVERIES.c.id == delivery_id))
    return rows[0] if rows else None


def read_delivery(reader: Reader, delivery_id: uuid.UUID) -> DeliveryView | None:
    """Return a complete delivery, None if there is none."""
    row = read_delivery_row(reader, delivery_id)
    if row is None:
        return None
    body, rest = _decompress_body(row["body"])
    is_cut = not rest and len(body) < row["body_size"]
    known = _list_secrets(reader)
    shown = mask_body(body, row["headers"].get("Content-Type", ""), known, is_cut=is_cut or rest)
    return {
        **_view(reader, row),
        "headers": {name: _mask(value, known, name) for name, value in row["headers"].items()},
        "warnings": [_mask_warning(warning, known) for warning in row["warnings"] or ()],
        "changes": [_mask_change(change, known) for change in row["changes"] or ()],
        "body": None if shown.kind == "binary" else shown.text,
        "body_kind": shown.kind,
        "body_kept": row["body_size"] if rest else len(body),
        "body_is_whole": shown.is_whole and not rest and not is_cut,
        "obstacle": find_obstacle(row["source"], is_cut=is_cut),
    }


def find_obstacle(source: str | None, *, is_cut: bool) -> str | None:
    """Return why a delivery cannot be replayed: `unauthenticated` or `cut`; None if it can."""
    if source is None:
        return "unauthenticated"
    return "cut" if is_cut else None


def list_suggestions(reader: Reader) -> dict[str, list[str]]:
    """Return recent sources and events, sorted."""
    suggestions = list_recent_values(reader, (DELIVERIES.c.source, DELIVERIES.c.event), NEWEST_FIRST)
    return {name: [mask_phrase(value) for value in values] for name, values in suggestions.items()}


def list_conditions(filters: DeliveryFilters) -> list[ColumnElement[bool]]:
    """Return all conditions of the filters."""
    return _list_index_conditions(filters) + _list_filter_conditions(filters)


def _list_index_conditions(filters: DeliveryFilters) -> list[ColumnElement[bool]]:
    """Return the index conditions of the filters, see scan_window."""
    conditions = _list_equalities(filters, "verdict", "deployment_id")
    if filters.since is not None:
        conditions.append(DELIVERIES.c.received_at >= filters.since)
    if filters.until is not None:
        conditions.append(DELIVERIES.c.received_at < filters.until)
    return conditions


def _list_filter_conditions(filters: DeliveryFilters) -> list[ColumnElement[bool]]:
    """Return the filter conditions of the filters, see scan_window."""
    conditions = _list_equalities(filters, "dialect", "source", "event")
    if filters.project is not None:
        # Checked for each row in the window, because the list of the project's deployments could be very long.
        of_project = and_(DEPLOYMENTS.c.id == DELIVERIES.c.deployment_id, is_of_project(filters.project))
        conditions.append(
            select(DEPLOYMENTS.c.id).where(of_project).correlate(DELIVERIES).scalar_subquery().is_not(None)
        )
    if filters.q:
        columns = DELIVERIES.c
        texts = func.concat_ws("\n", columns.reason, columns.event, columns.source, columns.id.cast(Text))
        conditions.append(texts.icontains(filters.q, autoescape=True))
    return conditions


def _list_equalities(filters: DeliveryFilters, *names: str) -> list[ColumnElement[bool]]:
    wanted = ((DELIVERIES.c[name], getattr(filters, name)) for name in names)
    return [column == value for column, value in wanted if value is not None]


def make_cursor(row: Row) -> str:
    """Return the cursor of the page that begins after a delivery."""
    return write_cursor(row["received_at"], row["id"])


def make_newer_cursor(view: DeliverySummary) -> str:
    """Return the cursor for list_newer of a page that begins with this delivery."""
    return write_cursor(datetime.fromisoformat(view["received_at"]), view["id"])


def read_position(cursor: str) -> tuple[datetime, uuid.UUID]:
    """Return the position in a cursor. Raises CursorError if no list of deliveries has returned it."""
    moment, row_id = read_cursor(cursor)
    try:
        return moment, uuid.UUID(row_id)
    except ValueError:
        raise CursorError from None


def _view(reader: Reader, row: Row) -> DeliverySummary:
    known = _list_secrets(reader)
    return {
        "id": str(row["id"]),
        "received_at": cast("str", format_time(row["received_at"])),
        "took_ms": row["took_ms"],
        "replayed_at": format_time(row["replayed_at"]),
        "source": row["source"],
        "dialect": row["dialect"],
        "event": _mask(row["event"], known),
        "verdict": row["verdict"],
        "reason": _mask(row["reason"], known),
        "deployment_id": row["deployment_id"],
        "body_size": row["body_size"],
    }


def _mask_change(change: FieldChange, known: Sequence[str]) -> FieldChange:
    name, before, after = (_mask(value, known) for value in (change["name"], change["before"], change["after"]))
    return {**change, "name": name, "before": before, "after": after}


def _mask_warning(warning: DeliveryWarning, known: Sequence[str]) -> DeliveryWarning:
    return {"field": _mask(warning["field"], known), "text": _mask(warning["text"], known)}


def _mask(value: Any, known: Sequence[str], name: str = "") -> Any:  # noqa: ANN401
    """Return a scalar from a sender with secrets masked and invisible characters escaped; `name` is its name."""
    masked = mask_value(value, known, name)
    return escape_invisible(masked) if isinstance(masked, str) else masked


def _list_secrets(reader: Reader) -> Sequence[str]:
    """Return the secrets to mask wherever a sender wrote them."""
    secret = reader.settings.webhook_secret
    return (secret,) if len(secret) >= MIN_SECRET_LENGTH else ()


def _decompress_body(compressed: bytes) -> tuple[bytes, bool]:
    """Return the first MAX_READ_BYTES bytes of the body, and whether there are more."""
    opened = zlib.decompressobj()
    body = opened.decompress(compressed, MAX_READ_BYTES)
    return body, not opened.eof

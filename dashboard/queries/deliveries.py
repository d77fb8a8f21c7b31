"""The inbox: lists of deliveries, one delivery whole, what its filters offer. Whatever leaves here is masked."""

import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, Text, and_, func, select, tuple_

from dashboard.core.masking import escape_invisible, mask_phrase, mask_value, show_body
from dashboard.core.paging import CursorError, cut_page, read_cursor, write_cursor
from dashboard.core.view import format_time
from dashboard.core.view_types import DeliverySummary, DeliveryView, FieldChange
from dashboard.core.words import Verdict
from dashboard.database.reader import Reader, Row
from dashboard.models import Base, Delivery
from dashboard.queries.lists import is_of_project
from dashboard.queries.rows import DEPLOYMENTS
from dashboard.queries.scan_window import find_edge

TABLE = Base.metadata.tables[Delivery.__tablename__]
SUMMARY = tuple(
    TABLE.c[name]
    for name in (
        "id", "received_at", "took_ms", "replayed_at", "source", "dialect", "event", "verdict", "reason",
        "deployment_id", "body_size",
    )
)  # fmt: skip
PLACE = (TABLE.c.received_at, TABLE.c.id)
NEWEST = 1000
"""How many of the newest deliveries the suggestions are taken from."""
SUGGESTED = ("source", "event")
MAX_SUGGESTIONS = 50
MAX_READ_BYTES = 4 * 1024 * 1024
"""Bytes of a body that are looked at for a page; larger ones are shown as text, from their beginning."""
MIN_SECRET_LENGTH = 8
"""A secret with fewer characters stands in too many texts by chance to be masked in them."""


@dataclass(frozen=True, slots=True)
class DeliveryFilters:
    """What a list of deliveries is narrowed to; None narrows nothing."""

    verdict: Verdict | None = None
    dialect: str | None = None
    source: str | None = None
    event: str | None = None
    deployment_id: int | None = None
    project: str | None = None
    """Slug of the project of the deployment that a delivery concerns."""
    q: str | None = None
    """Text found anywhere in reason, event, source or id."""
    since: datetime | None = None
    until: datetime | None = None
    """Bounds of the time of receipt: at or after, before."""


def list_deliveries(
    reader: Reader, filters: DeliveryFilters, limit: int, cursor: str | None
) -> tuple[list[DeliverySummary], str | None]:
    """Return a page of deliveries without bodies, newest first, and the cursor of the next page.

    A page may hold fewer than asked for and have a next one, see `windows`. Raises CursorError.
    """
    span, narrowing = _select_span(filters), _select_narrowing(filters)
    if cursor:
        span.append(tuple_(*PLACE) < read_place(cursor))
    query = select(*SUMMARY).where(*span, *narrowing).order_by(*(column.desc() for column in PLACE))
    edge = find_edge(reader, PLACE, span) if narrowing else None
    if edge is not None:
        query = query.where(tuple_(*PLACE) >= edge)
    rows, more = cut_page(reader.read_rows(query.limit(limit + 1)), limit)
    return [_view(reader, row) for row in rows], mark_place(rows[-1]) if more else edge and write_cursor(*edge)


def list_newer(
    reader: Reader, filters: DeliveryFilters, limit: int, cursor: str
) -> tuple[list[DeliverySummary], str | None] | None:
    """Return the page right before the place of a cursor as list_deliveries does, None if that is the first page.

    Raises CursorError.
    """
    query = select_deliveries(filters).where(tuple_(*PLACE) > read_place(cursor)).order_by(*PLACE).limit(limit + 1)
    rows, more = cut_page(reader.read_rows(query), limit)
    return ([_view(reader, row) for row in reversed(rows)], mark_place(rows[0])) if more else None


def list_oldest(
    reader: Reader, filters: DeliveryFilters, limit: int, cursor: str | None
) -> list[tuple[datetime, uuid.UUID]]:
    """Return the places of deliveries, oldest first, behind a cursor that mark_place gave out. Raises CursorError."""
    query = select(*PLACE).where(*select_conditions(filters)).order_by(*PLACE).limit(limit)
    if cursor:
        query = query.where(tuple_(*PLACE) > read_place(cursor))
    return [(received_at, delivery_id) for received_at, delivery_id in reader.session.execute(query)]


def read_row(reader: Reader, delivery_id: uuid.UUID) -> Row | None:
    """Return the row of a delivery with all that was received, None if there is none. For replay: nothing is masked."""
    rows = reader.read_rows(select(TABLE).where(TABLE.c.id == delivery_id))
    return rows[0] if rows else None


def read_delivery(reader: Reader, delivery_id: uuid.UUID) -> DeliveryView | None:
    """Return a delivery with headers, changes and its body as text, None if there is none.

    Of a body that is binary the text is None. `obstacle` says why it cannot be replayed, None if it can.
    """
    row = read_row(reader, delivery_id)
    if row is None:
        return None
    body, rest = _open_body(row["body"])
    is_cut = not rest and len(body) < row["body_size"]
    known = _list_secrets(reader)
    shown = show_body(body, row["headers"].get("Content-Type", ""), known, is_cut=is_cut or rest)
    return {
        **_view(reader, row),
        "headers": {name: _clean(value, known, name) for name, value in row["headers"].items()},
        "changes": [_mask_change(change, known) for change in row["changes"] or ()],
        "body": None if shown.kind == "binary" else shown.text,
        "body_kind": shown.kind,
        "body_kept": row["body_size"] if rest else len(body),
        "body_is_whole": shown.is_whole and not rest and not is_cut,
        "obstacle": find_obstacle(row["source"], is_cut=is_cut),
    }


def find_obstacle(source: str | None, *, is_cut: bool) -> str | None:
    """Return why a delivery must not be replayed: `unauthenticated` or `cut`; None if it may."""
    if source is None:
        return "unauthenticated"
    return "cut" if is_cut else None


def list_suggestions(reader: Reader) -> dict[str, list[str]]:
    """Return sources and events of the newest deliveries."""
    newest = select(*(TABLE.c[name] for name in SUGGESTED)).order_by(*(column.desc() for column in PLACE)).limit(NEWEST)
    values = reader.session.execute(select(newest.subquery()).distinct()).mappings().all()
    return {
        name: [mask_phrase(value) for value in sorted({row[name] for row in values if row[name]})[:MAX_SUGGESTIONS]]
        for name in SUGGESTED
    }


def select_deliveries(filters: DeliveryFilters) -> Select[Any]:
    """Return the query for what the list shows of the deliveries that match, in no order."""
    return select(*SUMMARY).where(*select_conditions(filters))


def select_conditions(filters: DeliveryFilters) -> list[ColumnElement[bool]]:
    """Return what a row must fulfil to be in the list."""
    return _select_span(filters) + _select_narrowing(filters)


def _select_span(filters: DeliveryFilters) -> list[ColumnElement[bool]]:
    """Return the conditions that an index follows in the order of the list."""
    conditions = _select_exact(filters, "verdict", "deployment_id")
    if filters.since is not None:
        conditions.append(TABLE.c.received_at >= filters.since)
    if filters.until is not None:
        conditions.append(TABLE.c.received_at < filters.until)
    return conditions


def _select_narrowing(filters: DeliveryFilters) -> list[ColumnElement[bool]]:
    """Return all other conditions."""
    conditions = _select_exact(filters, "dialect", "source", "event")
    if filters.project is not None:
        # Asked of each row in the window; a list of the project's deployments could be endless.
        of_project = and_(DEPLOYMENTS.c.id == TABLE.c.deployment_id, is_of_project(filters.project))
        conditions.append(select(DEPLOYMENTS.c.id).where(of_project).correlate(TABLE).scalar_subquery().is_not(None))
    if filters.q:
        whole = func.concat_ws("\n", TABLE.c.reason, TABLE.c.event, TABLE.c.source, TABLE.c.id.cast(Text))
        conditions.append(whole.icontains(filters.q, autoescape=True))
    return conditions


def _select_exact(filters: DeliveryFilters, *names: str) -> list[ColumnElement[bool]]:
    wanted = ((TABLE.c[name], getattr(filters, name)) for name in names)
    return [column == value for column, value in wanted if value is not None]


def mark_place(row: Row) -> str:
    """Return the cursor behind a delivery."""
    return write_cursor(row["received_at"], row["id"])


def mark_newer(view: DeliverySummary) -> str:
    """Return the cursor for what is newer than a delivery of a list."""
    return write_cursor(datetime.fromisoformat(view["received_at"]), view["id"])


def read_place(cursor: str) -> tuple[datetime, uuid.UUID]:
    """Return time and id of a cursor; raise CursorError for what no list of deliveries gave out."""
    moment, row_id = read_cursor(cursor)
    try:
        return moment, uuid.UUID(row_id)
    except ValueError:
        raise CursorError("not a cursor of this list") from None


def _view(reader: Reader, row: Row) -> DeliverySummary:
    known = _list_secrets(reader)
    return {
        "id": str(row["id"]),
        "received_at": cast("str", format_time(row["received_at"])),
        "took_ms": row["took_ms"],
        "replayed_at": format_time(row["replayed_at"]),
        "source": row["source"],
        "dialect": row["dialect"],
        "event": _clean(row["event"], known),
        "verdict": row["verdict"],
        "reason": _clean(row["reason"], known),
        "deployment_id": row["deployment_id"],
        "body_size": row["body_size"],
    }


def _mask_change(change: FieldChange, known: Sequence[str]) -> FieldChange:
    name, before, after = (_clean(value, known) for value in (change["name"], change["before"], change["after"]))
    return {**change, "name": name, "before": before, "after": after}


def _clean(value: Any, known: Sequence[str], name: str = "") -> Any:  # noqa: ANN401
    """Return a scalar that a sender wrote, which has this name, masked and such that all of it can be seen."""
    masked = mask_value(value, known, name)
    return escape_invisible(masked) if isinstance(masked, str) else masked


def _list_secrets(reader: Reader) -> Sequence[str]:
    """Return what must not be seen wherever a sender wrote it."""
    secret = reader.settings.webhook_secret
    return (secret,) if len(secret) >= MIN_SECRET_LENGTH else ()


def _open_body(compressed: bytes) -> tuple[bytes, bool]:
    """Return the body, or its first MAX_READ_BYTES bytes, and whether there is more."""
    opened = zlib.decompressobj()
    body = opened.decompress(compressed, MAX_READ_BYTES)
    return body, not opened.eof

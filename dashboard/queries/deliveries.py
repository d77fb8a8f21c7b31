"""The inbox, newest first."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_

from dashboard.core.paging import CursorError, cut_page, read_cursor, write_cursor
from dashboard.core.view import format_time
from dashboard.models import Delivery
from dashboard.queries.rows import read_rows

COLUMNS = (
    Delivery.id,
    Delivery.received_at,
    Delivery.source,
    Delivery.dialect,
    Delivery.event,
    Delivery.verdict,
    Delivery.reason,
    Delivery.deployment_id,
    Delivery.body_size,
)


def list_deliveries(limit: int, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of deliveries without their bodies, and the cursor of the next page. Raises CursorError."""
    query = select(*COLUMNS).order_by(Delivery.received_at.desc(), Delivery.id.desc()).limit(limit + 1)
    if cursor:
        query = query.where(tuple_(Delivery.received_at, Delivery.id) < _read_key(cursor))
    rows, more = cut_page(read_rows(query), limit)
    next_cursor = write_cursor(rows[-1]["received_at"], rows[-1]["id"]) if more else None
    return [{**row, "id": str(row["id"]), "received_at": format_time(row["received_at"])} for row in rows], next_cursor


def _read_key(cursor: str) -> tuple[datetime, uuid.UUID]:
    moment, row_id = read_cursor(cursor)
    try:
        return moment, uuid.UUID(row_id)
    except ValueError:
        raise CursorError("not a cursor of this list") from None

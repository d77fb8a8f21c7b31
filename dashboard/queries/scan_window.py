"""The scan window: the rows that a page reads at most to check conditions that no index covers.

The conditions of a list are split as in EXPLAIN: an index follows the *index conditions* in the order of the list, and
*filter conditions* are checked row by row.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select

from dashboard.queries.reader import Reader

MAX_WINDOW_ROWS = 2000
"""Rows that one page scans, which takes some milliseconds."""

Position = tuple[datetime, Any]
"""Time and id of a row in a list."""


def find_window_end(
    reader: Reader, sort_key: Sequence[ColumnElement[Any]], index_conditions: Sequence[ColumnElement[bool]]
) -> Position | None:
    """Return the position of the last row in the window, None if the matching rows all fit into it."""
    newest_first = (column.desc() for column in sort_key)
    newest = select(*sort_key).where(*index_conditions).order_by(*newest_first).limit(MAX_WINDOW_ROWS + 1).subquery()
    moment, row_id = newest.c
    last = select(moment, row_id, func.count().over()).order_by(moment, row_id).limit(2)
    rows = reader.session.execute(last).all()
    return (rows[1][0], rows[1][1]) if rows and rows[0][2] > MAX_WINDOW_ROWS else None

"""Lists that are narrowed by what no index knows: each page looks at so many rows at most, and the next goes on there.

What an index walks in the order of the list is its *span*; all other conditions narrow what is met on the way.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select

from dashboard.database.reader import Reader

WINDOW = 2000
"""Rows that one page looks at: some milliseconds."""

Place = tuple[datetime, Any]


def find_edge(reader: Reader, place: Sequence[ColumnElement[Any]], span: Sequence[ColumnElement[bool]]) -> Place | None:
    """Return the place (time and id) of the last of the newest WINDOW rows of a span, None if it has no more."""
    newest = select(*place).where(*span).order_by(*(column.desc() for column in place)).limit(WINDOW + 1).subquery()
    moment, row_id = newest.c
    last = select(moment, row_id, func.count().over()).order_by(moment, row_id).limit(2)
    rows = reader.session.execute(last).all()
    return (rows[1][0], rows[1][1]) if rows and rows[0][2] > WINDOW else None

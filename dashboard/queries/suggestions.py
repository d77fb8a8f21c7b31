"""Suggestions for filters: recent values of columns."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select

from dashboard.queries.reader import Reader

MAX_ROWS = 1000
"""How many of the newest rows suggestions are taken from."""
MAX_SUGGESTIONS = 50


def list_recent_values(
    reader: Reader, columns: Sequence[ColumnElement[Any]], newest_first: Sequence[ColumnElement[Any]]
) -> dict[str, list[str]]:
    """Return the recent values of each column, sorted, by its name; `newest_first` is the order of the list."""
    newest = select(*columns).order_by(*newest_first).limit(MAX_ROWS).subquery()
    rows = reader.read_rows(select(newest).distinct())
    names = [column.name for column in newest.c]
    return {name: sorted({row[name] for row in rows if row[name]})[:MAX_SUGGESTIONS] for name in names}

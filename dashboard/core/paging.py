"""Keyset paging: a cursor names the last row of a page. The next page begins there, however many rows came since."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

Item = TypeVar("Item")


class CursorError(ValueError):
    """A cursor that no list of the dashboard has returned."""

    def __init__(self) -> None:
        super().__init__("Not a valid cursor of this list.")


def write_cursor(moment: datetime, row_id: object) -> str:
    """Return the cursor of the page that begins after a row, in a list sorted by time and id."""
    return base64.urlsafe_b64encode(f"{moment.isoformat()}|{row_id}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """Return the time and the id in a cursor. Raises CursorError for anything else."""
    try:
        # As much padding as may be missing: more than that is ignored.
        moment, row_id = base64.urlsafe_b64decode(cursor + "==").decode().split("|")
        parsed = datetime.fromisoformat(moment)
        if parsed.tzinfo is None:
            raise ValueError
        return parsed.astimezone(UTC), row_id
    except (binascii.Error, ValueError, OverflowError):
        raise CursorError from None


def cut_page(rows: Sequence[Item], limit: int) -> tuple[Sequence[Item], bool]:
    """Return the first `limit` rows, and whether there are more: the caller reads one row more than it shows."""
    return rows[:limit], len(rows) > limit

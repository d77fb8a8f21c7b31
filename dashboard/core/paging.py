"""Keyset paging: a cursor names the last row of a page, so the next one begins there however many rows came since."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

Item = TypeVar("Item")


class CursorError(ValueError):
    """A cursor that no page of ours gave out."""


def write_cursor(moment: datetime, row_id: object) -> str:
    """Return the cursor behind a row that is sorted by time and id."""
    return base64.urlsafe_b64encode(f"{moment.isoformat()}|{row_id}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """Return the time and the id that a cursor holds; raise CursorError for anything else."""
    try:
        # As much padding as may be missing: more than that is ignored.
        moment, row_id = base64.urlsafe_b64decode(cursor + "==").decode().split("|")
        parsed = datetime.fromisoformat(moment)
        if parsed.tzinfo is None:
            raise ValueError
        return parsed.astimezone(UTC), row_id
    except (binascii.Error, ValueError, OverflowError):
        raise CursorError("not a cursor of this list") from None


def cut_page(rows: Sequence[Item], limit: int) -> tuple[Sequence[Item], bool]:
    """Return at most `limit` rows of those read (one more than shown), and whether there are more."""
    return rows[:limit], len(rows) > limit

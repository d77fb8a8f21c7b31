"""Cursors of lists, and pages cut from the rows that were read."""

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest

from dashboard.core.paging import CursorError, cut_page, read_cursor, write_cursor

NOON = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


def encode(text: str) -> str:
    """Return a text as cursors are encoded."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "row_id", [5, 17, 123, "0190a6f0-0000-7000-8000-000000000000", "é", "éé", "ÿÿÿ", "???", "W", "WW", "WWW"]
)
def test_a_cursor_is_decoded_as_it_was_encoded(row_id: object) -> None:
    cursor = write_cursor(NOON, row_id)
    assert read_cursor(cursor) == (NOON, str(row_id))
    assert set(cursor).isdisjoint("+/=%")


def test_a_cursor_of_an_earlier_version_is_still_valid() -> None:
    cursor = "MjAyNi0wMS0wMVQxMjowMDowMC4xMjM0NTYrMDA6MDB8NQ"
    assert write_cursor(NOON, 5) == cursor
    assert read_cursor(cursor) == (NOON, "5")


@pytest.mark.usefixtures("server_in_shanghai")
def test_the_time_of_a_cursor_is_in_utc() -> None:
    moment, _ = read_cursor(write_cursor(NOON.astimezone(timezone(timedelta(hours=-3))), 5))
    assert moment.isoformat() == "2026-01-01T12:00:00.123456+00:00"


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "!!!!",
        "é",
        base64.urlsafe_b64encode(b"\xff\xfe|5").decode(),
        encode("2026-01-01T12:00:00+00:00"),
        encode("2026-01-01T12:00:00+00:00|5|6"),
        encode("2026-01-01T12:00:00|5"),
        encode("noon|5"),
        encode("0001-01-01T00:00:00+14:00|5"),
    ],
)
def test_an_invalid_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(CursorError, match=r"^Not a valid cursor of this list\.$"):
        read_cursor(cursor)


@pytest.mark.parametrize(
    ("rows", "page", "has_more"), [([], [], False), ([1, 2], [1, 2], False), ([1, 2, 3], [1, 2], True)]
)
def test_a_page_ends_before_the_extra_row(rows: list[int], page: list[int], has_more: bool) -> None:
    assert cut_page(rows, 2) == (page, has_more)

"""The edges of what is read from bodies: the largest values, the longest texts, and each form of an address."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboard.core.storable import MAX_ID, MAX_INT
from dashboard.webhooks.dialects.payload import (
    MAX_TIME_LENGTH,
    MIN_TIME,
    MalformedError,
    count_milliseconds,
    decode_name,
    from_unix,
    parse_time,
    read_int,
    read_repository_path,
    read_seconds,
    read_text,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_an_error_names_each_field_with_each_of_its_messages() -> None:
    error = MalformedError({"name": ["Too long.", "Not a text."], "port": ["Too large."]})
    assert str(error) == "name: Too long.; name: Not a text.; port: Too large."


@pytest.mark.parametrize(
    ("value", "expected"),
    [(MAX_ID, str(MAX_ID)), (-MAX_ID, str(-MAX_ID)), (MAX_ID + 1, None), (-MAX_ID - 1, None)],
)
def test_the_largest_id_is_still_a_text(value: int, expected: str | None) -> None:
    assert read_text({"x": value}, "x") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 0), (MAX_ID, MAX_ID), (str(MAX_ID), MAX_ID), (MAX_ID + 1, None), (str(MAX_ID + 1), None)],
)
def test_the_largest_id_is_still_a_number(value: Any, expected: int | None) -> None:
    assert read_int({"x": value}, "x") == expected


def test_the_bounds_of_a_number_belong_to_it() -> None:
    assert [read_int({"x": value}, "x", minimum=1, maximum=3) for value in range(5)] == [None, 1, 2, 3, None]


@pytest.mark.parametrize(("value", "expected"), [(0, 0), (0.5, 0.5), (MAX_INT, MAX_INT), (MAX_INT + 1, None)])
def test_a_duration_can_be_nothing_and_decades(value: float, expected: float | None) -> None:
    assert read_seconds({"x": value}, "x") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01 12:00:00".rjust(MAX_TIME_LENGTH - 1) + "Z", NOON),
        ("2026-03-01 12:00:00".rjust(MAX_TIME_LENGTH) + "Z", None),
        ("2026-03-01 13:00:00.000 +0100", NOON),
        ("2026-03-01 13:00:00  +01:00", NOON),
        ("2026-03-01 11:30:00 -0030", NOON),
        ("2026-03-01 12:00:00  UTC", NOON),
        ("2000-01-01T00:00:00Z", MIN_TIME),
        ("1999-12-31T23:59:59.999999Z", None),
    ],
)
def test_a_time_may_be_spaced_out_but_not_long(text: str, expected: datetime | None) -> None:
    assert parse_time(text) == expected


def test_the_first_moment_of_2000_is_a_time() -> None:
    assert from_unix(MIN_TIME.timestamp()) == MIN_TIME
    assert from_unix(MIN_TIME.timestamp() - 1) is None


@pytest.mark.parametrize("text", ["2026-03-01T13:00:00+01:00", "2026-03-01T12:00:00Z"])
def test_a_time_is_in_utc_in_whatever_zone_it_is_stated(text: str) -> None:
    moment = parse_time(text)
    assert moment
    assert moment.tzinfo is UTC


def test_milliseconds_are_whole() -> None:
    moment = NOON + timedelta(microseconds=1999)
    assert repr(count_milliseconds(moment)) == "1772366400001"
    assert count_milliseconds(None) == 0


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://git.example.org/octo/shop#readme", "octo/shop"),
        ("https://git.example.org/octo/shop.git?ref=main#readme", "octo/shop"),
        ("https://mirror.example.org/https://git.example.org/octo/shop", "https://git.example.org/octo/shop"),
        ("git@git.example.org:octo/shop:old.git", "octo/shop:old"),
        ("git@git.example.org:/octo/shop/", "octo/shop"),
        ("/srv/git/shop:old.git", "srv/git/shop:old"),
        ("octo/shop", "octo/shop"),
        ("shop", "shop"),
        ("https://git.example.org/X11/libX", "X11/libX"),
        ("git@git.example.org:X11/libX.git", "X11/libX"),
        (f"https://git.example.org/{'g/' * 200}shop", "g/" * 127 + "g"),
        ("#readme", None),
        ("git@git.example.org:", None),
    ],
)
def test_a_repository_is_named_by_its_path_in_every_form_of_address(address: str, expected: str | None) -> None:
    assert read_repository_path({"url": address}, "url") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("feature%2F%234", "feature/#4"),
        ("%20shop%20", "shop"),
        ("%E6%B5%8B", "测"),
        ("100%", "100%"),
        ("%zz%4", "%zz%4"),
        ("%252F", "%2F"),
        ("a%00b%0Ac%1B%7F%C2%85d", "a\ufffdb\ufffdc\ufffd\ufffd\ufffdd"),
        ("%E2%80%A8x", "\ufffdx"),
        ("%ED%A0%80", "\ufffd\ufffd\ufffd"),
        ("%FF%E6%B5", "\ufffd\ufffd"),
    ],
)
def test_a_decoded_name_has_no_control_characters_and_is_storable(text: str, expected: str) -> None:
    assert decode_name(text) == expected


def test_the_encoded_path_of_a_repository_is_decoded() -> None:
    address = {"url": "https://dev.example.org/My%20Org/_git/%E5%95%86%E5%BA%97.git"}
    assert read_repository_path(address, "url") == "My Org/_git/商店"

"""Reading untrusted bodies: which values are absent, and that nothing is slow."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard.webhooks.dialects.payload import (
    MAX_NAME_LENGTH,
    MalformedError,
    identify,
    parse_time,
    read_host,
    read_int,
    read_repository_path,
    read_seconds,
    read_text,
    read_time,
    require,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T12:00:00Z", NOON),
        ("2026-03-01T13:00:00+01:00", NOON),
        ("2026-03-01T20:00:00.000+0800", NOON),
        ("2026-03-01 12:00:00 UTC", NOON),
        ("2026-03-01 12:00:00 +0000", NOON),
        ("2026-03-01T12:00:00", None),
        ("1999-12-31T23:59:59Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_time_needs_a_zone_and_a_plausible_year(text: str, expected: datetime | None) -> None:
    assert parse_time(text) == expected


def test_a_megabyte_of_blanks_is_quickly_refused_as_a_time() -> None:
    began = time.process_time()
    assert parse_time("2026" + " " * 1_000_000 + "x") is None
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a\x00b\ud800", "a\ufffdb\ufffd"), ("  ", None), (7, "7"), (True, None), (1.5, None), ([], None), (10**30, None)],
)
def test_an_unstorable_text_is_dropped(value: Any, expected: str | None) -> None:
    assert read_text({"x": value}, "x") == expected


def test_a_long_text_is_cut() -> None:
    assert read_text({"x": "é" * 1000}, "x") == "é" * MAX_NAME_LENGTH


@pytest.mark.parametrize(
    ("value", "expected"), [(3, 3), ("3", 3), (True, None), (-1, None), (2**63, None), ("9" * 5000, None), (1.0, None)]
)
def test_a_fractional_or_unstorable_number_is_dropped(value: Any, expected: int | None) -> None:
    assert read_int({"x": value}, "x") == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, "3", None, True])
def test_an_infinite_duration_is_dropped(value: Any) -> None:
    assert read_seconds({"x": value}, "x") is None


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://git.example.org/octo/shop.git", "octo/shop"),
        ("https://deploy:hunter2@git.example.org/octo/shop/?token=hunter2", "octo/shop"),
        ("ssh://git@git.example.org:2222/octo/shop.git", "octo/shop"),
        ("git@git.example.org:octo/shop.git", "octo/shop"),
        ("/srv/git/shop.git", "srv/git/shop"),
        ("https://git.example.org", None),
        (None, None),
    ],
)
def test_a_repository_is_named_by_its_path(address: str | None, expected: str | None) -> None:
    assert read_repository_path({"url": address}, "url") == expected


@pytest.mark.parametrize("value", [1e300, float("nan"), -5, 0, True, "soon"])
def test_seconds_outside_the_calendar_are_dropped(value: Any) -> None:
    assert read_time({"x": value}, "x") is None


def test_the_host_is_that_of_the_first_url_with_one() -> None:
    assert (
        read_host(None, "no address", "http://[broken", "https://GitLab.example.org:8443/x")
        == "gitlab.example.org:8443"
    )


def test_deployments_of_different_projects_have_different_identities() -> None:
    assert identify("github", "octo/shop", ("host", 1)).digest != identify("github", "acme/bank", ("host", 1)).digest


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_required_value_is_named_in_the_error(value: str | None) -> None:
    with pytest.raises(MalformedError, match=r"^run id: Missing or of the wrong type\.$") as raised:
        require("run id", value)
    assert list(raised.value.errors) == ["run id"]

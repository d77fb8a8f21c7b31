"""Headers of a request: those that two readers may understand differently are refused."""

import http.client
import io

import pytest

from dashboard.http.strict_server import AmbiguousRequestError, check_headers


def parse(*lines: str) -> http.client.HTTPMessage:
    """Return headers as the server reads them."""
    return http.client.parse_headers(io.BytesIO("".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1")))


@pytest.mark.parametrize("raw", [b"X-Token: a\n folded\r\n\r\n", b"X-Token: a\r folded\r\n\r\n"])
def test_a_folded_header_is_refused_with_any_line_ending(raw: bytes) -> None:
    headers = http.client.parse_headers(io.BytesIO(raw))
    assert not headers.defects
    with pytest.raises(AmbiguousRequestError, match=r"^malformed or folded header$"):
        check_headers(headers)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("Host: localhost", "Content-Length: 0"),
        ("Content-Length: 1234567890",),
        ("Transfer-Encoding: chunked",),
        ("Transfer-Encoding: Chunked",),
        ("X-Token: a", "X-Token: b"),
        ("X-Name: Käse",),
        ("Content-Type: multipart/form-data; boundary=x", "Content-Length: 2"),
        ("Content-Type: multipart/form-data",),
        ("Content-Type: multipart/form-data; boundary=x", "Content-Transfer-Encoding: base64"),
    ],
)
def test_unambiguous_headers_are_accepted(lines: tuple[str, ...]) -> None:
    check_headers(parse(*lines))


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("Content-Length: 2", "Content-Length: 2"), "more than one length"),
        (("Content-Length: 2", "content-length: 3"), "more than one length"),
        (("Content-Length: 2", "Transfer-Encoding: chunked"), "more than one length"),
        (("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), "more than one length"),
        (("Content-Length: 2,2",), "Content-Length is not a number"),
        (("Content-Length: +2",), "Content-Length is not a number"),
        (("Content-Length: -2",), "Content-Length is not a number"),
        (("Content-Length: 1_0",), "Content-Length is not a number"),
        (("Content-Length: 0x10",), "Content-Length is not a number"),
        (("Content-Length: ²",), "Content-Length is not a number"),
        (("Content-Length:",), "Content-Length is not a number"),
        (("Transfer-Encoding: gzip",), "a transfer coding other than chunked"),
        (("Transfer-Encoding: gzip, chunked",), "a transfer coding other than chunked"),
        (("Transfer-Encoding:",), "a transfer coding other than chunked"),
        (("X-Token: a", " folded"), "malformed or folded header"),
        (("X-Token a", "X-Other: b"), "malformed or folded header"),
        (("Content-Type: multipart/form-data; boundary=x", "X-Token a", "X-Other: b"), "malformed or folded header"),
        (("X-Token: a\rb",), "malformed or folded header"),
    ],
)
def test_ambiguous_headers_are_refused_with_a_reason(lines: tuple[str, ...], reason: str) -> None:
    with pytest.raises(AmbiguousRequestError, match=f"^{reason}$"):
        check_headers(parse(*lines))

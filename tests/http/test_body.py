"""Bodies of requests: their maximum length, and which JSON is accepted."""

import io
import re
from typing import Any

import pytest
from flask import Flask, Request
from werkzeug.exceptions import RequestEntityTooLarge

from dashboard.http.body import decode_json, parse_json, read_body, require_json
from dashboard.http.problems import ProblemError


def make_request(body: bytes, length: int | None) -> Request:
    """Return a request with this body, as gevent passes it on; without a length it is chunked."""
    environ = {"REQUEST_METHOD": "POST", "wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True}
    return Request(
        {**environ, **({"HTTP_TRANSFER_ENCODING": "chunked"} if length is None else {"CONTENT_LENGTH": str(length)})}
    )


@pytest.fixture(autouse=True)
def _in_an_application() -> Any:
    """Let the request know the largest body that its application takes."""
    app = Flask("reads bodies")
    app.config["MAX_CONTENT_LENGTH"] = 3
    with app.app_context():
        yield


@pytest.mark.parametrize("body", [b"", b"x", b"12345"])
def test_a_body_up_to_the_limit_is_read_whole(body: bytes) -> None:
    assert read_body(make_request(body, len(body)), 5) == body
    assert read_body(make_request(body, None), 5) == body


def test_a_body_is_not_cached_after_it_was_read() -> None:
    request = make_request(b"12345", 5)
    read_body(request, 5)
    assert request.get_data() == b""


@pytest.mark.parametrize("body", [b"123456", b"1" * 100])
def test_a_longer_body_is_too_large(body: bytes) -> None:
    with pytest.raises(RequestEntityTooLarge):
        read_body(make_request(body, len(body)), 5)
    with pytest.raises(RequestEntityTooLarge):
        read_body(make_request(body, None), 5)


def test_a_declared_length_over_the_limit_is_too_large() -> None:
    request = make_request(b"1", 6)
    with pytest.raises(RequestEntityTooLarge):
        read_body(request, 5)
    assert request.environ["wsgi.input"].tell() == 0


def test_a_body_that_ends_early_is_refused() -> None:
    with pytest.raises(ProblemError, match=r"^The body is shorter than its Content-Length\.$") as problem:
        read_body(make_request(b"123", 4), 5)
    assert problem.value.status == 400


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json", "application/json; charset=utf-8", "Application/JSON", " application/json ;x",
        "application/cloudevents+json", "application/vnd.acme+json; v=1", "", ";charset=utf-8",
    ],
)  # fmt: skip
def test_json_media_types_are_accepted(content_type: str) -> None:
    require_json(content_type)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonl", "json"]
)
def test_other_media_types_are_415(content_type: str) -> None:
    with pytest.raises(ProblemError, match=r"^Send JSON, with Content-Type: application/json\.$") as problem:
        require_json(content_type)
    assert problem.value.status == 415


@pytest.mark.parametrize(
    ("body", "parsed"),
    [
        (b"{}", {}),
        (b'{"a": [1, {"b": null}], "c": {"a": 2}}', {"a": [1, {"b": None}], "c": {"a": 2}}),
        ('{"名": "é"}'.encode(), {"名": "é"}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
    ],
)
def test_an_object_is_parsed(body: bytes, parsed: dict[str, Any]) -> None:
    assert parse_json(body) == parsed


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"[]", "The body must be a JSON object."),
        (b"null", "The body must be a JSON object."),
        (b"", "The body is not valid JSON: Expecting value: line 1 column 1 (char 0)"),
        (b'{"a": NaN}', "The body is not valid JSON: NaN is not allowed"),
        (b'{"a": -Infinity}', "The body is not valid JSON: -Infinity is not allowed"),
        (b'{"a": 1, "a": 1}', "The body is not valid JSON: duplicate name 'a' in one object"),
        ('{"é": 1, "é": 1}'.encode(), "The body is not valid JSON: duplicate name '\\xe9' in one object"),
        (
            b'{"%b": 1, "%b": 1}' % (b"n" * 81, b"n" * 81),
            f"The body is not valid JSON: duplicate name '{'n' * 80}' in one object",
        ),
        (b'{"a": {"b": 1, "b": 2}}', "The body is not valid JSON: duplicate name 'b' in one object"),
        (b"\xff", "The body is not UTF-8."),
        (b"[" * 100_000, "The body is nested too deeply."),
    ],
)
def test_invalid_json_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    with pytest.raises(ProblemError, match=f"^{re.escape(reason)}$") as problem:
        parse_json(body)
    assert problem.value.status == 400


def test_bodies_of_other_senders_may_repeat_a_member() -> None:
    assert decode_json(b'{"a": 1, "a": 2}') == {"a": 2}
    assert decode_json(b"[1]") == [1]

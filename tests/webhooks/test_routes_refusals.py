"""Order of checks over HTTP: size, credentials, media type, JSON, fields; each with its problem document."""

import base64
import json
import time
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.servers import SECRET
from tests.support.webhook_client import BEARER, make_payload, post, sign_hub, sign_standard
from tests.webhooks.credentials import MALFORMED_AUTHORIZATION, MALFORMED_HUB, MALFORMED_STANDARD

TOO_LARGE = b" " * (2 * 1024 * 1024 + 1)
BODY = json.dumps(make_payload(project="refusals")).encode()


def assert_problem(response: TestResponse, status: int, title: str) -> dict[str, Any]:
    """Check that the answer is a problem document with all of its members; return it."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    problem: dict[str, Any] = response.get_json()
    assert (problem["type"], problem["status"], problem["title"]) == ("about:blank", status, title)
    assert problem["detail"]
    return problem


def test_body_of_two_mebibytes_is_read(shared_client: FlaskClient) -> None:
    response = post(shared_client, BODY + b" " * (2 * 1024 * 1024 - len(BODY)))
    assert response.status_code == 200


@pytest.mark.parametrize("headers", [{}, BEARER, {"Authorization": "Bearer wrong"}])
def test_too_large_body_is_413_before_anything_else(shared_client: FlaskClient, headers: dict[str, str]) -> None:
    response = post(shared_client, TOO_LARGE, headers, media_type="text/plain")
    assert_problem(response, 413, "Request Entity Too Large")


@pytest.mark.parametrize("media_type", ["text/plain", "application/json"])
@pytest.mark.parametrize("body", [b"", b"not JSON", b"{}"])
def test_missing_credentials_are_401_before_media_type_and_json(
    shared_client: FlaskClient, body: bytes, media_type: str
) -> None:
    response = post(shared_client, body, {}, media_type=media_type)
    assert_problem(response, 401, "Unauthorized")
    assert response.headers["WWW-Authenticate"].startswith("Bearer ")


def test_media_type_is_415_before_json(shared_client: FlaskClient) -> None:
    response = post(shared_client, b"not JSON", media_type="text/plain")
    problem = assert_problem(response, 415, "Unsupported Media Type")
    assert "application/json" in problem["detail"]


def test_broken_json_is_400_before_fields(shared_client: FlaskClient) -> None:
    assert_problem(post(shared_client, b'{"port": 0'), 400, "Bad Request")


def test_wrong_fields_are_422_with_messages_for_each(shared_client: FlaskClient) -> None:
    body = {"project": 5, "port": 0, "steps": [{"name": "ok"}, {"name": 1, "number": -1}], "step_details": {"a": 1}}
    problem = assert_problem(post(shared_client, body), 422, "Unprocessable Entity")
    assert problem["errors"] == {
        "project": ["Not a valid string."],
        "port": ["Must be greater than or equal to 1 and less than or equal to 65535."],
        "steps.1.name": ["Not a valid string."],
        "steps.1.number": ["Must be greater than or equal to 0 and less than or equal to 2147483647."],
        "step_details.a.status": ["Not a valid string."],
    }


def test_fields_of_jobs_are_named_by_their_path(shared_client: FlaskClient) -> None:
    body = make_payload(jobs=[{"name": "a", "steps": [{"name": "x", "started_at": "soon"}]}], step={"status": "ok"})
    problem = assert_problem(post(shared_client, body), 422, "Unprocessable Entity")
    assert set(problem["errors"]) == {"jobs.0.steps.0.started_at", "step.name"}


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
        "application/jsonp", "application/json-seq", "application/xml", "*/*",
    ],
)  # fmt: skip
def test_other_media_types_are_415(shared_client: FlaskClient, media_type: str) -> None:
    assert_problem(post(shared_client, BODY, media_type=media_type), 415, "Unsupported Media Type")


@pytest.mark.parametrize(
    "media_type", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/x+json"]
)
def test_json_media_types_are_accepted(shared_client: FlaskClient, media_type: str) -> None:
    assert post(shared_client, BODY, media_type=media_type).status_code == 200


def test_a_body_without_a_media_type_is_read_as_json(shared_client: FlaskClient) -> None:
    assert post(shared_client, BODY, media_type=None).status_code == 200


def test_a_byte_order_mark_is_accepted(shared_client: FlaskClient) -> None:
    assert post(shared_client, b"\xef\xbb\xbf" + BODY).status_code == 200


BROKEN = {
    "empty": b"",
    "blank": b"  \n",
    "null": b"null",
    "array": b"[{}]",
    "string": b'"x"',
    "number": b"1",
    "true": b"true",
    "truncated": BODY[:-1],
    "two documents": BODY + BODY,
    "trailing comma": b'{"project": "x",}',
    "comment": b'{"project": "x"} // why',
    "single quotes": b"{'project': 'x'}",
    "name without quotes": b'{project: "x"}',
    "NUL byte": b'{"project": "x\x00"}',
    "raw newline in a string": b'{"project": "x\ny"}',
    "NaN": b'{"project": "x", "port": NaN}',
    "Infinity": b'{"project": "x", "port": Infinity}',
    "-Infinity": b'{"project": "x", "unknown": [-Infinity]}',
    "name twice": b'{"project": "x", "project": "y"}',
    "name twice with the same value": b'{"project": "x", "project": "x"}',
    "name twice, once escaped": b'{"project": "x", "p\\u0072oject": "y"}',
    "name twice further down": b'{"project": "x", "step_details": {"a": "ok", "a": "failed"}}',
    "name twice in an unknown field": b'{"project": "x", "extra": [{"a": 1, "a": 2}]}',
    "lone surrogate as a name, twice": b'{"\\ud800": 1, "\\ud800": 2}',
    "integer of 5,000 digits": b'{"project": "x", "run_id": ' + b"9" * 5000 + b"}",
    "integer of 5,000 digits in an unknown field": b'{"project": "x", "extra": -' + b"9" * 5000 + b"}",
    "100,000 arrays": b'{"project": "x", "extra": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "100,000 objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "100,000 openings": b"[" * 100_000,
    "Latin-1": '{"project": "é"}'.encode("latin-1"),
    "UTF-16": '{"project": "x"}'.encode("utf-16"),
    "UTF-8 of a surrogate": b'{"project": "\xed\xa0\x80"}',
    "overlong UTF-8": b'{"project": "\xc0\x80"}',
    "gzip": b"\x1f\x8b\x08\x00",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_body_that_is_not_one_json_object_is_400(shared_client: FlaskClient, body: bytes) -> None:
    assert_problem(post(shared_client, body), 400, "Bad Request")


def test_a_repeated_member_among_many_is_refused_quickly(shared_client: FlaskClient) -> None:
    names = ",".join(f'"{number}":1' for number in range(150_000))
    started = time.process_time()
    assert post(shared_client, f'{{{names},"149999":1}}'.encode()).status_code == 400
    assert time.process_time() - started < 5


def as_environ(headers: dict[str, str]) -> dict[str, str]:
    """Return headers as a WSGI server passes them on, malformed ones too."""
    return {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}


def sign_now(body: bytes, **changed: str) -> dict[str, str]:
    """Return Standard Webhooks headers that are right now, except for what is given."""
    now = str(int(time.time()))
    right = {"webhook-id": "m", "webhook-timestamp": now, "webhook-signature": sign_standard(body, "m", now)}
    return {**right, **changed}


MALFORMED = {
    **{f"authorization: {name}": {"Authorization": value} for name, value in MALFORMED_AUTHORIZATION.items()},
    **{f"hub: {name}": {"X-Hub-Signature-256": value} for name, value in MALFORMED_HUB.items()},
    **{f"standard: {name}": sign_now(BODY, **value) for name, value in MALFORMED_STANDARD.items()},
}


@pytest.mark.parametrize("headers", MALFORMED.values(), ids=MALFORMED)
def test_malformed_credentials_are_401_and_never_500(shared_client: FlaskClient, headers: dict[str, str]) -> None:
    response = post(shared_client, BODY, {}, environ_overrides=as_environ(headers))
    problem = assert_problem(response, 401, "Unauthorized")
    assert SECRET not in json.dumps(problem)


def test_valid_credentials_of_each_kind_are_accepted(shared_client: FlaskClient) -> None:
    for headers in (BEARER, {"X-Hub-Signature-256": sign_hub(BODY)}, sign_now(BODY)):
        assert post(shared_client, BODY, headers).status_code == 200, headers


def test_a_valid_bearer_token_with_a_wrong_signature_is_401(shared_client: FlaskClient) -> None:
    response = post(shared_client, BODY, {**BEARER, "X-Hub-Signature-256": sign_hub(BODY + b" ")})
    assert_problem(response, 401, "Unauthorized")


def test_a_signature_of_a_body_with_other_whitespace_is_401(shared_client: FlaskClient) -> None:
    response = post(shared_client, BODY.replace(b": ", b":"), {"X-Hub-Signature-256": sign_hub(BODY)})
    assert_problem(response, 401, "Unauthorized")


def test_basic_authorization_is_not_accepted_for_a_delivery(shared_client: FlaskClient) -> None:
    basic = "Basic " + base64.b64encode(f"any:{SECRET}".encode()).decode()
    assert_problem(post(shared_client, BODY, {"Authorization": basic}), 401, "Unauthorized")
    assert post(shared_client, BODY, {"Authorization": basic, "X-Hub-Signature-256": sign_hub(BODY)}).status_code == 200


def test_a_secret_in_the_url_is_not_accepted(shared_client: FlaskClient) -> None:
    response = post(shared_client, BODY, {}, query_string={"token": SECRET, "secret": SECRET, "access_token": SECRET})
    assert_problem(response, 401, "Unauthorized")


def test_the_path_with_the_dialect_accepts_the_same(shared_client: FlaskClient) -> None:
    path = "/api/webhook/deployment/native"
    assert post(shared_client, BODY, path=path).status_code == 200
    assert_problem(post(shared_client, BODY, {}, path=path), 401, "Unauthorized")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_other_methods_are_405_and_name_the_allowed_one(shared_client: FlaskClient, method: str) -> None:
    response = shared_client.open("/api/webhook/deployment", method=method)
    assert_problem(response, 405, "Method Not Allowed")
    assert "POST" in response.headers["Allow"]


def test_unknown_dialect_is_404(shared_client: FlaskClient) -> None:
    assert_problem(post(shared_client, BODY, path="/api/webhook/deployment/nobody"), 404, "Not Found")

"""Arbitrary authenticated deliveries of CI servers: no error, and no row that breaks a later request."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.arbitrary_bodies import json_values, mutated
from tests.support.bodies.known import KNOWN_BODIES
from tests.support.sender_deliveries import Json
from tests.support.webhook_client import BEARER, post
from tests.webhooks.foreign_checks import VERDICTS, assert_serves, receive

FORM = "application/x-www-form-urlencoded"
EVENTS = {dialect: sorted({event for event, _ in known}) for dialect, known in KNOWN_BODIES.items()}
header_texts = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40)


@st.composite
def torn(draw: st.DrawFn, dialect: str) -> bytes:
    """Return the bytes of a usual body with a piece of them replaced."""
    raw = json.dumps(draw(st.sampled_from(KNOWN_BODIES[dialect]))[1], ensure_ascii=draw(st.booleans())).encode()
    begin = draw(st.integers(0, len(raw)))
    end = draw(st.integers(begin, min(begin + 40, len(raw))))
    return raw[:begin] + draw(st.binary(max_size=20)) + raw[end:]


@pytest.mark.parametrize("dialect", KNOWN_BODIES)
def test_usual_bodies_with_odd_values_cause_no_error(shared_client: FlaskClient, dialect: str) -> None:
    @settings(max_examples=60)
    @given(st.data(), st.sampled_from(KNOWN_BODIES[dialect]))
    def bombard(data: st.DataObject, known: tuple[str, Any]) -> None:
        event, body = known
        answers.append(receive(shared_client, dialect, event, data.draw(mutated([body]))))

    answers: list[Json] = []
    bombard()
    assert_serves(shared_client, dialect, answers)


@pytest.mark.parametrize("dialect", KNOWN_BODIES)
def test_arbitrary_json_causes_no_error(shared_client: FlaskClient, dialect: str) -> None:
    @settings(max_examples=40)
    @given(st.sampled_from(EVENTS[dialect]), json_values)
    def bombard(event: str, body: Any) -> None:
        answers.append(receive(shared_client, dialect, event, body))

    answers: list[Json] = []
    bombard()
    assert_serves(shared_client, dialect, answers)


@pytest.mark.parametrize("dialect", KNOWN_BODIES)
def test_arbitrary_bytes_cause_no_error(shared_client: FlaskClient, dialect: str) -> None:
    @settings(max_examples=40)
    @given(st.sampled_from(EVENTS[dialect]), torn(dialect) | st.binary(max_size=200))
    def bombard(event: str, body: bytes) -> None:
        answers.append(receive(shared_client, dialect, event, body))

    answers: list[Json] = []
    bombard()
    assert_serves(shared_client, dialect, answers)


@settings(max_examples=40)
@given(st.binary(max_size=100) | st.text("=&%+payload{}0", max_size=60).map(str.encode))
def test_arbitrary_forms_cause_no_error(shared_client: FlaskClient, body: bytes) -> None:
    headers = {**BEARER, "X-GitHub-Event": "workflow_run"}
    response = post(shared_client, b"payload=" + body, headers, media_type=FORM)
    assert (response.status_code, response.get_json()["verdict"]) == (200, "failed")


@settings(max_examples=40)
@given(st.sampled_from(sorted(KNOWN_BODIES)), header_texts, header_texts, header_texts)
def test_arbitrary_headers_cause_no_error(
    shared_client: FlaskClient, dialect: str, event: str, key: str, agent: str
) -> None:
    keys = {"X_GitHub_Delivery": key, "X_Gitea_Delivery": key, "Idempotency_Key": key, "X_Request_UUID": key}
    event_header, body = KNOWN_BODIES[dialect][0]
    for header in (event, event_header):
        receive(shared_client, dialect, header, body, ce_type=event, ce_id=key, User_Agent=agent, **keys)


@pytest.mark.parametrize("dialect", KNOWN_BODIES)
def test_long_headers_cause_no_error(shared_client: FlaskClient, dialect: str) -> None:
    event, body = KNOWN_BODIES[dialect][0]
    long = "x" * 8000
    keys = {"X_GitHub_Delivery": long, "X_Gitea_Delivery": long, "Idempotency_Key": long, "X_Request_UUID": long}
    _, again = (receive(shared_client, dialect, event, body, ce_id=long, User_Agent=long, **keys) for _ in range(2))
    assert again["verdict"] == "duplicate"
    assert receive(shared_client, dialect, long, body)["verdict"] in VERDICTS
    assert_serves(shared_client, dialect)

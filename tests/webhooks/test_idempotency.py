"""Idempotency keys: a repeated delivery is recognised, also from another sender and concurrently."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.servers import DashboardServer
from tests.support.webhook_client import BEARER, apply, make_payload, post

KEY_HEADERS = ["webhook-id", "X-GitHub-Delivery", "Idempotency-Key"]


def post_keyed(client: FlaskClient, fields: dict[str, Any], **keys: str) -> tuple[int, dict[str, Any]]:
    """Post a payload with keys, underscores in the names of headers standing for hyphens; return status and answer."""
    response = post(client, make_payload(**fields), {**BEARER, **{n.replace("_", "-"): v for n, v in keys.items()}})
    return response.status_code, response.get_json()


@pytest.mark.parametrize("header", KEY_HEADERS)
def test_same_key_and_body_is_a_duplicate(shared_client: FlaskClient, header: str) -> None:
    status, first = post_keyed(shared_client, {"run_id": header}, **{header: f"k of {header}"})
    again_status, again = post_keyed(shared_client, {"run_id": header}, **{header: f"k of {header}"})
    assert (status, first["verdict"], again_status, again["verdict"]) == (200, "applied", 200, "duplicate")
    assert again["delivery_id"] != first["delivery_id"]
    assert {**again, "verdict": "", "delivery_id": ""} == {**first, "verdict": "", "delivery_id": ""}


def test_a_duplicate_does_not_undo_later_reports(shared_client: FlaskClient) -> None:
    post_keyed(shared_client, {"run_id": "between", "message": "z"}, Idempotency_Key="k2")
    between = apply(shared_client, run_id="between", timestamp="2026-01-01T00:00:00Z", message="a")
    _, again = post_keyed(shared_client, {"run_id": "between", "message": "z"}, Idempotency_Key="k2")
    assert (again["verdict"], again["seq"]) == ("duplicate", between["seq"])


def test_same_key_with_another_body_is_422_and_changes_nothing(shared_client: FlaskClient) -> None:
    _, first = post_keyed(shared_client, {"run_id": "body"}, Idempotency_Key="k3")
    status, problem = post_keyed(shared_client, {"run_id": "body", "status": "failed"}, Idempotency_Key="k3")
    assert (status, problem["status"], problem["title"]) == (422, 422, "Unprocessable Entity")
    assert "key" in problem["detail"]
    assert shared_client.get(f"/api/deployments/{first['deployment_id']}").get_json()["seq"] == first["seq"]


def test_same_key_with_other_blanks_is_another_body(shared_client: FlaskClient) -> None:
    body = json.dumps(make_payload(run_id="blanks")).encode()
    headers = {**BEARER, "Idempotency-Key": "k4"}
    assert post(shared_client, body, headers).status_code == 200
    assert post(shared_client, body + b"\n", headers).status_code == 422


@pytest.mark.parametrize(
    ("key", "wrong"), [("k5", b'{"project": 1}'), ("k6", b"{"), ("k7", json.dumps(make_payload(run_id=None)).encode())]
)
def test_a_refused_delivery_does_not_claim_its_key(shared_client: FlaskClient, key: str, wrong: bytes) -> None:
    headers = {**BEARER, "Idempotency-Key": key}
    assert post(shared_client, wrong, headers).status_code in {400, 422}
    assert post(shared_client, make_payload(run_id=key), headers).get_json()["verdict"] == "applied"


def test_an_unauthenticated_delivery_does_not_claim_its_key(shared_client: FlaskClient) -> None:
    assert post(shared_client, make_payload(run_id="k8"), {"Idempotency-Key": "k8"}).status_code == 401
    assert post_keyed(shared_client, {"run_id": "k8"}, Idempotency_Key="k8")[1]["verdict"] == "applied"


def test_first_of_the_headers_is_the_key(shared_client: FlaskClient) -> None:
    post_keyed(shared_client, {"run_id": "first"}, webhook_id="k9", Idempotency_Key="k10")
    _, same = post_keyed(shared_client, {"run_id": "first"}, webhook_id="k9", Idempotency_Key="other")
    _, other = post_keyed(shared_client, {"run_id": "first"}, webhook_id="other", Idempotency_Key="k10")
    _, second = post_keyed(shared_client, {"run_id": "first"}, X_GitHub_Delivery="k9", Idempotency_Key="any")
    assert (same["verdict"], other["verdict"], second["verdict"]) == ("duplicate", "applied", "duplicate")


def test_an_empty_key_is_no_key(shared_client: FlaskClient) -> None:
    for _ in range(2):
        assert post_keyed(shared_client, {"run_id": "empty"}, Idempotency_Key="")[1]["verdict"] == "applied"


def test_key_may_have_255_characters_of_any_kind(shared_client: FlaskClient) -> None:
    for key, verdict in (("é" * 255, "applied"), ("é" * 255, "duplicate")):
        assert post_keyed(shared_client, {"run_id": "long"}, Idempotency_Key=key)[1]["verdict"] == verdict


def test_longer_key_is_422(shared_client: FlaskClient) -> None:
    status, problem = post_keyed(shared_client, {"run_id": "long"}, Idempotency_Key="k" * 256)
    assert (status, set(problem["errors"])) == (422, {"Idempotency-Key"})


def test_without_a_key_a_repetition_is_applied_with_the_same_seq(shared_client: FlaskClient) -> None:
    first = apply(shared_client, run_id="unkeyed", status="running")
    again = apply(shared_client, run_id="unkeyed", status="running")
    assert (again["verdict"], again["seq"]) == ("applied", first["seq"])


def test_sixteen_at_once_with_one_key_are_applied_once(dashboard_server: DashboardServer) -> None:
    gate = threading.Barrier(16)

    def send(_: int) -> tuple[int, Any]:
        gate.wait()
        return dashboard_server.post(make_payload(run_id="at once", status="running"), Idempotency_Key="at once")

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, range(16)))
    assert [status for status, _ in answers] == [200] * 16
    assert sorted(answer["verdict"] for _, answer in answers) == ["applied", *["duplicate"] * 15]
    assert len({(answer["deployment_id"], answer["seq"], answer["url"]) for _, answer in answers}) == 1


def test_sixteen_at_once_with_one_key_and_two_bodies_apply_one_of_them(dashboard_server: DashboardServer) -> None:
    gate = threading.Barrier(16)

    def send(number: int) -> tuple[int, Any]:
        gate.wait()
        fields = {"run_id": "two bodies", "branch": f"branch {number % 2}"}
        return dashboard_server.post(make_payload(**fields), Idempotency_Key="two bodies")

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, range(16)))
    assert sorted(status for status, _ in answers) == [*[200] * 8, *[422] * 8]
    assert [answer["verdict"] for status, answer in answers if status == 200].count("applied") == 1

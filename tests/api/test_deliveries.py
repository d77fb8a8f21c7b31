"""`/api/deliveries`: the inbox, for who holds the secret."""

import base64

import pytest
from flask.testing import FlaskClient

from tests.api.shapes import DELIVERY, assert_shape
from tests.servers import SECRET
from tests.webhooks.posting import BEARER, make_payload, post

BASIC = {"Authorization": "Basic " + base64.b64encode(f"any:{SECRET}".encode()).decode()}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic !"}])
def test_inbox_is_closed_without_the_secret_even_on_this_machine(
    shared_client: FlaskClient, headers: dict[str, str]
) -> None:
    response = shared_client.get("/api/deliveries", headers=headers)
    assert (response.status_code, response.content_type) == (401, "application/problem+json")


def test_secret_in_the_url_opens_nothing(shared_client: FlaskClient) -> None:
    assert shared_client.get(f"/api/deliveries?token={SECRET}&secret={SECRET}").status_code == 401


@pytest.mark.parametrize("headers", [BEARER, BASIC])
def test_inbox_is_read_with_the_secret(shared_client: FlaskClient, headers: dict[str, str]) -> None:
    assert shared_client.get("/api/deliveries", headers=headers).status_code == 200


def test_inbox_tells_what_became_of_each_delivery(client: FlaskClient) -> None:
    keyed = {**BEARER, "Idempotency-Key": "k"}
    post(client, make_payload(), keyed)
    post(client, make_payload(), keyed)
    post(client, make_payload(run_id="2"), keyed)
    post(client, {"project": 5})
    post(client, b"{")
    post(client, b"{}", media_type="text/plain")
    post(client, b"{}", {})
    items = client.get("/api/deliveries", headers=BEARER).get_json()["items"]
    for item in items:
        assert_shape(item, DELIVERY)
        assert (item["source"], item["dialect"]) == ("default", "native")
    verdicts = ["rejected", "rejected", "rejected", "rejected", "duplicate", "applied"]
    assert [item["verdict"] for item in items] == verdicts
    assert [item["deployment_id"] is None for item in items] == [True, True, True, True, False, False]
    assert all(item["reason"] for item in items[:-1])
    assert items[0]["body_size"] == 2


def test_pages_of_the_inbox_show_each_delivery_once(client: FlaskClient) -> None:
    posted = [post(client, make_payload(run_id=str(n))).get_json()["delivery_id"] for n in range(7)]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get(f"/api/deliveries?limit=3&cursor={cursor}", headers=BEARER).get_json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        post(client, make_payload(run_id="new"))
    assert seen == posted[::-1]


@pytest.mark.parametrize("cursor", ["x", "%FF", "MjAyNi0wMS0wMVQwMDowMDowMCswMDowMHwx"])
def test_bad_cursor_is_422(shared_client: FlaskClient, cursor: str) -> None:
    response = shared_client.get(f"/api/deliveries?cursor={cursor}", headers=BEARER)
    assert (response.status_code, set(response.get_json()["errors"])) == (422, {"cursor"})


def test_reason_of_a_poisoned_delivery_is_kept(client: FlaskClient) -> None:
    post(client, make_payload(step_details={"a\x00": "ok", "b\ud800": 5}))
    (item,) = client.get("/api/deliveries", headers=BEARER).get_json()["items"]
    assert item["verdict"] == "rejected"
    assert "step_details" in item["reason"]

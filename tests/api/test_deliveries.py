"""`/api/deliveries`, for clients with the secret."""

import base64
import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.shapes import DELIVERY, DELIVERY_WHOLE, assert_shape
from tests.support.servers import SECRET
from tests.support.webhook_client import BEARER, make_payload, post

BASIC = {"Authorization": "Basic " + base64.b64encode(f"any:{SECRET}".encode()).decode()}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic !"}])
def test_deliveries_need_the_secret_even_on_this_machine(shared_client: FlaskClient, headers: dict[str, str]) -> None:
    response = shared_client.get("/api/deliveries", headers=headers)
    assert (response.status_code, response.content_type) == (401, "application/problem+json")


def test_a_secret_in_the_url_grants_no_access(shared_client: FlaskClient) -> None:
    assert shared_client.get(f"/api/deliveries?token={SECRET}&secret={SECRET}").status_code == 401


@pytest.mark.parametrize("headers", [BEARER, BASIC])
def test_the_secret_opens_the_deliveries(shared_client: FlaskClient, headers: dict[str, str]) -> None:
    assert shared_client.get("/api/deliveries", headers=headers).status_code == 200


def test_deliveries_are_listed_with_their_verdicts(client: FlaskClient) -> None:
    keyed = {**BEARER, "Idempotency-Key": "k"}
    post(client, make_payload(), keyed)
    post(client, make_payload(), keyed)
    post(client, make_payload(run_id="2"), keyed)
    post(client, {"project": 5})
    post(client, b"{")
    post(client, b"{}", {})
    items = client.get("/api/deliveries", headers=BEARER).get_json()["items"]
    for item in items:
        assert_shape(item, DELIVERY)
        assert item["dialect"] == "native"
    verdicts = ["rejected", "rejected", "rejected", "rejected", "duplicate", "applied"]
    assert [item["verdict"] for item in items] == verdicts
    assert [item["deployment_id"] is None for item in items] == [True, True, True, True, False, False]
    assert [item["source"] for item in items] == [None, *["default"] * 5]
    assert all(item["reason"] for item in items[:-1])
    assert items[0]["body_size"] == 2


def test_pages_show_each_delivery_once(client: FlaskClient) -> None:
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
def test_an_invalid_cursor_is_422(shared_client: FlaskClient, cursor: str) -> None:
    response = shared_client.get(f"/api/deliveries?cursor={cursor}", headers=BEARER)
    assert (response.status_code, set(response.get_json()["errors"])) == (422, {"cursor"})


def test_the_reason_of_a_delivery_with_unstorable_text_is_kept(client: FlaskClient) -> None:
    post(client, make_payload(step_details={"a\x00": "ok", "b\ud800": 5}))
    (item,) = client.get("/api/deliveries", headers=BEARER).get_json()["items"]
    assert item["verdict"] == "rejected"
    assert "step_details" in item["reason"]


def list_items(client: FlaskClient, query: str = "") -> list[dict[str, Any]]:
    """Return the deliveries that a query asks for."""
    items: list[dict[str, Any]] = client.get(f"/api/deliveries?{query}", headers=BEARER).get_json()["items"]
    return items


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["ignored", "rejected", "duplicate", "applied"]),
        ("verdict=applied", ["applied"]),
        ("verdict=failed", []),
        ("dialect=native", ["rejected", "duplicate", "applied"]),
        ("source=default", ["ignored", "duplicate", "applied"]),
        ("source=nobody", []),
        ("event=ping", ["ignored"]),
        ("project=shop", ["duplicate", "applied"]),
        ("project=other", []),
        ("q=BEARER", ["rejected"]),
        ("q=same%20key", ["duplicate"]),
        ("q=PIN", ["ignored"]),
        ("q=%25", []),
        ("until=2024-01-01T00:00:00Z", []),
        ("since=2024-01-01T00:00:00Z&verdict=ignored", ["ignored"]),
    ],
)
def test_filters_narrow_the_list(filled_client: FlaskClient, query: str, found: list[str]) -> None:
    assert [item["verdict"] for item in list_items(filled_client, query)] == found


@pytest.fixture(scope="module")
def filled_client(shared_client: FlaskClient) -> FlaskClient:
    """Give a client of a dashboard with deliveries of four verdicts."""
    keyed = {**BEARER, "Idempotency-Key": "k"}
    post(shared_client, make_payload(), keyed)
    post(shared_client, make_payload(), keyed)
    post(shared_client, b"{}", {})
    post(shared_client, {"zen": "z"}, {**BEARER, "X-GitHub-Event": "ping"})
    return shared_client


def test_filters_find_by_deployment_and_by_id(client: FlaskClient) -> None:
    first, second = (post(client, make_payload(run_id=run_id)).get_json() for run_id in ("1", "2"))
    (found,) = list_items(client, f"deployment_id={first['deployment_id']}")
    assert found["id"] == first["delivery_id"]
    (found,) = list_items(client, f"q={second['delivery_id'][10:]}")
    assert found["id"] == second["delivery_id"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("verdict=maybe", "verdict"),
        ("since=yesterday", "since"),
        ("deployment_id=x", "deployment_id"),
        ("deployment_id=9223372036854775808", "deployment_id"),
        ("q=" + "x" * 301, "q"),
        ("limit=201", "limit"),
    ],
)
def test_an_invalid_filter_is_422(shared_client: FlaskClient, query: str, field: str) -> None:
    response = shared_client.get(f"/api/deliveries?{query}", headers=BEARER)
    assert (response.status_code, set(response.get_json()["errors"])) == (422, {field})


def read_whole(client: FlaskClient, delivery_id: str) -> dict[str, Any]:
    """Return one delivery, whole."""
    response = client.get(f"/api/deliveries/{delivery_id}", headers=BEARER)
    assert response.status_code == 200, response.text
    view: dict[str, Any] = response.get_json()
    return view


def test_a_delivery_has_its_changes_and_its_body(client: FlaskClient) -> None:
    post(client, make_payload(status="running", branch="main"))
    body = make_payload(status="failed", api_token="t", note="x")
    answer = post(client, body, {**BEARER, "User-Agent": "curl"}).get_json()
    view = read_whole(client, answer["delivery_id"])
    assert_shape(view, DELIVERY_WHOLE)
    state = {"deployment_id": answer["deployment_id"], "what": "deployment", "name": None, "field": "state"}
    assert {**state, "before": "running", "after": "failed"} in view["changes"]
    assert "branch" not in {change["field"] for change in view["changes"]}
    assert view["headers"] == {"Content-Type": "application/json", "User-Agent": "curl"}
    assert '"api_token": "••••••"' in view["body"]
    assert (view["body_kind"], view["body_is_whole"], view["obstacle"]) == ("json", True, None)


def test_secrets_are_masked_in_every_part_of_a_delivery(client: FlaskClient) -> None:
    fields = {"message": f"with {SECRET} and ghp_abcdefghijkl", "error": "DB_PASSWORD=hunter2"}
    agent = {**BEARER, "User-Agent": "ci/ghp_abcdefghijkl", "Idempotency-Key": SECRET}
    answer = post(client, make_payload(**fields, status="ghp_abcdefghijkl", steps=5), agent).get_json()
    assert answer["errors"]
    accepted = post(client, make_payload(**fields, status="ghp_abcdefghijkl"), agent).get_json()
    shown = str(read_whole(client, accepted["delivery_id"])) + str(list_items(client))
    for secret in (SECRET, "hunter2", "ghp_"):
        assert secret not in shown


def test_a_binary_body_is_marked_as_binary(client: FlaskClient) -> None:
    answer = post(client, b"\xff\xfe", {**BEARER, "X-GitHub-Event": "ping"}).get_json()
    view = read_whole(client, answer["delivery_id"])
    assert (view["body"], view["body_kind"], view["body_size"], view["verdict"]) == (None, "binary", 2, "failed")


def test_unknown_delivery_is_404(shared_client: FlaskClient) -> None:
    assert shared_client.get(f"/api/deliveries/{uuid.uuid4()}", headers=BEARER).status_code == 404
    assert shared_client.get("/api/deliveries/1", headers=BEARER).status_code == 404

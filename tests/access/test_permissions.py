"""Access to every route: all are listed here, so that none is open by accident."""

import base64
import re
import uuid
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.access.permissions import PUBLIC_ENDPOINTS, SECRET_ENDPOINTS
from tests.support.applications import visit
from tests.support.databases import MakeDatabase
from tests.support.servers import SECRET
from tests.support.webhook_client import BEARER

PUBLIC, READ, WITH_SECRET = "public", "read", "with the secret"
ROUTES = {
    ("/", "GET"): READ,
    ("/projects/<slug>", "GET"): READ,
    ("/deployments", "GET"): READ,
    ("/deployments.csv", "GET"): READ,
    ("/deployments/<int:deployment_id>", "GET"): READ,
    ("/api/projects", "GET"): READ,
    ("/api/projects/<slug>", "GET"): READ,
    ("/api/deployments", "GET"): READ,
    ("/api/deployments/<int:deployment_id>", "GET"): READ,
    ("/api/deployments/<int:deployment_id>/events", "GET"): READ,
    ("/api/cicd/runs/<run_id>/", "GET"): READ,
    ("/api/openapi.json", "GET"): READ,
    ("/deliveries", "GET"): WITH_SECRET,
    ("/deliveries/<uuid:delivery_id>", "GET"): WITH_SECRET,
    ("/api/deliveries", "GET"): WITH_SECRET,
    ("/api/deliveries/<uuid:delivery_id>", "GET"): WITH_SECRET,
    ("/api/deliveries/<uuid:delivery_id>/replay", "POST"): WITH_SECRET,
    ("/api/deliveries/replay", "POST"): WITH_SECRET,
    ("/api/webhook/deployment", "POST"): PUBLIC,
    ("/api/webhook/deployment/<dialect>", "POST"): PUBLIC,
    ("/health", "GET"): PUBLIC,
    ("/ready", "GET"): PUBLIC,
    ("/metrics", "GET"): READ,
    ("/language", "POST"): READ,
    ("/static/version/<path:filename>", "GET"): PUBLIC,
}
"""A new route is added here by who has thought about who may use it. The webhooks authenticate what is posted."""

AWAY = {"REMOTE_ADDR": "203.0.113.9"}
BASIC = {"Authorization": "Basic " + base64.b64encode(f"any:{SECRET}".encode()).decode()}


@pytest.fixture(scope="module")
def client(make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """Give a visitor of one dashboard for all tests here: none of them changes it."""
    with visit(make_database(), tmp_path_factory.mktemp("visited")) as visitor:
        yield visitor


def list_routes(app: Flask) -> dict[tuple[str, str], str]:
    """Return the access of every route as the application has it."""
    routes = {}
    for rule in app.url_map.iter_rules():
        given = {rule.endpoint in PUBLIC_ENDPOINTS: PUBLIC, rule.endpoint in SECRET_ENDPOINTS: WITH_SECRET}
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            routes[re.sub("/static/[0-9a-f]+/", "/static/version/", rule.rule), method] = given.get(True, READ)
    return routes


def test_every_route_is_listed_with_its_access(client: FlaskClient) -> None:
    assert list_routes(client.application) == ROUTES


def test_the_lists_name_only_existing_endpoints(client: FlaskClient) -> None:
    assert client.application.view_functions.keys() >= PUBLIC_ENDPOINTS | SECRET_ENDPOINTS


def test_routes_enforce_their_access_for_other_machines(client: FlaskClient) -> None:
    adapter = client.application.url_map.bind("localhost")
    texts = {"filename": "none", "slug": "s", "run_id": "1", "dialect": "github"}
    values = {**texts, "deployment_id": 1, "delivery_id": uuid.UUID(int=0)}
    for rule in client.application.url_map.iter_rules():
        path = adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments})
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        status = client.open(path, method=method, environ_overrides=AWAY).status_code
        # Deliveries without credentials are refused by their own rules.
        refused = rule.endpoint not in PUBLIC_ENDPOINTS or rule.endpoint.startswith("webhooks.")
        assert (status == 401) == refused, (path, status)
        if rule.endpoint not in PUBLIC_ENDPOINTS:
            assert client.open(path, method=method, environ_overrides=AWAY, headers=BEARER).status_code != 401, path


@pytest.mark.parametrize("path", ["/no/such/page", "/api/nothing", "/deployments/x"])
def test_unknown_paths_are_401_for_other_machines(client: FlaskClient, path: str) -> None:
    assert client.get(path, environ_overrides=AWAY).status_code == 401


def test_a_refusal_makes_browsers_ask_for_a_password(client: FlaskClient) -> None:
    page = client.get("/", environ_overrides=AWAY)
    document = client.get("/api/projects", environ_overrides=AWAY)
    assert page.headers["WWW-Authenticate"].startswith("Basic ")
    assert page.content_type == "text/html; charset=utf-8"
    assert document.content_type == "application/problem+json"


@pytest.mark.parametrize("headers", [BEARER, BASIC, {"Authorization": BEARER["Authorization"].replace("B", "b", 1)}])
def test_other_machines_may_read_with_the_secret(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.get("/api/projects", environ_overrides=AWAY, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "value",
    [
        "", "Bearer", "Bearer ", "Bearer wrong", "Basic", "Basic ", "Basic !!!", "Basic Og==",
        "Basic " + base64.b64encode(f"{SECRET}:".encode()).decode(), "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        f"Token {SECRET}", SECRET, "Bearer é", "Bearer 密钥", "Digest username=x", "Bearer \x00", "Negotiate YII=",
    ],
)  # fmt: skip
def test_other_credentials_grant_no_access(client: FlaskClient, value: str) -> None:
    response = client.get("/api/projects", environ_overrides={**AWAY, "HTTP_AUTHORIZATION": value})
    assert response.status_code == 401
    assert SECRET not in response.text


def test_a_secret_in_the_url_or_a_cookie_grants_no_access(client: FlaskClient) -> None:
    client.set_cookie("token", SECRET)
    path = f"/api/projects?token={SECRET}&access_token={SECRET}&secret={SECRET}"
    assert client.get(path, environ_overrides=AWAY).status_code == 401


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1"])
def test_this_machine_may_read(client: FlaskClient, address: str) -> None:
    assert client.get("/api/projects", environ_overrides={"REMOTE_ADDR": address}).status_code == 200


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.2", "0.0.0.0", "::", "fe80::1", "", "unix:", "localhost"])
def test_other_machines_may_not(client: FlaskClient, address: str) -> None:
    assert client.get("/api/projects", environ_overrides={"REMOTE_ADDR": address}).status_code == 401


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "LOCALHOST", "127.0.0.1:8000", "[::1]", "[::1]:8000"])
def test_hosts_that_name_this_machine_may_read(client: FlaskClient, host: str) -> None:
    assert client.get("/api/projects", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[::2]"],
)
def test_hosts_of_other_sites_may_not_read(client: FlaskClient, host: str) -> None:
    assert client.get("/api/projects", headers={"Host": host}).status_code == 401


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP"])
@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1, ::1", 200),
        ("203.0.113.9", 401),
        ("203.0.113.9, 127.0.0.1", 401),
        ("127.0.0.1, 203.0.113.9", 401),
        ("127.0.0.1:5000", 401),
        ("unknown", 401),
        ("_hidden", 401),
        ("localhost", 401),
    ],
)
def test_the_forwarded_address_of_a_local_proxy_decides(
    client: FlaskClient, header: str, value: str, status: int
) -> None:
    assert client.get("/api/projects", headers={header: value}).status_code == status


def test_a_request_with_a_forwarded_header_is_remote(client: FlaskClient) -> None:
    assert client.get("/api/projects", headers={"Forwarded": "for=203.0.113.9"}).status_code == 401


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP"])
def test_other_machines_cannot_claim_to_be_this_one(client: FlaskClient, header: str) -> None:
    response = client.get("/api/projects", environ_overrides=AWAY, headers={header: "127.0.0.1"})
    assert response.status_code == 401


def test_a_forwarded_host_does_not_make_a_request_local(client: FlaskClient) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "localhost"}
    assert client.get("/api/projects", headers=headers).status_code == 401

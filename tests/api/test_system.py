"""`/health`, `/ready` and `/api/openapi.json`."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.cli.postgres.server import Server
from tests.support.applications import visit
from tests.support.webhook_client import make_payload, post


def test_health_and_readiness_are_ok(shared_client: FlaskClient) -> None:
    assert shared_client.get("/health").get_json() == {"status": "ok"}
    assert shared_client.get("/ready").get_json() == {"status": "ready"}


def test_unmigrated_database_is_not_ready(postgres: Server, tmp_path: Path) -> None:
    with visit(postgres.url, tmp_path) as client:
        response = client.get("/ready")
        assert client.get("/health").status_code == 200
    assert (response.status_code, response.content_type) == (503, "application/problem+json")
    assert "migrated" in response.get_json()["detail"]
    assert int(response.headers["Retry-After"]) > 0


def test_without_a_database_everything_but_health_is_503(tmp_path: Path) -> None:
    with visit("postgresql://nobody:password-5150@127.0.0.1:1/nothing", tmp_path) as client:
        responses = [client.get("/ready"), client.get("/api/projects"), post(client, make_payload())]
        assert client.get("/health").status_code == 200
    assert [response.status_code for response in responses] == [503, 503, 503]
    for response in responses:
        assert response.content_type == "application/problem+json"
        assert int(response.headers["Retry-After"]) > 0
        assert "5150" not in response.text


@pytest.fixture(scope="module")
def openapi(shared_client: FlaskClient) -> dict[str, Any]:
    """Give the description of the API."""
    document: dict[str, Any] = shared_client.get("/api/openapi.json").get_json()
    return document


def test_openapi_describes_every_route(shared_client: FlaskClient, openapi: dict[str, Any]) -> None:
    rules = list(shared_client.application.url_map.iter_rules())
    programs = [rule.rule for rule in rules if rule.rule.startswith(("/api/", "/health", "/ready", "/metrics"))]
    described = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path) for path in programs} - {"/api/openapi.json"}
    assert described == set(openapi["paths"])
    assert openapi["openapi"].startswith("3.1")
    assert set(openapi["info"]) >= {"title", "version"}


def test_every_reference_in_openapi_resolves(openapi: dict[str, Any]) -> None:
    references = set(_find_references(openapi))
    assert {name.rpartition("/")[2] for name in references} >= {"Deployment", "DeploymentPayload", "Problem"}
    assert [name for name in references if not _holds(openapi, name)] == []


def test_openapi_declares_every_parameter_of_a_path(openapi: dict[str, Any]) -> None:
    declared = {
        path: {p["name"] for p in item.get("parameters", ()) if p["in"] == "path" and p["required"]}
        for path, item in openapi["paths"].items()
    }
    assert declared == {path: set(re.findall(r"{(\w+)}", path)) for path in openapi["paths"]}
    assert declared["/api/deployments/{deployment_id}"] == {"deployment_id"}


def _holds(document: Any, reference: str) -> bool:
    """Return whether a document has the part that a reference points to."""
    for name in reference.removeprefix("#/").split("/"):
        if name not in document:
            return False
        document = document[name]
    return True


def _find_references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _find_references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _find_references(value)

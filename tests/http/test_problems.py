"""Errors: documents for programs, pages for people, and no internal details in either."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.http.problems import flatten_messages
from tests.support.applications import visit
from tests.support.databases import MakeDatabase


@pytest.fixture(scope="module")
def client(make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """Give a visitor of one dashboard for all tests here: none of them changes it."""
    with visit(make_database(), tmp_path_factory.mktemp("visited")) as visitor:
        yield visitor


@pytest.mark.parametrize(
    ("messages", "flat"),
    [
        ({}, {}),
        ({"a": ["x", "y"]}, {"a": ["x", "y"]}),
        ({"a": {"b": ["x"]}}, {"a.b": ["x"]}),
        ({"steps": {0: {"name": ["x"]}, 12: {"name": ["y"]}}}, {"steps.0.name": ["x"], "steps.12.name": ["y"]}),
        ({"steps": {0: {"_schema": ["x"]}}}, {"steps.0": ["x"]}),
        ({"_schema": ["x"]}, {"_schema": ["x"]}),
        ({"a": {"b": ["x"], "c": ["y"]}, "d": ["z"]}, {"a.b": ["x"], "a.c": ["y"], "d": ["z"]}),
    ],
)
def test_nested_messages_are_named_by_their_path(messages: Any, flat: dict[str, list[str]]) -> None:
    assert flatten_messages(messages) == flat


@pytest.mark.parametrize("path", ["/api/nothing", "/api/", "/api/deployments/x"])
def test_a_program_gets_a_problem_document(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.content_type) == (404, "application/problem+json")
    problem = response.get_json()
    assert (problem["type"], problem["title"], problem["status"]) == ("about:blank", "Not Found", 404)


@pytest.mark.parametrize("path", ["/nothing", "/projects/nobody", "/deployments/1", "/api"])
def test_a_browser_gets_an_error_page(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.content_type) == (404, "text/html; charset=utf-8")
    assert "404" in response.text


def test_an_error_page_escapes_the_requested_path(client: FlaskClient) -> None:
    assert "<script>alert" not in client.get("/projects/<script>alert(1)</script>").text


@pytest.mark.parametrize(
    "path",
    [
        "/projects/%00", "/api/projects/a%00b", "/api/cicd/runs/%00", "/api/deployments?branch=%00", "/?lang=%00",
        "/api/deployments?q=a%00", "/api/projects?cursor=%00", "/api/cicd/runs/1?repository=%00",
        "/api/deployments?%00=1",
    ],
)  # fmt: skip
def test_nul_in_a_url_is_400(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 400


@pytest.mark.parametrize(
    "path", ["/api/projects/%FF", "/api/projects/%ED%A0%80", "/api/projects/%2500", "/api/cicd/runs/%FF"]
)
def test_a_url_with_invalid_utf_8_is_404(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.fixture
def broken_app(fresh_application: Flask) -> Flask:
    """Give an application with routes that fail."""

    def fail() -> str:
        raise RuntimeError("insides-5150")

    fresh_application.add_url_rule("/api/broken", view_func=fail)
    fresh_application.add_url_rule("/broken", view_func=fail, endpoint="broken_page")
    return fresh_application


@pytest.mark.parametrize(
    ("path", "media_type"), [("/api/broken", "application/problem+json"), ("/broken", "text/html; charset=utf-8")]
)
def test_an_internal_error_is_500_without_details(broken_app: Flask, path: str, media_type: str) -> None:
    response = broken_app.test_client().get(path)
    assert (response.status_code, response.content_type) == (500, media_type)
    assert "5150" not in response.text
    assert "Traceback" not in response.text


@pytest.mark.parametrize("path", ["/api/projects", "/api/deployments/1", "/health", "/ready", "/api/cicd/runs/1/"])
def test_a_wrong_method_is_405_and_names_the_allowed_ones(client: FlaskClient, path: str) -> None:
    response = client.delete(path)
    assert (response.status_code, response.content_type) == (405, "application/problem+json")
    assert "GET" in response.headers["Allow"]


def test_head_answers_like_get_without_a_body(client: FlaskClient) -> None:
    response = client.head("/api/projects")
    assert (response.status_code, response.data) == (200, b"")

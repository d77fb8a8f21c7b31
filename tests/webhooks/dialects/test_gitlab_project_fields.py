"""Where GitLab's bodies name their project and its host."""

from typing import Any

import pytest

from dashboard.webhooks.dialects.gitlab_project import identify_in_project, name_project, read_project_url
from dashboard.webhooks.dialects.payload import MAX_URL_LENGTH
from tests.support.bodies.gitlab import HOME

LONG_HOST = "gitlab." + "a." * 120 + "example"
SSH = "git@gitlab.example.org:octo/shop.git"
INSTALLED = "https://example.org/gitlab/octo/shop"


@pytest.mark.parametrize(
    "body",
    [
        {"project": {"path_with_namespace": "octo/shop", "web_url": INSTALLED}},
        {"project": {"path_with_namespace": "octo/shop"}, "repository": {"git_ssh_url": "git@example.org:else.git"}},
        {"project": {"web_url": HOME}},
        {"project": {"web_url": INSTALLED}, "repository": {"git_ssh_url": SSH, "homepage": INSTALLED}},
        {"project": {"web_url": HOME}, "repository": {"homepage": INSTALLED}},
        {"repository": {"homepage": HOME}},
        {"repository": {"git_ssh_url": SSH}},
    ],
)
def test_the_first_place_that_has_the_path_names_the_project(body: dict[str, Any]) -> None:
    assert name_project(body) == "octo/shop"


@pytest.mark.parametrize(
    ("project", "repository", "pipeline", "host"),
    [
        ({"web_url": HOME}, {}, {"url": "https://else.example.org/x"}, "gitlab.example.org"),
        ({}, {"homepage": HOME}, {"url": "https://else.example.org/x"}, "gitlab.example.org"),
        ({}, {}, {"url": f"{HOME}/-/pipelines/31"}, "gitlab.example.org"),
        ({}, {}, {"url": f"https://{LONG_HOST}:8443/octo/shop/-/pipelines/31"}, f"{LONG_HOST}:8443"),
        ({}, {}, {}, ""),
    ],
)
def test_the_first_url_of_a_body_has_the_host(
    project: dict[str, Any], repository: dict[str, Any], pipeline: dict[str, Any], host: str
) -> None:
    named = {"path_with_namespace": "octo/shop", "id": 62}
    body = {"project": named | project, "repository": repository, "object_attributes": pipeline}
    assert identify_in_project(body, "run", "31").parts == (host, 62, "run", "31")


@pytest.mark.parametrize("place", [("project", "web_url"), ("repository", "homepage"), ("object_attributes", "url")])
def test_no_host_is_longer_than_a_url(place: tuple[str, str]) -> None:
    outer, inner = place
    body = {"repository": {"git_ssh_url": SSH}, "project_id": 62}
    body |= {outer: {"git_ssh_url": SSH, inner: f"https://{'h' * MAX_URL_LENGTH}.example.org/octo/shop"}}
    assert identify_in_project(body, "run").parts == ("h" * (MAX_URL_LENGTH - len("https://")), 62, "run")


@pytest.mark.parametrize("place", [("project", "web_url"), ("repository", "homepage")])
def test_the_url_of_a_project_can_be_longer_than_a_name(place: tuple[str, str]) -> None:
    url = f"https://gitlab.example.org/{'g/' * 200}shop"
    assert read_project_url({place[0]: {place[1]: url}}) == url

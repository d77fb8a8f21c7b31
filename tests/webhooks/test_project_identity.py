"""Which project a delivery is about: repositories by host and id, or by host and path, native projects by name."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.webhook_client import BEARER, PATH, apply, post, read

HOST = "https://github.com"


def make_run(
    path: str, repository_id: int | None, *, run: int = 1, host: str = HOST, minute: int = 0
) -> dict[str, Any]:
    """Return the body of a GitHub run in a repository; it is in progress at minute 0, and ended later."""
    ended = minute > 0
    place = {"full_name": path, "html_url": f"{host}/{path}"}
    return {
        "workflow_run": {
            "id": run,
            "run_attempt": 1,
            "status": "completed" if ended else "in_progress",
            "conclusion": "success" if ended else None,
            "run_started_at": "2026-11-27T09:00:00Z",
            "updated_at": f"2026-11-27T09:{minute:02}:00Z",
            "html_url": f"{host}/{path}/actions/runs/{run}",
        },
        "repository": place if repository_id is None else {"id": repository_id, **place},
    }


def send(client: FlaskClient, body: dict[str, Any]) -> dict[str, Any]:
    """Post a body of GitHub that must be applied; return its deployment."""
    headers = {**BEARER, "X-GitHub-Event": "workflow_run"}
    answer = post(client, body, headers, path=f"{PATH}/github").get_json()
    assert answer["verdict"] == "applied", answer
    return read(client, answer)


def list_slugs(client: FlaskClient) -> list[str]:
    """Return the slugs of all projects."""
    return [item["slug"] for item in client.get("/api/projects").get_json()["items"]]


def count(client: FlaskClient, **filters: str) -> int:
    """Return the number of deployments."""
    return len(client.get("/api/deployments", query_string=filters).get_json()["items"])


RENAME = [make_run("hunt/old", 7), make_run("hunt-org/new", 7, minute=5)]


@pytest.mark.parametrize("bodies", [*itertools.permutations(RENAME), [*RENAME, *RENAME]])
def test_a_repository_renamed_during_a_run_stays_one_project_with_one_run(
    client: FlaskClient, bodies: Sequence[dict[str, Any]]
) -> None:
    numbers = {send(client, body)["id"] for body in bodies}
    (number,) = numbers
    view = client.get(f"/api/deployments/{number}").get_json()
    assert (view["state"], view["repository"], view["project"]["slug"]) == ("success", "hunt-org/new", "hunt-org-new")
    assert list_slugs(client) == ["hunt-org-new"]
    assert client.get("/projects/hunt-old").headers["Location"] == "/projects/hunt-org-new"
    assert client.get("/projects/hunt-old").status_code == 308
    assert client.get("/api/projects/hunt-old").get_json()["slug"] == "hunt-org-new"
    assert count(client, project="hunt-old") == count(client, project="hunt-org-new") == 1
    assert f"/deployments/{number}" in client.get("/deployments?project=hunt-old").text


def test_a_project_renamed_back_gets_its_address_back(client: FlaskClient) -> None:
    for minute, name in enumerate(("hunt/old", "hunt/new", "hunt/old"), 1):
        send(client, make_run(name, 7, run=minute, minute=minute))
    assert list_slugs(client) == ["hunt-old"]
    assert client.get("/api/projects/hunt-new").get_json()["slug"] == "hunt-old"


def test_no_other_project_gets_a_former_address(client: FlaskClient) -> None:
    for body in RENAME:
        send(client, body)
    assert send(client, make_run("hunt/old", 8, run=2))["project"]["slug"] == "hunt-old-2"
    assert client.get("/api/projects/hunt-old").get_json()["slug"] == "hunt-org-new"


@pytest.mark.parametrize(
    "others",
    [
        pytest.param(("acme-web/api", 82, HOST), id="another owner"),
        pytest.param(("acme/web-api", 81, "https://github.example.org"), id="another host"),
        pytest.param(("acme/web-api", 83, HOST), id="another repository at the same path"),
    ],
)
def test_different_repositories_whose_names_make_one_slug_are_two_projects(
    client: FlaskClient, others: tuple[str, int, str]
) -> None:
    path, repository_id, host = others
    first = send(client, make_run("acme/web-api", 81, minute=5))
    second = send(client, make_run(path, repository_id, run=2, host=host))
    assert (first["project"]["slug"], second["project"]["slug"]) == ("acme-web-api", "acme-web-api-2")
    assert count(client, project="acme-web-api") == count(client, project="acme-web-api-2") == 1
    assert client.get("/projects/acme-web-api-2").status_code == 200


def test_a_native_project_and_a_repository_of_its_name_are_two_projects(client: FlaskClient) -> None:
    native = read(client, apply(client, project="acme/shop", run_id="1"))
    run = send(client, make_run("acme/shop", 7))
    assert native["project"]["slug"] == "acme-shop"
    assert run["project"]["slug"] == "acme-shop-2"


def test_a_native_project_is_found_by_its_name_however_it_is_spelt(client: FlaskClient) -> None:
    views = [read(client, apply(client, project=name, run_id="1")) for name in ("My Shop", "my-shop", "MY SHOP")]
    assert len({view["id"] for view in views}) == 1
    assert read(client, apply(client, project="my/shop", run_id="1"))["project"]["slug"] == "my-shop-2"


KNOWN_BY_PATH = [
    make_run("acme/shop", None, run=1),
    make_run("acme/shop", 7, run=2),
    make_run("acme/shop", None, run=3),
]


@pytest.mark.parametrize("bodies", [*itertools.permutations(KNOWN_BY_PATH)])
def test_a_repository_reported_with_and_without_its_id_is_one_project(
    client: FlaskClient, bodies: Sequence[dict[str, Any]]
) -> None:
    for body in bodies:
        send(client, body)
    assert list_slugs(client) == ["acme-shop"]
    assert count(client, project="acme-shop") == 3


def test_a_project_known_by_path_joins_the_repository_that_is_renamed_to_it(client: FlaskClient) -> None:
    send(client, make_run("acme/old", 7, run=1))
    send(client, make_run("acme/shop", None, run=2))
    send(client, make_run("acme/shop", 7, run=3, minute=1))
    assert list_slugs(client) == ["acme-shop"]
    assert count(client, project="acme-shop") == count(client, project="acme-old") == 3

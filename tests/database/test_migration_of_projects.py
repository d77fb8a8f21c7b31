"""Migration 0009: what the version before has written is found again by what it reports next."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from dashboard.app import create_app
from dashboard.extensions import db
from tests.support.applications import close_connections, make_settings
from tests.support.bodies import buildbot, github, gitlab, jenkins
from tests.support.databases import MakeDatabase
from tests.support.webhook_client import BEARER, PATH, apply, post

NATIVE_PARTS = ("production", "1", 1)
GITHUB_PARTS = ("github.com", 4711, "run", "9001", 1)


@pytest.fixture
def old(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Flask]:
    """Give the application on a database of the version before."""
    app = create_app(make_settings(make_database(), tmp_path))
    with app.app_context():
        flask_migrate.downgrade(revision="0005")
        yield app
        close_connections(app)


def write_project(number: int, slug: str, name: str) -> None:
    """Write a project as the version before did."""
    with db.engine.begin() as connection:
        connection.execute(
            text("""
                INSERT INTO projects (id, slug, name, repository, stamps, seq, created_at, keep_days)
                VALUES (:id, :slug, :name, :name, '{}', 0, now(), 40);
                SELECT setval('projects_id_seq', 100)
            """),
            {"id": number, "slug": slug, "name": name},
        )


def write_deployment(number: int, project: int, slug: str, dialect: str, parts: tuple[Any, ...], **values: Any) -> None:
    """Write a running deployment as the version before did: its digest contains the project's slug."""
    identity = hashlib.sha256(json.dumps([dialect, slug, *parts]).encode()).hexdigest()
    with db.engine.begin() as connection:
        connection.execute(
            text("""
                INSERT INTO deployments (id, identity, project_id, dialect, run_id, attempt, generation, stamps,
                  step_tally, job_tally, state, seq, sorted_at, created_at, last_report_at, status, status_raw,
                  repository, run_url)
                VALUES (:id, :identity, :project, :dialect, '1', 1, 0, '{}',
                  '{}', '{}', 'running', 1, now(), now(), now(), 'in_progress', 'running', :repository, :run_url);
                SELECT setval('deployments_id_seq', 100)
            """),
            {"repository": None, "run_url": None, **values, "id": number, "identity": identity, "project": project}
            | {"dialect": dialect},
        )


def send(client: FlaskClient, dialect: str, body: Any, **headers: str) -> Any:
    """Post a body; return the number of its deployment and the slug of its project."""
    answer = post(client, body, BEARER | headers, path=f"{PATH}/{dialect}").get_json()
    db.session.rollback()  # It began to read before.
    view = client.get(f"/api/deployments/{answer['deployment_id']}").get_json()
    return view["id"], view["project"]["slug"]


def send_run(client: FlaskClient, name: str = "octo/shop", repository_id: int = 4711, run: int = 9001) -> Any:
    """Post the end of a run on GitHub."""
    place = {"id": repository_id, "full_name": name, "html_url": f"https://github.com/{name}"}
    body = github.make_run("completed", "success", id=run) | {"repository": place}
    return send(client, "github", body, **{"X-GitHub-Event": "workflow_run"})


def describe_runs(client: FlaskClient) -> dict[int, str]:
    """Return the slug of the project of each deployment."""
    db.session.rollback()
    items = client.get("/api/deployments").get_json()["items"]
    return {item["id"]: item["project"]["slug"] for item in items}


def test_a_run_that_was_under_way_ends_in_its_deployment_in_every_dialect(old: Flask) -> None:
    write_project(1, "octo-shop", "octo/shop")
    github_url = "https://github.com/octo/shop/actions/runs/9001"
    write_deployment(1, 1, "octo-shop", "github", GITHUB_PARTS, repository="octo/shop", run_url=github_url)
    write_project(2, "my-shop", "My Shop")
    write_deployment(2, 2, "my-shop", "native", NATIVE_PARTS)
    write_project(3, "team-shop", "Team/shop")
    write_deployment(3, 3, "team-shop", "jenkins", ("source default", "team/shop", "run", "12"))
    write_project(4, "octo-shop-lab", "octo/shop-lab")
    write_deployment(
        4, 4, "octo-shop-lab", "gitlab", ("gitlab.example.org", 62, "run", "31", 1),
        repository="octo/shop-lab", run_url="https://gitlab.example.org/octo/shop-lab/-/pipelines/31",
    )  # fmt: skip
    flask_migrate.upgrade()
    client = old.test_client()
    assert send_run(client) == (1, "octo-shop")
    assert apply(client, project="my-shop", run_id="1", status="success")["deployment_id"] == 2
    assert send(client, "jenkins", jenkins.make_notification("COMPLETED", "SUCCESS")) == (3, "team-shop")
    pipeline = json.loads(json.dumps(gitlab.make_pipeline()).replace("octo/shop", "octo/shop-lab"))
    assert send(client, "gitlab", pipeline) == (4, "octo-shop-lab")
    # Later deployments are found by their new digest, also after the repository is renamed.
    assert send_run(client, "octo/shop-2") == (1, "octo-shop-2")
    assert len(describe_runs(client)) == 4
    assert client.get("/projects/octo-shop").headers["Location"] == "/projects/octo-shop-2"


def test_projects_that_shared_a_slug_are_split_with_their_history(old: Flask) -> None:
    write_project(1, "acme-web-api", "acme/web-api")
    places = (("acme/web-api", 81, "1"), ("acme-web/api", 82, "2"))
    for number, (path, repository_id, run) in enumerate(places, 1):
        parts = ("github.com", repository_id, "run", run, 1)
        url = f"https://github.com/{path}/actions/runs/{run}"
        write_deployment(number, 1, "acme-web-api", "github", parts, repository=path, run_url=url)
    write_deployment(3, 1, "acme-web-api", "native", NATIVE_PARTS, repository="acme/web-api")
    flask_migrate.upgrade()
    client = old.test_client()
    split = describe_runs(client)
    assert split == {1: "acme-web-api-2", 2: "acme-web-api-3", 3: "acme-web-api"}
    assert {item["slug"] for item in client.get("/api/projects").get_json()["items"]} == set(split.values())
    assert send_run(client, "acme/web-api", 81, 1) == (1, split[1])
    assert send_run(client, "acme-web/api", 82, 2) == (2, split[2])
    assert apply(client, project="acme/web-api", run_id="1")["deployment_id"] == 3
    assert describe_runs(client) == split
    with db.engine.connect() as connection:
        assert set(connection.execute(text("SELECT keep_days FROM projects")).scalars()) == {40}


def test_a_build_of_another_project_is_not_found_by_the_slug_both_had(old: Flask) -> None:
    body = buildbot.make_build()
    master = body["url"].partition("#")[0]
    parts = (master, body["builder"]["name"].lower(), "run", str(body["buildid"]), 1)
    write_project(1, "octo-shop", "octo-shop")
    write_deployment(1, 1, "octo-shop", "buildbot", parts, run_url=body["url"])
    flask_migrate.upgrade()
    assert send(old.test_client(), "buildbot", body)[0] != 1


def test_a_project_without_deployments_survives(old: Flask) -> None:
    write_project(1, "octo-shop", "octo/shop")
    write_project(2, "报表", "报表")
    flask_migrate.upgrade()
    client = old.test_client()
    assert send_run(client)[1] == "octo-shop"
    assert {item["slug"] for item in client.get("/api/projects").get_json()["items"]} == {"octo-shop", "报表"}


def test_the_version_before_finds_its_projects_after_a_downgrade(old: Flask) -> None:
    write_project(1, "octo-shop", "octo/shop")
    write_deployment(1, 1, "octo-shop", "github", GITHUB_PARTS, repository="octo/shop")
    flask_migrate.upgrade()
    flask_migrate.downgrade(revision="0005")
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT slug, project_id FROM projects JOIN deployments ON true")).all() == [
            ("octo-shop", 1)
        ]

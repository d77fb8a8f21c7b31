"""A source with patterns cannot reach another's project, whatever its bodies claim, in any dialect."""

import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.access.sources import Source, add_source
from dashboard.extensions import db
from tests.support.bodies import bitbucket, buildbot, cdevents, gitea, github, gitlab, jenkins
from tests.support.ingest import NOW
from tests.support.webhook_client import BEARER, PATH, make_payload, post

CONFINED = {"Authorization": "Bearer of the confined"}
NAMES = ("octo/shop", "team/shop", "tekton/blue", "service/shop")
"""The projects of the bodies below."""
NOON = "2026-03-01T12:00:00Z"
STEP = {"name": "deploy", "status": "running"}
BODIES = [
    pytest.param("native", "", make_payload(project="octo/shop", status="running", steps=[STEP]), id="native"),
    pytest.param("github", "workflow_run", github.make_run("in_progress"), id="github run"),
    pytest.param("github", "workflow_job", github.make_job("in_progress"), id="github job"),
    pytest.param("github", "deployment_status", github.make_deployment("in_progress"), id="github deployment"),
    pytest.param("github", "check_run", github.make_check("in_progress", None), id="github check"),
    pytest.param("github", "status", github.make_status("pending"), id="github status"),
    pytest.param("gitea", "workflow_run", gitea.make_run("in_progress"), id="gitea run"),
    pytest.param("gitea", "workflow_job", gitea.make_job("in_progress"), id="gitea job"),
    pytest.param("gitea", "status", gitea.make_status("pending"), id="gitea status"),
    pytest.param("gitea", "action_run_success", gitea.make_forgejo_run(), id="forgejo run"),
    pytest.param("gitea", "workflow_job_success", gitea.make_forgejo_job(), id="forgejo job"),
    pytest.param("gitlab", "", gitlab.make_pipeline("running", gitlab.make_build(7, "unit")), id="gitlab pipeline"),
    pytest.param("gitlab", "", gitlab.make_job(7, "unit"), id="gitlab job"),
    pytest.param("gitlab", "", gitlab.make_deployment(), id="gitlab deployment"),
    pytest.param("bitbucket", "repo:commit_status_updated", bitbucket.make_status("INPROGRESS"), id="bitbucket status"),
    pytest.param("jenkins", "", jenkins.make_notification("STARTED"), id="jenkins build"),
    pytest.param("jenkins", "", jenkins.make_run("started"), id="jenkins event"),
    pytest.param("jenkins", "", jenkins.make_stages("IN_PROGRESS"), id="jenkins stages"),
    pytest.param("cdevents", "", cdevents.make_pipeline_run("started"), id="cdevents run"),
    pytest.param("cdevents", "", cdevents.make_task_run("started"), id="cdevents task"),
    pytest.param("cdevents", "", cdevents.make_service("deployed"), id="cdevents service"),
    pytest.param("buildbot", "", buildbot.make_build(), id="buildbot build"),
]
EVENT_HEADERS = {"github": "X-GitHub-Event", "gitea": "X-Gitea-Event", "bitbucket": "X-Event-Key"}


@pytest.fixture
def visitor(application: Flask) -> FlaskClient:
    """Give a visitor of a dashboard with a source that may report on acme/* alone."""
    with application.app_context():
        confined = Source("confined", ("of the confined",), None, ("acme/*", "team-a/*"))
        add_source(db.engine, application.config["SETTINGS"], NOW, confined)
    return application.test_client()


def send(visitor: FlaskClient, dialect: str, event: str, body: Any, credentials: dict[str, str]) -> dict[str, Any]:
    """Post a body; return the answer."""
    headers = credentials | ({EVENT_HEADERS[dialect]: event} if event else {})
    answer: dict[str, Any] = post(visitor, body, headers, path=f"{PATH}/{dialect}").get_json()
    return answer


def describe(visitor: FlaskClient, answer: dict[str, Any]) -> list[Any]:
    """Return all that can be read of the deployment of an answer, and of its project."""
    path = f"/api/deployments/{answer['deployment_id']}"
    slug = visitor.get(path).get_json()["project"]["slug"]
    paths = (path, f"{path}/events", f"/api/projects/{slug}", f"/api/deployments?project={slug}")
    return [visitor.get(each).get_json() for each in paths]


def rename(body: Any, name: str) -> Any:
    """Return the body with another name for its project: all ids stay the same."""
    owner, _, rest = name.partition("/")
    written = re.sub("job/team/job/shop", f"job/{owner}/job/{rest}", json.dumps(body), flags=re.IGNORECASE)
    for known in NAMES:
        written = re.sub(known, name, written, flags=re.IGNORECASE)
    return json.loads(written)


@pytest.mark.parametrize(("dialect", "event", "body"), BODIES)
@pytest.mark.parametrize("name", ["acme/mine", "Acme/Octo-Shop", "acme/octo/shop"])
def test_the_ids_of_another_project_under_an_allowed_name_change_nothing_of_it(
    visitor: FlaskClient, dialect: str, event: str, body: Any, name: str
) -> None:
    theirs = send(visitor, dialect, event, body, BEARER)
    before = describe(visitor, theirs)
    forged = rename(body, name)
    assert forged != body
    answer = send(visitor, dialect, event, forged, CONFINED)
    assert answer.get("deployment_id") != theirs["deployment_id"]
    assert describe(visitor, theirs) == before
    # Nor does it keep out what belongs there.
    assert send(visitor, dialect, event, body, BEARER)["deployment_id"] == theirs["deployment_id"]


@pytest.mark.parametrize(("dialect", "event", "body"), BODIES)
def test_a_report_on_another_project_is_rejected(visitor: FlaskClient, dialect: str, event: str, body: Any) -> None:
    theirs = send(visitor, dialect, event, body, BEARER)
    before = describe(visitor, theirs)
    answer = send(visitor, dialect, event, body, CONFINED)
    assert answer.get("verdict", "rejected") == "rejected"
    assert describe(visitor, theirs) == before


def make_end(dialect: str, name: str, *, failed: bool) -> Any:
    """Return a body on the end of run 77 of a project without an id."""
    if dialect == "native":
        return make_payload(project=name, run_id="77", status="failed" if failed else "success", timestamp=NOON)
    place = {"full_name": name, "html_url": f"https://github.com/{name}"}
    return github.make_run("completed", "failure" if failed else "success", id=77) | {"repository": place}


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(("dialect", "event"), [("native", ""), ("github", "workflow_run")])
def test_a_name_with_the_slug_of_another_does_not_reach_its_deployment(
    visitor: FlaskClient, dialect: str, event: str, order: int
) -> None:
    reports = [("team/a-x", False, BEARER), ("team-a/x", True, CONFINED)]
    states = set()
    for name, failed, credentials in reports[::order]:
        answer = send(visitor, dialect, event, make_end(dialect, name, failed=failed), credentials)
        view = visitor.get(f"/api/deployments/{answer['deployment_id']}").get_json()
        states.add((view["project"]["name"], view["state"]))
    assert states == {("team/a-x", "success"), ("team-a/x", "failed")}


def test_a_rejected_delivery_does_not_hold_its_key(visitor: FlaskClient) -> None:
    send(visitor, "github", "workflow_run", github.make_run("in_progress"), BEARER)
    forged, key = rename(github.make_run("completed", "success"), "acme/mine"), {"X-GitHub-Delivery": "1"}
    reasons = [send(visitor, "github", "workflow_run", forged, CONFINED | key)["reason"] for _ in range(2)]
    assert reasons[0] == reasons[1]
    assert "not allowed to report on this repository" in reasons[0]


def test_the_repository_of_a_confined_source_may_be_renamed_within_its_patterns(visitor: FlaskClient) -> None:
    names = ("acme/old", "acme/new")
    bodies = [rename(github.make_run("in_progress"), name) for name in names]
    answers = [send(visitor, "github", "workflow_run", body, CONFINED) for body in bodies]
    assert len({answer["deployment_id"] for answer in answers}) == 1


@pytest.mark.parametrize("split", [False, True])
def test_a_confined_source_cannot_link_its_deployment_to_the_run_of_another(visitor: FlaskClient, split: bool) -> None:
    victim = describe(visitor, send(visitor, "github", "workflow_run", github.make_run("in_progress"), BEARER))[0]
    address = {"run_url": "https://github.com/Octo/Shop/actions/runs/9001"}
    bodies = [make_payload(project="acme/x", run_id="9001", status="success", repository="Octo/Shop", **address)]
    if split:
        bodies = [
            {name: value for name, value in bodies[0].items() if name != left} for left in ("run_url", "repository")
        ]
    answers = [send(visitor, "native", "", body, CONFINED) for body in bodies]
    assert {answer["verdict"] for answer in answers} == {"applied"}
    text = "Left out: source confined is not allowed to report on this repository."
    assert answers[0]["warnings"] == [{"field": "repository", "text": text}]
    shown = describe(visitor, answers[-1])[0]
    assert (shown["repository"], shown["run_key"]) == (None, None)
    assert f"/deployments/{victim['id']}" in visitor.get("/").text


def test_a_confined_source_links_its_deployment_to_a_run_that_it_may_report_on(visitor: FlaskClient) -> None:
    address = {"run_url": "https://github.com/acme/x/actions/runs/9001"}
    body = make_payload(project="acme/x", run_id="9001", status="success", repository="acme/x", **address)
    answer = send(visitor, "native", "", body, CONFINED)
    assert "warnings" not in answer
    assert describe(visitor, answer)[0]["run_key"] is not None

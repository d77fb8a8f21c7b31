"""Deliveries with several sources: each has its own secrets, and reports on its own projects."""

import json
import time
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.access.sources import Source, add_source, remove_source, rotate_secret
from dashboard.extensions import db
from tests.support.bodies.github import make_run
from tests.support.bodies.jenkins import make_notification
from tests.support.ingest import NOW
from tests.support.servers import wait_until
from tests.support.webhook_client import BEARER, PATH, make_payload, post, sign_hub, sign_standard

BODY = json.dumps({"zen": "Keep it logically awesome.", "hook_id": 1}).encode()


@pytest.fixture
def visitor(application: Flask) -> FlaskClient:
    """Give a visitor of a dashboard with three more sources."""
    settings = application.config["SETTINGS"]
    with application.app_context():
        add_source(db.engine, settings, NOW, Source("forge", ("of the forge",), "gitea", ("octo/*",)))
        add_source(db.engine, settings, NOW, Source("scripts", ("of the scripts",), None, ("shop", "*/tools")))
        add_source(db.engine, settings, NOW, Source("anyone", ("of anyone", "another of anyone")))
    return application.test_client()


def test_the_secret_identifies_the_source_and_the_source_its_dialect(visitor: FlaskClient) -> None:
    response = post(visitor, BODY, {"Authorization": "Bearer of the forge", "X-GitHub-Event": "push"})
    assert response.status_code == 200
    (newest,) = visitor.get("/api/deliveries", headers=BEARER).get_json()["items"]
    assert (newest["source"], newest["dialect"]) == ("forge", "gitea")


def test_a_signature_with_the_secret_of_any_source_is_accepted(visitor: FlaskClient) -> None:
    headers = {"X-Gitea-Event": "push", "X-Gitea-Signature": sign_hub(BODY, "of the forge")[7:]}
    assert post(visitor, BODY, headers).status_code == 200


def test_a_report_on_a_project_outside_the_patterns_of_its_source_is_rejected(visitor: FlaskClient) -> None:
    headers = {"Authorization": "Bearer of the scripts"}
    assert post(visitor, make_payload(project="shop"), headers).status_code == 200
    assert post(visitor, make_payload(project="Octo/Tools"), headers).status_code == 200
    refused = post(visitor, make_payload(project="bank"), headers)
    assert refused.status_code == 422
    # Anybody can claim a repository: it does not identify a deployment.
    assert post(visitor, make_payload(project="bank", repository="octo/tools"), headers).status_code == 422
    assert "source scripts is not allowed to report on bank" in refused.get_json()["detail"]
    assert visitor.get("/api/projects/bank").status_code == 404


def test_the_repository_id_of_another_project_does_not_reach_its_deployment(visitor: FlaskClient) -> None:
    events = {"X-GitHub-Event": "workflow_run"}
    bank = make_run("in_progress") | {"repository": {"id": 5, "full_name": "acme/bank"}}
    theirs = post(visitor, bank, {**BEARER, **events}, path=f"{PATH}/github").get_json()
    forged = make_run("completed", "failure") | {"repository": {"id": 5, "full_name": "octo/tools"}}
    headers = {"Authorization": "Bearer of the scripts", **events}
    assert post(visitor, forged, headers, path=f"{PATH}/github").get_json()["verdict"] == "applied"
    untouched = visitor.get(f"/api/deployments/{theirs['deployment_id']}").get_json()
    assert (untouched["status"], untouched["repository"]) == ("in_progress", "acme/bank")


def test_two_jenkins_with_an_equal_job_stay_apart(visitor: FlaskClient) -> None:
    body = make_notification("STARTED")
    numbers = set()
    for headers in (BEARER, {"Authorization": "Bearer of anyone"}):
        numbers.add(post(visitor, body, headers, path=f"{PATH}/jenkins").get_json()["deployment_id"])
    assert len(numbers) == 2


def test_gitlabs_token_and_its_signing_key_may_differ(visitor: FlaskClient) -> None:
    now = str(int(time.time()))
    signed = {"webhook-id": "1", "webhook-timestamp": now}
    signed["webhook-signature"] = sign_standard(BODY, "1", now, b"of anyone")
    headers = {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": "another of anyone", **signed}
    assert post(visitor, BODY, headers).status_code == 200
    assert post(visitor, BODY, {**headers, "X-Gitlab-Token": "of the forge"}).status_code == 401


def test_a_removed_or_rotated_out_secret_is_401_within_seconds(visitor: FlaskClient) -> None:
    headers, app = {"Authorization": "Bearer of anyone"}, visitor.application
    assert post(visitor, make_payload(), headers).status_code == 200
    settings = app.config["SETTINGS"]
    with app.app_context():
        rotate_secret(db.engine, settings, NOW, "anyone", secret="a fresh one", overlap=timedelta())
    wait_until(lambda: post(visitor, make_payload(), headers).status_code == 401)
    fresh = {"Authorization": "Bearer a fresh one"}
    assert post(visitor, make_payload(), fresh).status_code == 200
    with app.app_context():
        remove_source(db.engine, "anyone")
    wait_until(lambda: post(visitor, make_payload(), fresh).status_code == 401)


def test_equal_idempotency_keys_of_different_sources_do_not_collide(visitor: FlaskClient) -> None:
    body, key = make_payload(project="shop"), {"Idempotency-Key": "1"}
    for headers in (BEARER, {"Authorization": "Bearer of the scripts"}):
        assert post(visitor, body, {**headers, **key}).get_json()["verdict"] == "applied"
    assert post(visitor, body, {**BEARER, **key}).get_json()["verdict"] == "duplicate"

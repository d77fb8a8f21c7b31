"""The answer to a sender: exactly five members, and a URL that works for the sender."""

import logging
import uuid
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.app import create_app
from dashboard.extensions import WRITER, db
from dashboard.http.context import current_settings
from dashboard.ingest.writer import Writer
from tests.support.applications import make_settings
from tests.support.databases import MakeDatabase
from tests.support.servers import SECRET
from tests.support.webhook_client import BEARER, apply, make_payload, post, sign_hub


def test_answer_has_exactly_five_members(shared_client: FlaskClient) -> None:
    answer = apply(shared_client, run_id="members")
    assert set(answer) == {"delivery_id", "verdict", "deployment_id", "seq", "url"}
    assert uuid.UUID(answer["delivery_id"]).version == 7
    assert (answer["verdict"], answer["seq"]) == ("applied", 1)
    assert answer["url"] == f"http://localhost/deployments/{answer['deployment_id']}"


def test_answer_is_json(shared_client: FlaskClient) -> None:
    assert post(shared_client, make_payload(run_id="type")).content_type == "application/json"


def test_the_url_is_that_of_the_page(shared_client: FlaskClient) -> None:
    assert shared_client.get(apply(shared_client, run_id="page")["url"]).status_code == 200


def test_a_full_queue_is_503_with_retry_after(client: FlaskClient) -> None:
    application = client.application
    with application.app_context():
        application.extensions[WRITER] = Writer(db.engine, current_settings(), max_waiting=0)
    response = post(client, make_payload())
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert response.content_type == "application/problem+json"
    assert "This one was not stored" in response.get_json()["detail"]


def test_seq_counts_visible_changes(shared_client: FlaskClient) -> None:
    reports: list[dict[str, Any]] = [{}, {"branch": "main"}, {"branch": "main"}, {"step_name": "a"}, {"status": "ok"}]
    assert [apply(shared_client, run_id="seq", **report)["seq"] for report in reports] == [1, 2, 2, 3, 4]


@pytest.mark.parametrize(
    ("headers", "start"),
    [
        ({"Host": "ci.example.org"}, "http://ci.example.org/"),
        ({"Host": "ci.example.org:8443", "X-Forwarded-Proto": "https"}, "https://ci.example.org:8443/"),
        ({"Host": "ci.example.org", "X-Forwarded-For": "203.0.113.9"}, "http://ci.example.org/"),
    ],
)
def test_the_url_has_the_host_of_the_request(shared_client: FlaskClient, headers: dict[str, str], start: str) -> None:
    response = post(shared_client, make_payload(run_id="proxy"), {**BEARER, **headers})
    assert response.get_json()["url"].startswith(f"{start}deployments/")


@pytest.mark.parametrize("path", ["/project-dashboard/api/webhook/deployment", "/api/webhook/deployment"])
def test_url_has_the_prefix_whether_or_not_the_proxy_strips_it(
    make_database: MakeDatabase, tmp_path: Path, path: str
) -> None:
    app = create_app(make_settings(make_database(), tmp_path, DASHBOARD_URL_PREFIX="/project-dashboard/"))
    response = post(app.test_client(), make_payload(), path=path)
    answer = response.get_json()
    assert answer["url"] == f"http://localhost/project-dashboard/deployments/{answer['deployment_id']}"
    assert app.test_client().get(answer["url"]).status_code == 200
    with app.app_context():
        db.engine.dispose()


def test_secret_is_in_no_answer_and_in_no_log(shared_client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    body = b'{"project": "shop"}'
    credentials = [BEARER, {"Authorization": f"Basic {SECRET}"}, {"X-Hub-Signature-256": sign_hub(body)}, {}]
    credentials += [{**BEARER, "X-Hub-Signature-256": "sha256=no"}, {"Authorization": "Bearer wrong-token-5150"}]
    for headers in credentials:
        for sent in (body, b"{", b"\xff", b'{"project": "shop", "run_id": "1"}'):
            response = post(shared_client, sent, headers, query_string={"token": "query-5150"})
            assert SECRET not in response.text + str(response.headers)
            assert "5150" not in response.text
    assert SECRET not in caplog.text
    assert "5150" not in caplog.text


def test_stored_headers_contain_no_credentials(shared_client: FlaskClient) -> None:
    signature = sign_hub(b"{}")
    post(shared_client, b"{}", {**BEARER, "X-Hub-Signature-256": signature, "Cookie": "session=5150"})
    with shared_client.application.app_context():
        rows = db.session.execute(db.text("SELECT headers::text FROM deliveries")).scalars().all()
    kept = "".join(rows)
    assert rows
    assert not any(word in kept for word in (SECRET, "Bearer", signature, "5150"))

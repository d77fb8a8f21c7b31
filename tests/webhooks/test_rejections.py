"""What is stored of a rejected delivery: its beginning and the reason, without secrets."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from dashboard.extensions import db
from tests.support.servers import SECRET
from tests.support.webhook_client import BEARER, PATH, make_payload, post

TOO_LARGE = 2 * 1024 * 1024 + 1
FORGED = {"Authorization": "Bearer forged-token-of-somebody", "X-GitHub-Event": "push", "X-GitHub-Delivery": "d-1"}


def list_items(client: FlaskClient) -> list[dict[str, Any]]:
    """Return the newest deliveries."""
    items: list[dict[str, Any]] = client.get("/api/deliveries?limit=200", headers=BEARER).get_json()["items"]
    return items


def read_newest(client: FlaskClient) -> dict[str, Any]:
    """Return the newest delivery, whole."""
    view: dict[str, Any] = client.get(f"/api/deliveries/{list_items(client)[0]['id']}", headers=BEARER).get_json()
    return view


@pytest.mark.parametrize(
    ("status", "posted", "source", "reason"),
    [
        (401, {"body": {}, "headers": {}}, None, "Authentication failed: no bearer token or signature."),
        (401, {"body": {}, "headers": FORGED}, None, "Authentication failed: wrong bearer token."),
        (413, {"body": b" " * TOO_LARGE}, None, "The body is larger than 2097152 bytes."),
        (415, {"body": b"a=b", "media_type": "text/csv"}, "default", "Send JSON, with Content-Type: application/json."),
        (400, {"body": b"[1]"}, "default", "The body must be a JSON object."),
        (422, {"body": {"project": 5}}, "default", "project: Not a valid string."),
    ],
)
def test_a_rejected_delivery_is_stored_with_its_reason(
    shared_client: FlaskClient, status: int, posted: dict[str, Any], source: str | None, reason: str
) -> None:
    assert post(shared_client, **posted).status_code == status
    newest = read_newest(shared_client)
    assert (newest["verdict"], newest["source"], newest["deployment_id"]) == ("rejected", source, None)
    assert newest["reason"].startswith(reason)
    assert newest["changes"] == []


@pytest.mark.parametrize(
    ("size", "headers", "kept"),
    [(4096, BEARER, 4096), (4097, BEARER, 4096), (500_000, {}, 4096), (TOO_LARGE, BEARER, 0), (100, {}, 100)],
)
def test_the_first_4_kib_of_a_rejected_body_are_kept_but_nothing_over_the_cap(
    client: FlaskClient, size: int, headers: dict[str, str], kept: int
) -> None:
    post(client, b"x" * size, headers)
    newest = read_newest(client)
    assert (newest["body_size"], newest["body_kept"], newest["body"]) == (size, kept, "x" * kept)
    assert newest["body_is_whole"] == (kept == size)


def test_unauthenticated_and_truncated_deliveries_cannot_be_replayed(client: FlaskClient) -> None:
    body = json.dumps(make_payload(status="success", log="x" * 5000)).encode()
    post(client, body, {})
    post(client, body, FORGED)
    post(client, b" " * TOO_LARGE)
    post(client, body[:-1])
    obstacles = []
    for item in list_items(client):
        path = f"/api/deliveries/{item['id']}"
        obstacles.append(client.get(path, headers=BEARER).get_json()["obstacle"])
        assert client.post(f"{path}/replay", headers=BEARER).status_code == 409
    assert obstacles == ["cut", "unauthenticated", "unauthenticated", "unauthenticated"]
    done = client.post("/api/deliveries/replay", headers=BEARER).get_json()
    assert (done["replayed"], done["skipped"]) == (0, 4)
    assert client.get("/api/projects").get_json()["items"] == []


def test_at_most_60_rejected_deliveries_are_kept_per_minute_and_source(client: FlaskClient) -> None:
    """A minute may end meanwhile: so no more than twice as many, and never all of them."""
    for _ in range(130):
        assert post(client, {}, {}).status_code == 401
    assert 60 <= len(list_items(client)) <= 120
    assert post(client, {"project": 5}).status_code == 422
    assert list_items(client)[0]["source"] == "default"


def test_an_accepted_delivery_is_kept_however_many_were_rejected(client: FlaskClient) -> None:
    for _ in range(125):
        post(client, {"project": 5})
    answer = post(client, make_payload())
    assert answer.status_code == 200
    assert list_items(client)[0]["id"] == answer.get_json()["delivery_id"]


SIGNED = {
    "Authorization": f"Bearer {SECRET}-x",
    "X-Hub-Signature": "sha1=0123456789abcdef",
    "X-Hub-Signature-256": "sha256=0123456789abcdef",
    "X-Gitea-Signature": "0123456789abcdef",
    "X-Gitlab-Token": f"{SECRET}-x",
    "webhook-signature": "v1,0123456789abcdef",
    "Cookie": "session=0123456789abcdef",
    "Proxy-Authorization": "Basic 0123456789abcdef",
    "X-GitHub-Event": "push",
    "User-Agent": "GitHub-Hookshot/1",
}


def test_no_credential_header_is_stored(client: FlaskClient) -> None:
    post(client, b"{}", SIGNED)
    post(client, {"project": 5}, {**BEARER, "Cookie": "session=0123456789abcdef"})
    with client.application.app_context(), db.engine.connect() as connection:
        stored = [row[0] for row in connection.execute(text("SELECT headers FROM deliveries ORDER BY received_at"))]
    assert stored == [
        {"Content-Type": "application/json", "X-GitHub-Event": "push", "User-Agent": "GitHub-Hookshot/1"},
        {"Content-Type": "application/json", "User-Agent": stored[1]["User-Agent"]},
    ]


@pytest.mark.parametrize("headers", [BEARER, {}])
def test_no_secret_in_a_body_is_shown(client: FlaskClient, headers: dict[str, str]) -> None:
    fields = {"project": 5, "password": "hunter2", "note": SECRET, "deep": [{"api_key": "k-hunter2"}]}
    for body in (fields, json.dumps(fields)[:-2].encode(), json.dumps({**fields, "log": "x" * 9000}).encode()):
        post(client, body, headers, path=PATH)
        newest = read_newest(client)
        page = client.get(f"/deliveries/{newest['id']}", headers=BEARER).text
        for shown in (newest["body"], page):
            assert "••••••" in shown
            assert "hunter2" not in shown
            assert SECRET not in shown

"""How each sender authenticates over HTTP, and how its dialect is recognised."""

import base64
import json
import time

import pytest
from flask.testing import FlaskClient

from tests.support.bodies.github import make_run
from tests.support.servers import SECRET
from tests.support.webhook_client import BEARER, PATH, post, sign_hub, sign_standard

PING = {"zen": "Keep it logically awesome.", "hook_id": 1}
BODY = json.dumps(PING).encode()
HEX = sign_hub(BODY).removeprefix("sha256=")
BASIC = "Basic " + base64.b64encode(f"ci:{SECRET}".encode()).decode()


def sign_now(body: bytes) -> dict[str, str]:
    """Return the headers of Standard Webhooks."""
    now = str(int(time.time()))
    return {"webhook-id": "1", "webhook-timestamp": now, "webhook-signature": sign_standard(body, "1", now)}


AUTHENTIC = {
    "github": {"X-GitHub-Event": "ping", "X-Hub-Signature-256": f"sha256={HEX}", "X-Hub-Signature": "sha1=00"},
    "gitea": {
        "X-Gitea-Event": "push", "X-GitHub-Event": "push", "X-Gitea-Signature": HEX,
        "X-Hub-Signature-256": f"sha256={HEX}", "X-Hub-Signature": "sha1=00",
    },
    "forgejo as gitea": {"X-Forgejo-Event": "push", "X-Gitea-Event": "push", "X-Forgejo-Signature": HEX},
    "gitlab": {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": SECRET},
    "gitlab, signed": {"X-Gitlab-Event": "Push Hook"},
    "bitbucket": {"X-Event-Key": "repo:push", "X-Hub-Signature": f"sha256={HEX}"},
    "cdevents": {"ce-type": "dev.cdevents.change.merged.0.2.0", **BEARER},
}  # fmt: skip


def make_headers(sender: str) -> dict[str, str]:
    """Return the headers with which a sender proves who it is; some are good for minutes only."""
    return AUTHENTIC[sender] | (sign_now(BODY) if sender == "gitlab, signed" else {})


@pytest.mark.parametrize("sender", AUTHENTIC)
def test_headers_name_the_dialect_and_authenticate_the_sender(shared_client: FlaskClient, sender: str) -> None:
    response = post(shared_client, BODY, make_headers(sender))
    assert response.status_code == 200, response.text
    (newest,) = shared_client.get("/api/deliveries?limit=1", headers=BEARER).get_json()["items"]
    assert (newest["id"], newest["source"]) == (response.get_json()["delivery_id"], "default")
    expected = {"forgejo as gitea": "gitea", "gitlab, signed": "gitlab"}.get(sender, sender)
    assert newest["dialect"] == expected


@pytest.mark.parametrize("sender", AUTHENTIC)
def test_a_changed_body_is_401_where_bodies_are_signed(shared_client: FlaskClient, sender: str) -> None:
    response = post(shared_client, BODY + b" ", make_headers(sender))
    has_token = sender in {"gitlab", "cdevents"}
    assert response.status_code == (200 if has_token else 401)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": ""}, id="empty token"),
        pytest.param({"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": SECRET.upper()}, id="wrong token"),
        pytest.param({"X-Gitea-Event": "push", "X-Gitea-Signature": ""}, id="Gitea without a secret"),
        pytest.param({"X-Gitea-Event": "push", "X-Gitea-Signature": "sha256=" + HEX}, id="Gitea with a prefix"),
        pytest.param({"X-Event-Key": "repo:push", "X-Hub-Signature": HEX}, id="Bitbucket without a prefix"),
        pytest.param({"X-Event-Key": "repo:push", "X-Hub-Signature": "sha1=" + "0" * 40}, id="SHA-1"),
        pytest.param({"X-GitHub-Event": "ping", "X-Hub-Signature": f"sha1={'0' * 40}"}, id="SHA-1 from GitHub"),
        pytest.param({"X-GitHub-Event": "ping", "Authorization": BASIC}, id="Basic where it is a proxy's"),
        pytest.param({"X-GitHub-Event": "ping"}, id="none"),
    ],
)
def test_missing_and_invalid_credentials_are_401(shared_client: FlaskClient, headers: dict[str, str]) -> None:
    assert post(shared_client, BODY, headers).status_code == 401


@pytest.mark.parametrize("dialect", ["jenkins", "buildbot"])
@pytest.mark.parametrize("authorization", [BASIC, f"Bearer {SECRET}"])
def test_jenkins_and_buildbot_may_send_the_token_as_password(
    shared_client: FlaskClient, dialect: str, authorization: str
) -> None:
    response = post(shared_client, BODY, {"Authorization": authorization}, path=f"{PATH}/{dialect}")
    assert response.status_code == 200, response.text
    wrong = "Basic " + base64.b64encode(b"ci:wrong").decode()
    assert post(shared_client, BODY, {"Authorization": wrong}, path=f"{PATH}/{dialect}").status_code == 401


def test_the_path_overrides_the_headers_as_dialect(shared_client: FlaskClient) -> None:
    response = post(shared_client, BODY, AUTHENTIC["github"], path=f"{PATH}/gitlab")
    assert response.get_json()["verdict"] in {"ignored", "failed"}
    (newest,) = shared_client.get("/api/deliveries?limit=1", headers=BEARER).get_json()["items"]
    assert newest["dialect"] == "gitlab"


def test_there_is_no_path_for_other_dialects(shared_client: FlaskClient) -> None:
    assert post(shared_client, BODY, path=f"{PATH}/klingon").status_code == 404


def test_an_unknown_event_is_ignored_without_an_error(shared_client: FlaskClient) -> None:
    headers = {"X-GitHub-Event": "never_heard_of", "X-Hub-Signature-256": f"sha256={HEX}"}
    answer = post(shared_client, BODY, headers).get_json()
    assert (answer["verdict"], answer["reason"]) == ("ignored", "unknown event 'never_heard_of'")


@pytest.mark.parametrize("body", [b"", b"not JSON", b"[1]", b'{"a": NaN}', b"[" * 100_000, b"\xff\xfe"])
@pytest.mark.parametrize(
    ("dialect", "event"),
    [("github", "workflow_run"), ("gitlab", "Pipeline Hook"), ("gitea", "workflow_run"), ("jenkins", ""),
     ("bitbucket", "repo:commit_status_created"), ("cdevents", ""), ("buildbot", "")],
)  # fmt: skip
def test_an_unreadable_body_of_a_ci_server_is_200_and_stored(
    shared_client: FlaskClient, dialect: str, event: str, body: bytes
) -> None:
    named = {"github": "X-GitHub-Event", "gitlab": "X-Gitlab-Event", "gitea": "X-Gitea-Event"}
    headers = {**BEARER, named.get(dialect, "X-Event-Key"): event}
    response = post(shared_client, body, headers, path=f"{PATH}/{dialect}")
    assert response.status_code == 200, response.text
    answer = response.get_json()
    assert answer["verdict"] in {"failed", "ignored"}
    assert answer["reason"]


def test_github_may_send_a_form(shared_client: FlaskClient) -> None:
    body = b"payload=%7B%22zen%22%3A%22a%2Bb%22%7D"
    headers = {"X-GitHub-Event": "ping", "X-Hub-Signature-256": sign_hub(body)}
    response = post(shared_client, body, headers, media_type="application/x-www-form-urlencoded")
    assert response.get_json()["verdict"] == "ignored"
    (newest,) = shared_client.get("/api/deliveries?limit=1", headers=BEARER).get_json()["items"]
    assert (newest["event"], newest["dialect"]) == ("ping", "github")


def test_json_with_the_media_type_of_a_form_is_read_as_json(shared_client: FlaskClient) -> None:
    headers = {"X-GitHub-Event": "workflow_run", **BEARER}
    body = json.dumps(make_run("in_progress") | {"note": "a=b&c=%zz"}).encode()
    response = post(shared_client, body, headers, media_type="application/x-www-form-urlencoded")
    assert response.get_json()["verdict"] == "applied"


def test_a_body_over_the_cap_is_503_for_gitlab_to_keep_its_hook_enabled(shared_client: FlaskClient) -> None:
    too_large = b" " * (2 * 1024 * 1024 + 1)
    response = post(shared_client, too_large, AUTHENTIC["gitlab"])
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert post(shared_client, too_large, AUTHENTIC["github"]).status_code == 413


def test_the_cloudevents_handshake_allows_the_requesting_origin(shared_client: FlaskClient) -> None:
    headers = {"WebHook-Request-Origin": "ci.example", "WebHook-Request-Rate": "120"}
    for path in (PATH, f"{PATH}/cdevents"):
        response = shared_client.options(path, headers=headers)
        assert response.status_code == 200
        assert response.headers["WebHook-Allowed-Origin"] == "ci.example"
        assert response.headers["WebHook-Allowed-Rate"] == "120"
    assert "WebHook-Allowed-Origin" not in shared_client.options(PATH).headers
    away = shared_client.options(PATH, headers=headers, environ_overrides={"REMOTE_ADDR": "203.0.113.9"})
    assert away.headers["WebHook-Allowed-Origin"] == "ci.example"

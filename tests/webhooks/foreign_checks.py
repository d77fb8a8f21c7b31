"""Checks for any delivery in a CI server's dialect: it is answered, and what it stored can be shown."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support import sender_series
from tests.support.delivery_orders import show_in_order
from tests.support.sender_deliveries import Json, Series
from tests.support.webhook_client import BEARER, PATH, post

EVENT_HEADERS = {
    "github": "X-GitHub-Event",
    "gitea": "X-Gitea-Event",
    "gitlab": "X-Gitlab-Event",
    "bitbucket": "X-Event-Key",
}
"""Of the dialects that have one."""
VERDICTS = frozenset({"applied", "duplicate", "ignored", "failed"})
LISTS = ("/api/deployments?limit=200", "/api/projects", "/", "/deployments")
USUAL: Mapping[str, tuple[Series, str]] = {
    "github": (sender_series.make_github_series, "failed"),
    "gitea": (sender_series.make_gitea_series, "success"),
    "gitlab": (sender_series.make_gitlab_series, "success"),
    "bitbucket": (sender_series.make_bitbucket_series, "success"),
    "jenkins": (sender_series.make_jenkins_series, "failed"),
    "cdevents": (sender_series.make_cdevents_series, "failed"),
    "buildbot": (sender_series.make_buildbot_series, "failed"),
}
"""By dialect: a series as it is sent every day, and the state in which it ends."""


def send(client: FlaskClient, dialect: str, event: str, body: Any, **headers: str) -> TestResponse:
    """Post a body, raw or to be written as JSON, as an event of a dialect; underscores in headers become hyphens."""
    named = {EVENT_HEADERS[dialect]: event} if dialect in EVENT_HEADERS else {}
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return post(client, body, {**BEARER, **named, **more}, path=f"{PATH}/{dialect}")


def receive(client: FlaskClient, dialect: str, event: str, body: Any, **headers: str) -> Json:
    """Post what must be answered as a CI server is, without a fault of ours; return the answer."""
    response = send(client, dialect, event, body, **headers)
    assert response.status_code == 200, response.text
    answer: Json = response.get_json()
    assert answer["verdict"] in VERDICTS
    assert answer["verdict"] in {"applied", "duplicate"} or answer["reason"]
    assert not any(fault in answer.get("reason", "") for fault in ("parser failed", "internal error")), answer
    return answer


def assert_serves(client: FlaskClient, dialect: str, touched: Iterable[Json] = ()) -> None:
    """Check that every list can be read, and what those answers are about; and that a usual series is shown as ever."""
    for number in {answer["deployment_id"] for answer in touched} - {None}:
        assert_readable(client, number)
    for path in LISTS:
        assert client.get(path).status_code == 200, path
    usual, state = USUAL[dialect]
    assert show_in_order(client, usual)["state"] == state


def assert_readable(client: FlaskClient, number: int) -> None:
    """Check that a deployment, its page, its events and its project can be read, and hold what can be stored."""
    shown = client.get(f"/api/deployments/{number}")
    assert "\\u0000" not in shown.text
    slug = quote(shown.get_json()["project"]["slug"])
    for path in (f"/deployments/{number}", f"/api/deployments/{number}/events", f"/api/projects/{slug}"):
        assert client.get(path).status_code == 200, path

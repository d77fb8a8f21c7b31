"""Replay: a stored delivery is parsed and applied again, and what was right does not change."""

import uuid
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from dashboard.access.sources import Source, add_source, remove_source
from dashboard.app import create_app
from dashboard.extensions import db
from dashboard.webhooks import replay
from tests.support.applications import close_connections, make_settings
from tests.support.databases import MakeDatabase
from tests.support.ingest import NOW
from tests.support.servers import SECRET
from tests.support.webhook_client import BEARER, make_payload, post

PAGE = {**BEARER, "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
RUN = b"""{"action": "completed", "repository": {"id": 5, "full_name": "octo/shop"},
 "workflow_run": {"id": 77, "run_attempt": 1, "name": "Deploy", "status": "completed", "conclusion": "success",
  "run_started_at": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01T00:05:00Z"}}"""


def replay_one(client: FlaskClient, delivery_id: str, status: int = 200) -> dict[str, Any]:
    """Replay one delivery; return the answer."""
    response = client.post(f"/api/deliveries/{delivery_id}/replay", headers=BEARER)
    assert response.status_code == status, response.text
    answer: dict[str, Any] = response.get_json()
    return answer


def replay_all(client: FlaskClient, query: str = "", status: int = 200, **filters: Any) -> dict[str, Any]:
    """Replay what matches; return the answer."""
    given = {"json": filters} if filters else {}
    response = client.post(f"/api/deliveries/replay?{query}", headers=BEARER, **given)
    assert response.status_code == status, response.text
    answer: dict[str, Any] = response.get_json()
    return answer


def read_delivery(client: FlaskClient, delivery_id: str) -> dict[str, Any]:
    """Return one stored delivery."""
    view: dict[str, Any] = client.get(f"/api/deliveries/{delivery_id}", headers=BEARER).get_json()
    return view


def read_deployment(client: FlaskClient, deployment_id: int) -> dict[str, Any]:
    """Return a deployment."""
    view: dict[str, Any] = client.get(f"/api/deployments/{deployment_id}").get_json()
    return view


def execute(client: FlaskClient, statement: str, **values: Any) -> None:
    """Change rows as no request can."""
    with client.application.app_context(), db.engine.begin() as connection:
        connection.execute(text(statement), values)


def store_failed(client: FlaskClient, body: bytes, received_at: datetime = NOW, **values: Any) -> str:
    """Store a GitHub delivery that a parser failed on at the time; return its id."""
    row = {"id": str(uuid.uuid4()), "source": "default", "body": zlib.compress(body), "size": len(body), **values}
    execute(
        client,
        "INSERT INTO deliveries (id, received_at, source, dialect, event, verdict, reason, headers, body, body_size)"
        " VALUES (:id, :received_at, :source, 'github', 'workflow_run', 'failed', 'the parser failed',"
        """ '{"X-GitHub-Event": "workflow_run", "Content-Type": "application/json"}', :body, :size)""",
        **{**row, "received_at": received_at},
    )
    return str(row["id"])


def test_replaying_an_applied_delivery_changes_nothing(client: FlaskClient) -> None:
    posted = post(client, make_payload(status="running"), {**BEARER, "Idempotency-Key": "k"}).get_json()
    before = read_delivery(client, posted["delivery_id"]), read_deployment(client, posted["deployment_id"])
    for _ in range(2):
        assert replay_one(client, posted["delivery_id"]) == posted
    delivery, deployment = before
    again = read_delivery(client, posted["delivery_id"])
    assert again["changes"] == delivery["changes"] != []
    assert again["received_at"] == delivery["received_at"] < again["replayed_at"]
    kept = {name: value for name, value in delivery.items() if name not in {"replayed_at", "took_ms"}}
    assert {name: again[name] for name in kept} == kept
    assert read_deployment(client, posted["deployment_id"]) == deployment


def test_replaying_an_early_delivery_reverts_nothing(client: FlaskClient) -> None:
    first = post(client, make_payload(status="running", message="begun")).get_json()
    last = post(client, make_payload(status="success", timestamp="2024-01-01T00:00:00Z", message="done")).get_json()
    view = read_deployment(client, first["deployment_id"])
    assert replay_one(client, first["delivery_id"])["seq"] == last["seq"]
    assert read_deployment(client, first["deployment_id"]) == view


def test_a_failed_delivery_is_applied_once_its_parser_is_fixed(client: FlaskClient) -> None:
    delivery_id = store_failed(client, RUN)
    answer = replay_one(client, delivery_id)
    assert (answer["verdict"], answer["seq"]) == ("applied", 1)
    delivery = read_delivery(client, delivery_id)
    assert (delivery["verdict"], delivery["reason"], delivery["event"]) == ("applied", None, "workflow_run")
    assert delivery["received_at"] == "2026-06-01T12:00:00Z"
    assert {"field": "state", "after": "success"}.items() <= next(
        change for change in delivery["changes"] if change["field"] == "state"
    ).items()
    assert read_deployment(client, answer["deployment_id"])["state"] == "success"


def test_the_observed_start_is_the_first_receipt(client: FlaskClient) -> None:
    timeless = RUN.replace(b'"run_started_at": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01T00:05:00Z"', b'"a": 1')
    running = timeless.replace(b"completed", b"in_progress").replace(b'"success"', b"null")
    store_failed(client, running, datetime(2026, 6, 1, 9, tzinfo=UTC))
    store_failed(client, running, datetime(2026, 6, 1, 10, tzinfo=UTC))
    assert replay_all(client)["verdicts"] == {"applied": 2}
    (view,) = client.get("/api/deployments").get_json()["items"]
    assert (view["started_at"], view["started_observed"]) == ("2026-06-01T09:00:00Z", True)


def test_an_invalid_native_delivery_stays_rejected(client: FlaskClient) -> None:
    post(client, {"project": 5})
    (item,) = client.get("/api/deliveries", headers=BEARER).get_json()["items"]
    answer = replay_one(client, item["id"])
    assert (answer["verdict"], answer["deployment_id"]) == ("rejected", None)
    assert answer["reason"] == item["reason"]


def test_a_duplicate_stays_a_duplicate(client: FlaskClient) -> None:
    keyed = {**BEARER, "Idempotency-Key": "k"}
    post(client, make_payload(), keyed)
    copy = post(client, make_payload(), keyed).get_json()
    assert replay_one(client, copy["delivery_id"]) == copy


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"source": None}, "the delivery was not authenticated."),
        ({"size": len(RUN) + 1}, "only the first part of the body was stored."),
        ({"source": "gone"}, "the source has been removed"),
    ],
)
def test_replaying_an_unauthenticated_or_cut_delivery_is_409_and_changes_nothing(
    client: FlaskClient, values: dict[str, Any], reason: str
) -> None:
    delivery_id = store_failed(client, RUN, **values)
    assert reason in replay_one(client, delivery_id, 409)["detail"]
    delivery = read_delivery(client, delivery_id)
    assert (delivery["verdict"], delivery["replayed_at"]) == ("failed", None)
    done = replay_all(client)
    assert (done["replayed"], done["skipped"], done["verdicts"], done["next_cursor"]) == (0, 1, {}, None)
    assert client.get("/api/deployments").get_json()["items"] == []


def test_unknown_delivery_is_404(client: FlaskClient) -> None:
    replay_one(client, str(uuid.uuid4()), 404)


def test_a_failing_parser_fails_only_its_own_delivery(client: FlaskClient) -> None:
    delivery_id = store_failed(client, RUN)
    execute(client, "UPDATE deliveries SET dialect = 'forgotten'")
    store_failed(client, RUN)
    assert replay_all(client)["verdicts"] == {"applied": 1, "failed": 1}
    assert read_delivery(client, delivery_id)["reason"] == "the parser failed: KeyError"


class TestSources:
    """Deliveries of a source that may report on some repositories only."""

    @pytest.fixture
    def visitor(self, make_database: MakeDatabase, tmp_path: Path) -> Iterator[FlaskClient]:
        """Give a visitor of a dashboard with the source `forge`."""
        settings = make_settings(make_database(), tmp_path)
        app = create_app(settings)
        with app.app_context():
            add_source(db.engine, settings, NOW, Source("forge", ("of the forge",), "github", ("octo/*",)))
        yield app.test_client()
        with app.app_context():
            close_connections(app)

    def test_a_report_on_a_project_outside_the_patterns_of_its_source_is_rejected(self, visitor: FlaskClient) -> None:
        allowed = store_failed(visitor, RUN, source="forge")
        other = store_failed(visitor, RUN.replace(b"octo/shop", b"bank/vault"), source="forge")
        assert replay_one(visitor, allowed)["verdict"] == "applied"
        answer = replay_one(visitor, other)
        assert (answer["verdict"], answer["deployment_id"]) == ("rejected", None)
        assert answer["reason"].startswith("source forge is not allowed to report on ")

    def test_deliveries_of_a_removed_source_cannot_be_replayed(self, visitor: FlaskClient) -> None:
        delivery_id = store_failed(visitor, RUN, source="forge")
        with visitor.application.app_context():
            remove_source(db.engine, "forge")
        assert "the source has been removed" in replay_one(visitor, delivery_id, 409)["detail"]


@pytest.mark.parametrize("as_json", [False, True])
def test_all_matching_deliveries_are_replayed_oldest_first_over_several_calls(
    client: FlaskClient, as_json: bool
) -> None:
    ids = [post(client, make_payload(run_id=str(n), status="running")).get_json()["delivery_id"] for n in range(5)]
    post(client, {"zen": "z"}, {**BEARER, "X-GitHub-Event": "ping"})
    replayed: list[list[str]] = []
    cursor = None
    for _ in range(3):
        given: dict[str, Any] = {"verdict": "applied", "limit": 2, **({"cursor": cursor} if cursor else {})}
        query = "" if as_json else "&".join(f"{name}={value}" for name, value in given.items())
        done = replay_all(client, query, **(given if as_json else {}))
        items = client.get("/api/deliveries", headers=BEARER).get_json()["items"]
        replayed.append([item["id"] for item in items[::-1] if item["replayed_at"]])
        assert done["verdicts"] == {"applied": done["replayed"]}
        cursor = done["next_cursor"]
    assert replayed == [ids[:2], ids[:4], ids]
    assert cursor is None


def test_a_slow_call_ends_early_with_a_cursor(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "MAX_CALL_S", 0)
    for n in range(2):
        post(client, make_payload(run_id=str(n)))
    first = replay_all(client)
    assert first["replayed"] == 1
    assert replay_all(client, cursor=first["next_cursor"]) == {**first, "next_cursor": None}


@pytest.mark.parametrize(
    ("query", "filters", "field"),
    [
        ("verdict=maybe", {}, "verdict"),
        ("verdcit=failed", {}, "verdcit"),
        ("limit=501", {}, "limit"),
        ("cursor=x", {}, "cursor"),
        ("", {"verdcit": "failed"}, "verdcit"),
        ("", {"q": "a\x00"}, "q"),
        ("", {"limit": 0}, "limit"),
    ],
)
def test_an_invalid_filter_replays_nothing(
    shared_client: FlaskClient, query: str, filters: dict[str, Any], field: str
) -> None:
    assert set(replay_all(shared_client, query, 422, **filters)["errors"]) == {field}


@pytest.mark.parametrize(("body", "status"), [(b'{"q": "\\ud800"}', 422), (b"[]", 422), (b"{", 400)])
def test_an_invalid_body_replays_nothing(shared_client: FlaskClient, body: bytes, status: int) -> None:
    headers = {**BEARER, "Content-Type": "application/json"}
    assert shared_client.post("/api/deliveries/replay", headers=headers, data=body).status_code == status


@pytest.mark.parametrize("path", ["/api/deliveries/replay", f"/api/deliveries/{uuid.UUID(int=7)}/replay"])
class TestAccess:
    """Who may have something replayed."""

    @pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
    def test_replay_needs_the_secret(self, shared_client: FlaskClient, path: str, headers: dict[str, str]) -> None:
        assert shared_client.post(path, headers=headers).status_code == 401
        assert shared_client.post(f"{path}?token={SECRET}", headers=headers).status_code == 401

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://localhost.evil.example"},
            {"Origin": "http://localhost:9999"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        ],
    )
    def test_pages_of_other_sites_may_not_replay(
        self, shared_client: FlaskClient, path: str, headers: dict[str, str]
    ) -> None:
        assert shared_client.post(path, headers={**BEARER, **headers}).status_code == 403

    @pytest.mark.parametrize("headers", [{"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}])
    def test_our_own_pages_may_replay(self, shared_client: FlaskClient, path: str, headers: dict[str, str]) -> None:
        assert shared_client.post(path, headers={**BEARER, **headers}).status_code in {200, 404}

    def test_get_does_not_replay(self, shared_client: FlaskClient, path: str) -> None:
        assert shared_client.get(path, headers=BEARER).status_code in {404, 405}


def test_browsers_are_redirected_to_the_page_they_came_from(client: FlaskClient) -> None:
    posted = post(client, make_payload(status="running")).get_json()
    page = f"/deliveries/{posted['delivery_id']}"
    one = client.post(f"/api{page}/replay", headers=PAGE)
    assert (one.status_code, one.location) == (303, f"{page}?replayed=1")
    execute(client, "UPDATE deliveries SET source = 'gone'")
    refused = client.post(f"/api{page}/replay", headers=PAGE)
    assert (refused.status_code, refused.location) == (303, f"{page}?refused=removed")
    execute(client, "UPDATE deliveries SET source = 'default'")
    form = {"verdict": "applied", "since": "2024-01-01", "_external": "1", "x": "y"}
    many = client.post("/api/deliveries/replay?verdict=applied", headers=PAGE, data=form)
    shown = "/deliveries?verdict=applied&since=2024-01-01&replayed=1&skipped=0&applied=1"
    assert (many.status_code, many.location) == (303, shown)

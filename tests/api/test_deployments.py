"""`/api/deployments`: shapes, filters, pages, events."""

from typing import Any

import pytest
import sqlalchemy
from flask.testing import FlaskClient

from dashboard.extensions import db
from tests.api.shapes import DEPLOYMENT, EVENT, JOB, STEP, SUMMARY, assert_shape
from tests.support.webhook_client import apply, read

WHOLE: dict[str, Any] = {
    "project": "whole",
    "repository": "acme/whole",
    "branch": "main",
    "commit_hash": "abc123",
    "triggered_by": "li",
    "status": "failed",
    "started_at": "2026-01-01T00:00:00Z",
    "completed_at": "2026-01-01T00:01:30Z",
    "message": "m",
    "error": "e",
    "steps": [
        {"name": "build", "status": "ok", "started_at": "2026-01-01T00:00:00Z", "completed_at": "2026-01-01T00:00:02Z"},
        {"name": "deploy_project", "status": "failed", "message": "m", "error": "e"},
    ],
}


def get(client: FlaskClient, path: str) -> Any:
    """Return the JSON of what must be found."""
    response = client.get(path)
    assert response.status_code == 200, response.text
    return response.get_json()


def list_all(client: FlaskClient, query: str) -> list[dict[str, Any]]:
    """Return the deployments of a query, in the order shown."""
    items: list[dict[str, Any]] = get(client, f"/api/deployments?{query}")["items"]
    return items


@pytest.mark.parametrize("fields", [{}, WHOLE, {"status": "running"}, {"step_name": "a", "step_status": "running"}])
def test_deployment_has_every_documented_field(shared_client: FlaskClient, fields: dict[str, Any]) -> None:
    view = read(shared_client, apply(shared_client, run_id=f"shape {len(fields)}", **fields))
    assert_shape(view, DEPLOYMENT)
    assert_shape(view["project"], {"slug": str, "name": str})
    for job in view["jobs"]:
        assert_shape(job, JOB)
        for step in job["steps"]:
            assert_shape(step, STEP)


def test_a_deployment_has_the_reported_values(shared_client: FlaskClient) -> None:
    view = read(shared_client, apply(shared_client, run_id="values", run_attempt=3, **WHOLE))
    assert (view["project"]["slug"], view["run_id"], view["attempt"], view["dialect"]) == (
        "whole",
        "values",
        3,
        "native",
    )
    assert (view["started_at"], view["completed_at"]) == ("2026-01-01T00:00:00Z", "2026-01-01T00:01:30Z")
    assert (view["duration_s"], view["estimate"]) == (90, None)
    assert view["url"] == f"http://localhost/deployments/{view['id']}"


def test_a_listed_deployment_equals_the_single_one_without_its_jobs(shared_client: FlaskClient) -> None:
    view = read(shared_client, apply(shared_client, run_id="listed", **{**WHOLE, "project": "listed"}))
    (item,) = list_all(shared_client, "project=listed")
    assert_shape(item, SUMMARY)
    assert "jobs" not in item
    assert item == {name: view[name] for name in item}


def test_list_without_rows_is_empty(shared_client: FlaskClient) -> None:
    assert get(shared_client, "/api/deployments?project=nobody") == {"items": [], "next_cursor": None}


FILTERED = [
    {"run_id": "f1", "branch": "main", "environment": "staging", "status": "ok", "started_at": "2026-02-01T00:00:00Z"},
    {"run_id": "f2", "branch": "dev", "status": "failed", "started_at": "2026-02-02T00:00:00Z", "message": "100% 满"},
    {"run_id": "f3", "branch": "Main", "status": "running", "started_at": "2026-02-03T00:00:00Z", "triggered_by": "李"},
]


@pytest.fixture(scope="module")
def filtered(shared_client: FlaskClient) -> FlaskClient:
    """Give a visitor of three deployments of the project filtered."""
    for fields in FILTERED:
        apply(shared_client, project="filtered", **fields)
    return shared_client


@pytest.mark.parametrize(
    ("query", "runs"),
    [
        ("", ["f3", "f2", "f1"]),
        ("environment=staging", ["f1"]),
        ("environment=production", ["f3", "f2"]),
        ("environment=", []),
        ("state=success", ["f1"]),
        ("state=failed", ["f2"]),
        ("state=running", ["f3"]),
        ("state=stale", []),
        ("branch=main", ["f1"]),
        ("branch=Main", ["f3"]),
        ("branch=mai", []),
        ("q=MAIN", ["f3", "f1"]),
        ("q=李", ["f3"]),
        ("q=100%25", ["f2"]),
        ("q=%25", ["f2"]),
        ("q=_", []),
        ("q=%5C", []),
        ("q=满", ["f2"]),
        ("q=f2", ["f2"]),
        ("q=filtered", ["f3", "f2", "f1"]),
        ("q=", ["f3", "f2", "f1"]),
        ("since=2026-02-02T00:00:00Z", ["f3", "f2"]),
        ("since=2026-02-02T08:00:00%2B08:00", ["f3", "f2"]),
        ("until=2026-02-02T00:00:00Z", ["f1"]),
        ("since=2026-02-02T00:00:00Z&until=2026-02-03T00:00:00Z", ["f2"]),
        ("since=0001-01-01T00:00:00%2B14:00&until=9999-12-31T23:59:59-14:00", ["f3", "f2", "f1"]),
        ("branch=dev&state=failed&q=满", ["f2"]),
        ("branch=dev&state=success", []),
        ("utm_source=mail", ["f3", "f2", "f1"]),
    ],
)
def test_filters_narrow_the_list(filtered: FlaskClient, query: str, runs: list[str]) -> None:
    assert [item["run_id"] for item in list_all(filtered, f"project=filtered&{query}")] == runs


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=done", "state"),
        ("state=", "state"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=1.5", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("since=yesterday", "since"),
        ("since=2026-02-02T00:00:00", "since"),
        ("until=2026-02-02", "until"),
        ("cursor=nonsense", "cursor"),
        ("cursor=%FF", "cursor"),
        ("cursor=MjAyNi0wMS0wMVQwMDowMDowMHwx", "cursor"),
        ("cursor=MjAyNi0wMS0wMVQwMDowMDowMCswMDowMHx4", "cursor"),
    ],
)
def test_an_invalid_filter_is_422_with_its_name(shared_client: FlaskClient, query: str, field: str) -> None:
    response = shared_client.get(f"/api/deployments?{query}")
    assert (response.status_code, response.content_type) == (422, "application/problem+json")
    assert set(response.get_json()["errors"]) == {field}


BEGUN = {"status": "running", "started_at": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize("limit", [1, 3, 10, 11])
def test_pages_show_each_row_once_while_new_ones_arrive(client: FlaskClient, limit: int) -> None:
    # Equal times, so that the order follows from the ids.
    expected = [apply(client, run_id=str(n), **BEGUN)["deployment_id"] for n in range(10)]
    seen, cursor, pages = [], "", 0
    while cursor is not None:
        page = get(client, f"/api/deployments?limit={limit}&cursor={cursor}")
        seen += [item["id"] for item in page["items"]]
        cursor, pages = page["next_cursor"], pages + 1
        assert len(page["items"]) <= limit
        apply(client, run_id=f"new {pages}")
    assert sorted(seen) == sorted(expected)
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize("path", ["0", "999999", "9223372036854775807", "9223372036854775808", "9" * 40, "-1", "x"])
@pytest.mark.parametrize("rest", ["", "/events"])
def test_unknown_deployment_is_a_404_document(client: FlaskClient, path: str, rest: str) -> None:
    response = client.get(f"/api/deployments/{path}{rest}")
    assert (response.status_code, response.content_type) == (404, "application/problem+json")


@pytest.fixture
def changed(client: FlaskClient) -> dict[str, Any]:
    """Give the last answer of four deliveries on one deployment, three of which changed it."""
    apply(client, status="running")
    apply(client, status="running")
    apply(client, step_name="a", step_status="running")
    return apply(client, status="failed")


def test_events_have_no_gap(client: FlaskClient, changed: dict[str, Any]) -> None:
    page = get(client, f"/api/deployments/{changed['deployment_id']}/events")
    for event in page["items"]:
        assert_shape(event, EVENT)
    assert [(event["prev_seq"], event["seq"]) for event in page["items"]] == [(0, 1), (1, 2), (2, 3)]
    assert [event["kind"] for event in page["items"]][::2] == ["deployment.created", "deployment.completed"]
    assert page["next_cursor"] is None


def test_pages_of_events_have_no_gap(client: FlaskClient, changed: dict[str, Any]) -> None:
    path, seen, cursor = f"/api/deployments/{changed['deployment_id']}/events?limit=2", [], ""
    while cursor is not None:
        page = get(client, path + cursor)
        seen += [event["seq"] for event in page["items"]]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert seen == [1, 2, 3]


def test_all_queries_of_a_request_share_one_connection(client: FlaskClient, changed: dict[str, Any]) -> None:
    connections = []
    with client.application.app_context():
        sqlalchemy.event.listen(db.engine, "checkout", lambda *connection: connections.append(connection[0]))
    get(client, f"/api/deployments/{changed['deployment_id']}")
    assert len(connections) == 1


@pytest.mark.parametrize(("since", "seqs"), [(0, [1, 2, 3]), (2, [3]), (3, [])])
def test_events_begin_after_since(client: FlaskClient, changed: dict[str, Any], since: int, seqs: list[int]) -> None:
    page = get(client, f"/api/deployments/{changed['deployment_id']}/events?since={since}")
    assert [event["seq"] for event in page["items"]] == seqs


@pytest.mark.parametrize("since", ["4", "99999999999999999999"])
def test_events_after_the_last_seq_are_410(client: FlaskClient, changed: dict[str, Any], since: str) -> None:
    response = client.get(f"/api/deployments/{changed['deployment_id']}/events?since={since}")
    assert (response.status_code, response.content_type) == (410, "application/problem+json")


def test_deleted_events_are_410(client: FlaskClient, changed: dict[str, Any]) -> None:
    with client.application.app_context(), db.engine.begin() as connection:
        connection.execute(db.text("DELETE FROM deployment_events WHERE seq <= 2"))
    path = f"/api/deployments/{changed['deployment_id']}/events"
    assert client.get(f"{path}?since=1").status_code == 410
    assert client.get(f"{path}?since=2").status_code == 200


@pytest.mark.parametrize("since", ["-1", "x", "1.5"])
def test_an_invalid_since_is_422(client: FlaskClient, changed: dict[str, Any], since: str) -> None:
    response = client.get(f"/api/deployments/{changed['deployment_id']}/events?since={since}")
    assert (response.status_code, set(response.get_json()["errors"])) == (422, {"since"})

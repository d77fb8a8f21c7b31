"""Connecting, subscribing and acknowledgements."""

from typing import Any

import pytest
import socketio.exceptions

from tests.support.fixtures import ConnectClient, StartDashboard
from tests.support.rows import Rows
from tests.support.servers import DashboardServer

UNKNOWN = {"error": "unknown topic"}


def test_a_new_subscriber_gets_a_snapshot(connect_client: ConnectClient, rows: Rows) -> None:
    deployment_id = rows.make_deployment("shop", seq=2)
    answer = connect_client().subscribe(f"deployment:{deployment_id}")
    assert answer["seq"] == answer["snapshot"]["seq"] == 2
    assert answer["snapshot"]["id"] == deployment_id
    assert answer["snapshot"]["project"]["slug"] == "shop"
    assert answer["snapshot"]["jobs"] == []


@pytest.mark.parametrize("topic", ["overview", "project:shop"])
def test_a_list_topic_is_acknowledged_with_rows_and_their_seqs(
    topic: str, connect_client: ConnectClient, rows: Rows
) -> None:
    deployment_id = rows.make_deployment("shop", seq=3)
    answer = connect_client().subscribe(topic)
    assert answer["seq"] is None
    assert [row["seq"] for row in answer["snapshot"]["deployments"] if row["id"] == deployment_id] == [3]
    assert "shop" in [project["slug"] for project in answer["snapshot"]["projects"]]


def test_a_returning_subscriber_gets_the_missed_events(connect_client: ConnectClient, rows: Rows) -> None:
    deployment_id = rows.make_deployment(seq=1)
    rows.add_events({deployment_id: [{"deployment": {"message": "a"}}, {"deployment": {"message": "b"}}]})
    assert connect_client().subscribe(f"deployment:{deployment_id}", since=1) == {
        "seq": 3,
        "events": [
            {
                "deployment_id": deployment_id,
                "prev_seq": prev_seq,
                "seq": prev_seq + 1,
                "kind": "deployment.updated",
                "deployment": {"message": message},
                "jobs": [],
                "steps": [],
            }
            for prev_seq, message in ((1, "a"), (2, "b"))
        ],
    }


def test_a_subscriber_who_missed_nothing_gets_no_events(connect_client: ConnectClient, rows: Rows) -> None:
    deployment_id = rows.make_deployment(seq=2)
    assert connect_client().subscribe(f"deployment:{deployment_id}", since=2) == {"seq": 2, "events": []}


def test_a_seq_that_is_ahead_deleted_or_too_old_gets_a_snapshot(connect_client: ConnectClient, rows: Rows) -> None:
    ahead, pruned, long = (rows.make_deployment(seq=2) for _ in range(3))
    rows.fetch("DELETE FROM deployment_events WHERE deployment_id = %s AND seq = 1", pruned)
    rows.add_events({long: [{}] * 501})
    page = connect_client()
    assert page.subscribe(f"deployment:{ahead}", since=3)["snapshot"]["seq"] == 2
    assert page.subscribe(f"deployment:{pruned}", since=0)["snapshot"]["seq"] == 2
    assert page.subscribe(f"deployment:{long}", since=2)["snapshot"]["seq"] == 503
    assert len(page.subscribe(f"deployment:{long}", since=3)["events"]) == 500


@pytest.mark.parametrize(
    "topic", ["deployment:9223372036854775807", "project:no-such-project", "system", "project:\x00"]
)
def test_a_missing_topic_cannot_be_subscribed_to(topic: str, connect_client: ConnectClient) -> None:
    assert connect_client().subscribe(topic) == UNKNOWN


def test_a_refused_subscription_receives_no_messages(connect_client: ConnectClient, rows: Rows) -> None:
    page = connect_client()
    missing = rows.make_deployment() + 1
    assert page.subscribe(f"deployment:{missing}") == UNKNOWN
    assert rows.make_deployment() == missing
    rows.add_message(missing, "hello")
    watcher = connect_client()
    watcher.subscribe("overview")
    seq = rows.add_message(missing, "hello again")
    watcher.take_frames_until(missing, seq)
    assert page.has_nothing_more()


def test_no_message_arrives_after_unsubscribing(connect_client: ConnectClient, rows: Rows) -> None:
    leaving, staying = connect_client(), connect_client()
    deployment_id = rows.make_deployment()
    topic = f"deployment:{deployment_id}"
    leaving.subscribe(topic)
    staying.subscribe(topic)
    assert leaving.ask("unsubscribe", {"topic": topic}) == {"topic": topic}
    staying.take_frames_until(deployment_id, rows.add_message(deployment_id, "hello"))
    assert leaving.has_nothing_more()


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("subscribe", ()),
        ("subscribe", ({"topic": "overview"}, "extra")),
        ("subscribe", (None,)),
        ("subscribe", ([[[]]],)),
        ("subscribe", ({"topic": "overview", "since": True},)),
        ("subscribe", ({"topic": "deployment:1", "since": 10**30},)),
        ("subscribe", ({"topic": "project:\ud800"},)),
        ("unsubscribe", ()),
        ("unsubscribe", ({"topic": {}},)),
        ("publish", ({"topic": "overview"},)),
        ("message", ("hello",)),
        ("", ()),
        ("__class__", ()),
    ],
)
def test_a_malformed_message_gets_an_error_and_affects_no_other_client(
    event: str, arguments: tuple[Any, ...], connect_client: ConnectClient, rows: Rows
) -> None:
    page, other = connect_client(), connect_client()
    deployment_id = rows.make_deployment()
    other.subscribe(f"deployment:{deployment_id}")
    assert set(page.ask(event, *arguments)) == {"error"}
    page.subscribe(f"deployment:{deployment_id}")
    seq = rows.add_message(deployment_id, "hello")
    assert page.take_frames_until(deployment_id, seq) == other.take_frames_until(deployment_id, seq)


def test_a_client_may_have_fifty_topics(connect_client: ConnectClient, rows: Rows) -> None:
    page = connect_client()
    topics = [f"deployment:{rows.make_deployment()}" for _ in range(51)]
    assert all("snapshot" in page.subscribe(topic) for topic in topics[:50])
    assert page.subscribe(topics[50]) == {"error": "at most 50 topics at a time"}
    assert "snapshot" in page.subscribe(topics[0])
    page.ask("unsubscribe", {"topic": topics[0]})
    assert "snapshot" in page.subscribe(topics[50])


def test_a_database_error_is_acknowledged_as_one(connect_client: ConnectClient, rows: Rows) -> None:
    page = connect_client()
    topic = f"deployment:{rows.make_deployment()}"
    rows.fetch("ALTER TABLE deployments RENAME TO deployments_away")
    try:
        assert page.subscribe(topic) == {"error": "internal error, try again"}
    finally:
        rows.fetch("ALTER TABLE deployments_away RENAME TO deployments")
    assert "snapshot" in page.subscribe(topic)


def test_a_client_that_may_not_read_the_pages_cannot_connect(
    connect_client: ConnectClient, dashboard_server: DashboardServer
) -> None:
    elsewhere = {"X-Forwarded-For": "203.0.113.7"}
    with pytest.raises(socketio.exceptions.ConnectionError):
        connect_client(headers=elsewhere)
    connect_client(headers={**elsewhere, "Authorization": f"Bearer {dashboard_server.secret}"})


def test_no_transaction_stays_open_after_an_answer(connect_client: ConnectClient, rows: Rows) -> None:
    page = connect_client()
    page.subscribe(f"deployment:{rows.make_deployment(seq=1)}", since=0)
    page.subscribe("overview")
    page.subscribe("project:no-such-project")
    idle = "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
    assert rows.fetch(idle) == []


def test_live_updates_work_below_a_prefix_that_a_proxy_strips_or_not(
    start_dashboard: StartDashboard, dashboard_server: DashboardServer, connect_client: ConnectClient, rows: Rows
) -> None:
    url = start_dashboard(dashboard_server.database_url, DASHBOARD_URL_PREFIX="/some/where").url
    deployment_id = rows.make_deployment()
    pages = [connect_client(url), connect_client(url.removesuffix("/some/where"))]
    for page in pages:
        page.subscribe(f"deployment:{deployment_id}")
    seq = rows.add_message(deployment_id, "hello")
    assert [page.take_frames_until(deployment_id, seq)[-1]["seq"] for page in pages] == [seq, seq]

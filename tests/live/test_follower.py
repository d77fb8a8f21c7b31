"""The follower: every commit reaches every page, whichever process committed."""

from tests.support.fixtures import ConnectClient, StartDashboard
from tests.support.rows import Rows
from tests.support.servers import DashboardServer
from tests.support.socketio_client import is_gap_free


def test_events_reach_the_page_without_a_gap(connect_client: ConnectClient, rows: Rows) -> None:
    deployment_id = rows.make_deployment(seq=4)
    page = connect_client()
    page.subscribe(f"deployment:{deployment_id}")
    for number in range(40):
        seq = rows.add_message(deployment_id, f"message {number}")
    frames = page.take_frames_until(deployment_id, seq)
    assert is_gap_free(frames, since=4)
    assert frames[-1]["deployment"] == {"message": "message 39"}
    assert len(frames) < 40


def test_a_frame_is_named_after_its_event(connect_client: ConnectClient, rows: Rows) -> None:
    deployment_id = rows.make_deployment(seq=1)
    page = connect_client()
    page.subscribe(f"deployment:{deployment_id}")
    for kind in ("step.updated", "deployment.updated", "deployment.completed", "deployment.created"):
        rows.add_events({deployment_id: [{}]}, kind=kind)
        assert page.take_frame()[0] == kind


def test_a_page_with_several_topics_gets_each_frame_once(connect_client: ConnectClient, rows: Rows) -> None:
    deployment_id = rows.make_deployment("shop", seq=1)
    page = connect_client()
    for topic in (f"deployment:{deployment_id}", "overview", "project:shop"):
        page.subscribe(topic)
    seq = rows.add_message(deployment_id, "hello")
    assert len(page.take_frames_until(deployment_id, seq)) == 1
    assert page.has_nothing_more()


def test_each_topic_gets_its_own_events_only(connect_client: ConnectClient, rows: Rows) -> None:
    ours, theirs = rows.make_deployment("shop"), rows.make_deployment("网站")
    pages = {
        topic: connect_client()
        for topic in (f"deployment:{ours}", "project:shop", f"deployment:{theirs}", "project:网站")
    }
    for topic, page in pages.items():
        page.subscribe(topic)
    rows.add_events({ours: [{}], theirs: [{}]})
    assert {topic: page.take_frame()[1]["deployment_id"] for topic, page in pages.items()} == {
        f"deployment:{ours}": ours,
        "project:shop": ours,
        f"deployment:{theirs}": theirs,
        "project:网站": theirs,
    }
    assert all(page.has_nothing_more() for page in pages.values())


def test_a_new_deployment_is_announced_with_all_its_fields(connect_client: ConnectClient, rows: Rows) -> None:
    page = connect_client()
    page.subscribe("overview")
    deployment_id = rows.make_deployment()
    rows.add_events({deployment_id: [{"deployment": {"id": deployment_id}}, {}, {}]}, kind="deployment.created")
    frames = page.take_frames_until(deployment_id, 3)
    assert is_gap_free(frames, since=0)
    assert frames[0]["deployment"] == {"id": deployment_id}


def test_every_process_updates_its_own_pages(
    start_dashboard: StartDashboard, dashboard_server: DashboardServer, connect_client: ConnectClient, rows: Rows
) -> None:
    deployment_id = rows.make_deployment(seq=1)
    pages = [connect_client(), connect_client(start_dashboard(dashboard_server.database_url).url)]
    for page in pages:
        page.subscribe(f"deployment:{deployment_id}")
    seq = rows.add_message(deployment_id, "hello")
    assert all(is_gap_free(page.take_frames_until(deployment_id, seq), since=1) for page in pages)


def test_events_without_a_notification_are_found_by_the_sweep(connect_client: ConnectClient, rows: Rows) -> None:
    """Watched on its own page, open and in a list, and not even known before."""
    watched, listed = rows.make_deployment(seq=2), rows.make_deployment(seq=2)
    own, overview = connect_client(), connect_client()
    own.subscribe(f"deployment:{watched}")
    overview.subscribe("overview")
    rows.add_events({watched: [{}, {}], listed: [{}, {}]}, notify=False)
    new = rows.make_deployment()
    rows.add_events({new: [{}]}, kind="deployment.created", notify=False)
    frames = {frame["deployment_id"]: frame for _, frame in (overview.take_frame() for _ in range(3))}
    assert {key: frame["seq"] for key, frame in frames.items()} == {watched: 4, listed: 4, new: 1}
    assert all(is_gap_free([frames[key]], since) for key, since in ((watched, 2), (listed, 2), (new, 0)))
    assert own.take_frames_until(watched, 4) == [frames[watched]]


def test_a_page_that_resumes_misses_no_event(connect_client: ConnectClient, rows: Rows) -> None:
    deployment_id = rows.make_deployment(seq=1)
    first = connect_client()
    first.subscribe(f"deployment:{deployment_id}")
    seen = first.take_frames_until(deployment_id, rows.add_message(deployment_id, "seen"))[-1]["seq"]
    first.close()
    rows.add_message(deployment_id, "missed")
    second = connect_client()
    answer = second.subscribe(f"deployment:{deployment_id}", since=seen)
    assert [event["deployment"]["message"] for event in answer["events"]] == ["missed"]
    seq = rows.add_message(deployment_id, "seen again")
    assert is_gap_free(answer["events"], since=seen)
    assert is_gap_free(second.take_frames_until(deployment_id, seq), since=answer["seq"])


def test_invalid_notifications_are_ignored(connect_client: ConnectClient, rows: Rows) -> None:
    deployment_id = rows.make_deployment(seq=1)
    page = connect_client()
    page.subscribe(f"deployment:{deployment_id}")
    for nonsense in ("", "x", ":", "1:", "1:x -1:-1", "9" * 40 + ":1", "999999999999999999:999999999"):
        rows.fetch("SELECT pg_notify('deployment_events', %s)", nonsense)
    assert page.take_frames_until(deployment_id, rows.add_message(deployment_id, "hello"))


def test_an_unreadable_event_does_not_block_others(connect_client: ConnectClient, rows: Rows) -> None:
    broken, sound = rows.make_deployment(seq=1), rows.make_deployment(seq=1)
    page = connect_client()
    page.subscribe("overview")
    rows.add_events({broken: [{"steps": [{"nameless": True}]}]})
    assert page.take_frames_until(sound, rows.add_message(sound, "hello"))
    assert page.take_frames_until(broken, rows.add_message(broken, "gap before this"))[0]["prev_seq"] == 2


def test_a_page_opened_before_its_project_was_renamed_stays_up_to_date(
    connect_client: ConnectClient, rows: Rows
) -> None:
    deployment_id = rows.make_deployment("renamed", seq=1)
    page = connect_client()
    page.subscribe("project:renamed")
    rows.fetch("INSERT INTO former_slugs SELECT slug, id FROM projects WHERE slug = 'renamed' RETURNING slug")
    rows.fetch("UPDATE projects SET slug = 'new-name' WHERE slug = 'renamed' RETURNING slug")
    rows.add_message(deployment_id, "hello")
    assert page.take_frame()[1]["deployment_id"] == deployment_id
    late = connect_client()
    assert late.subscribe("project:renamed")["snapshot"]["projects"][0]["slug"] == "new-name"

"""A PostgreSQL that crashes, goes away, freezes, or cuts connections, under load."""

import os
import signal
import threading

from tests.faults.conftest import Watch
from tests.faults.database import Database, fetch
from tests.faults.load import Load, sending
from tests.faults.truth import check_truth
from tests.support.fixtures import StartDashboard
from tests.support.servers import wait_until

BACKENDS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s"
AWAY_S = 20
ANSWER_WITHIN_S = 30
"""The longest that a sender waits for an answer, whatever the database does."""


def test_immediate_stop_and_restart(database: Database, start_dashboard: StartDashboard, watch: Watch) -> None:
    server = start_dashboard(database.make())
    viewers = watch(server)
    with sending(server.port) as load:
        for _ in range(2):
            load.wait_for_more()
            database.stop_immediately()
            load.wait_for_refusals()
            database.restart()
        load.wait_for_more()
    check_truth(server, load, viewers)
    assert not load.broken, "every sender gets an answer"


def test_kill_9_of_one_backend(database: Database, start_dashboard: StartDashboard, watch: Watch) -> None:
    server = start_dashboard(database.make())
    viewers = watch(server)
    with sending(server.port) as load:
        for _ in range(2):
            load.wait_for_more()
            os.kill(fetch(server.database_url, BACKENDS, "dashboard")[0][0], signal.SIGKILL)
            load.wait_for_refusals(1)
            wait_until(database.is_answering, what="the recovery of PostgreSQL")
        load.wait_for_more()
    check_truth(server, load, viewers)
    assert not load.broken, "every sender gets an answer"


def cut_listen_connection(url: str) -> None:
    """End the backend that the live side listens on, and wait until there is another."""
    before = set(fetch(url, BACKENDS, "dashboard live"))
    fetch(url, f"SELECT pg_terminate_backend(pid) FROM ({BACKENDS}) AS it", "dashboard live")
    wait_until(lambda: set(fetch(url, BACKENDS, "dashboard live")) - before)


def test_cut_listen_connection(database: Database, start_dashboard: StartDashboard, watch: Watch) -> None:
    server = start_dashboard(database.make())
    viewers = watch(server)
    with sending(server.port) as load:
        for _ in range(3):
            load.wait_for_more()
            cut_listen_connection(server.database_url)
    check_truth(server, load, viewers)
    assert set(load.statuses) == {200}
    assert all(viewer.connections == 1 for viewer in viewers)


def test_cut_connections(database: Database, start_dashboard: StartDashboard, watch: Watch) -> None:
    """Cut the connections, as a restarted pooler or an administrator does."""
    server = start_dashboard(database.make())
    viewers = watch(server)
    with sending(server.port) as load:
        for _ in range(5):
            load.wait_for_more()
            for name in ("dashboard", "dashboard live"):
                fetch(server.database_url, f"SELECT pg_terminate_backend(pid) FROM ({BACKENDS}) AS it", name)
        load.wait_for_more()
    check_truth(server, load, viewers)
    assert not load.broken, "every sender gets an answer"


def add_senders(load: Load, seconds: int) -> None:
    """Let one more sender begin at the start of each second."""
    pause = threading.Event()
    for _ in range(seconds):
        load.add_sender()
        pause.wait(1)


def test_frozen_for_20_s(database: Database, start_dashboard: StartDashboard, watch: Watch) -> None:
    server = start_dashboard(database.make())
    viewers = watch(server)
    with sending(server.port) as load:
        load.wait_for_more()
        with database.frozen():
            add_senders(load, AWAY_S)
            assert server.get("/health")[0] == 200
            assert load.statuses[503], "some sender was answered 503"
        load.wait_for_more()
    check_truth(server, load, viewers)
    assert load.longest_s < ANSWER_WITHIN_S
    assert not load.broken, "every sender got an answer"

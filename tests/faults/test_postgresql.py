"""A PostgreSQL that crashes, goes away, freezes, or cuts connections, under load."""

import os
import signal
import time

from tests.faults.conftest import Watch
from tests.faults.database import Database, fetch
from tests.faults.load import sending
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


def test_cut_listen_connection(database: Database, start_dashboard: StartDashboard, watch: Watch) -> None:
    server = start_dashboard(database.make())
    viewers = watch(server)
    with sending(server.port) as load:
        for _ in range(3):
            load.wait_for_more()
            before = fetch(server.database_url, BACKENDS, "dashboard live")
            fetch(server.database_url, f"SELECT pg_terminate_backend(pid) FROM ({BACKENDS}) AS it", "dashboard live")
            wait_until(lambda before=before: set(fetch(server.database_url, BACKENDS, "dashboard live")) - set(before))
    check_truth(server, load, viewers)
    assert set(load.statuses) == {200}
    assert all(viewer.connections == 1 for viewer in viewers)


def test_cut_connections(database: Database, start_dashboard: StartDashboard, watch: Watch) -> None:
    """As a pooler that is started anew, or an administrator, would."""
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


def test_frozen_for_20_s(database: Database, start_dashboard: StartDashboard, watch: Watch) -> None:
    server = start_dashboard(database.make())
    viewers = watch(server)
    with sending(server.port) as load:
        load.wait_for_more()
        with database.frozen():
            began_at = time.monotonic()
            for second in range(1, AWAY_S + 1):
                load.add_sender()
                wait_until(lambda end=began_at + second: time.monotonic() >= end)
            assert server.get("/health")[0] == 200
            assert load.statuses[503], "somebody was told to come again"
        load.wait_for_more()
    check_truth(server, load, viewers)
    assert load.longest_s < ANSWER_WITHIN_S
    assert not load.broken, "every sender got an answer"

"""Web processes that are killed or stopped under load."""

import os
import signal
import time
from collections.abc import Sequence

from tests.faults.conftest import Watch
from tests.faults.database import Database, fetch, holding
from tests.faults.load import sending
from tests.faults.processes import is_listening, kill_workers
from tests.faults.truth import check_truth
from tests.faults.viewer import Viewer
from tests.support.fixtures import StartDashboard
from tests.support.servers import wait_until

STOPPED_WITHIN_S = 10
WAITING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def wait_for_connections(viewers: Sequence[Viewer], count: int) -> None:
    """Wait until each viewer has connected so many times."""
    wait_until(lambda: {viewer.connections for viewer in viewers} == {count})


def test_kill_9_of_workers(start_dashboard: StartDashboard, watch: Watch) -> None:
    server = start_dashboard()
    viewers = watch(server)
    with sending(server.port) as load:
        for kills in (1, 2, 3):
            load.wait_for_more()
            kill_workers(server)
            wait_for_connections(viewers, kills + 1)
        load.wait_for_more()
    assert load.broken, "no sender noticed"
    check_truth(server, load, viewers)
    assert all(viewer.connections == 4 for viewer in viewers)


def test_kill_9_of_everything(start_dashboard: StartDashboard, watch: Watch) -> None:
    server = start_dashboard()
    viewers = watch(server)
    with sending(server.port) as load:
        for _ in range(2):
            load.wait_for_more()
            server.kill()
            load.wait_for_refusals()
            server.start()
        load.wait_for_more()
    check_truth(server, load, viewers)


def test_sigterm_answers_requests_that_wait_for_their_commit(
    database: Database, start_dashboard: StartDashboard
) -> None:
    server = start_dashboard(database.make())
    with sending(server.port, senders=0, max_deliveries=1) as load:
        with holding(server.database_url, "LOCK TABLE deployment_steps"):
            for _ in range(20):
                load.add_sender()
            wait_until(lambda: fetch(server.database_url, WAITING), what="a batch that waits")
            wait_until(lambda: len(load.in_flight) == 20)
            process = server.process
            assert process
            os.killpg(process.pid, signal.SIGTERM)
            wait_until(lambda: not is_listening(server), what="an end of listening")
        wait_until(lambda: process.poll() is not None, STOPPED_WITHIN_S, "its end")
    assert load.statuses == {200: 20}
    assert not load.broken
    server.start()
    check_truth(server, load)


def test_sigterm_under_load(start_dashboard: StartDashboard, watch: Watch) -> None:
    server = start_dashboard()
    viewers = watch(server)
    with sending(server.port) as load:
        for _ in range(2):
            load.wait_for_more()
            began_at = time.monotonic()
            server.stop()
            assert time.monotonic() - began_at < STOPPED_WITHIN_S
            load.wait_for_refusals()
            server.start()
        load.wait_for_more()
    check_truth(server, load, viewers)
    verdicts = {answer["verdict"] for answer in load.acknowledged.values()}
    assert verdicts == {"applied"}, "something was handled that was not answered"

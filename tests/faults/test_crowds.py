"""Overload: a full queue, and clients that are slow or vanish. Other clients still get their answers."""

import contextlib

from tests.faults.conftest import Watch
from tests.faults.database import Database, fetch, holding
from tests.faults.load import sending
from tests.faults.slow import BEGUN_BODY, BEGUN_HEADERS, connect, dripping, is_closed, vanish
from tests.faults.truth import check_truth
from tests.support.fixtures import StartDashboard
from tests.support.servers import wait_until

CROWD = 1100
"""More than ingest.writer.MAX_WAITING, and those that are being written."""
SLOW = 200
HEALTHY_WITHIN_S = 5
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
WAITING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def test_full_queue(database: Database, start_dashboard: StartDashboard, watch: Watch) -> None:
    server = start_dashboard(database.make())
    viewers = watch(server)
    with sending(server.port, senders=0, max_deliveries=1) as load:
        with holding(server.database_url, "LOCK TABLE deployment_steps"):
            for _ in range(CROWD):
                load.add_sender()
            load.wait_for_refusals(100)
            assert set(load.statuses) == {503}
            assert server.get("/health")[0] == 200
        load.wait_for_more(CROWD)
    check_truth(server, load, viewers)
    assert len(load.acknowledged) == CROWD
    assert not load.broken


def test_slow_bodies(database: Database, start_dashboard: StartDashboard, watch: Watch) -> None:
    server = start_dashboard(database.make())
    viewers = watch(server)
    with dripping(server, BEGUN_BODY, SLOW) as clients, sending(server.port) as load:
        load.wait_for_more(300)
        assert not any(map(is_closed, clients))
        ((connections,),) = fetch(server.database_url, CONNECTIONS)
    assert connections < 10, "who has not finished holds nothing that is scarce"
    assert load.longest_s < HEALTHY_WITHIN_S
    assert set(load.statuses) == {200}
    check_truth(server, load, viewers)


def test_a_client_with_slow_headers_is_disconnected(start_dashboard: StartDashboard, watch: Watch) -> None:
    server = start_dashboard()
    viewers = watch(server)
    with dripping(server, BEGUN_HEADERS, SLOW) as clients, sending(server.port, senders=2) as load:
        load.wait_for_more(100)
        wait_until(lambda: all(map(is_closed, clients)), what="the timeout")
        load.wait_for_more(100)
    assert load.longest_s < HEALTHY_WITHIN_S
    check_truth(server, load, viewers)


def test_half_open_connections(start_dashboard: StartDashboard, watch: Watch) -> None:
    server = start_dashboard()
    viewers = watch(server)
    with contextlib.ExitStack() as stack:
        for _ in range(SLOW):
            stack.enter_context(connect(server))
            stack.enter_context(connect(server, BEGUN_BODY))
            vanish(server, BEGUN_BODY)
            vanish(server, BEGUN_HEADERS)
        load = stack.enter_context(sending(server.port))
        load.wait_for_more(300)
    assert load.longest_s < HEALTHY_WITHIN_S
    assert set(load.statuses) == {200}
    check_truth(server, load, viewers)


def test_locked_sources_delay_one_delivery_only(database: Database, start_dashboard: StartDashboard) -> None:
    server = start_dashboard(database.make())
    with sending(server.port, senders=8) as load:
        load.wait_for_more()
        with holding(server.database_url, "LOCK TABLE webhook_sources"):
            wait_until(lambda: fetch(server.database_url, WAITING), what="somebody who waits for them")
            load.wait_for_more(300)
            assert len(load.in_flight) >= 1
    check_truth(server, load)
    assert set(load.statuses) == {200}

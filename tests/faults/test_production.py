"""Processes of production, behind nginx, that are killed under load."""

import os
import signal

from tests.faults.conftest import Watch
from tests.faults.load import sending
from tests.faults.truth import check_truth
from tests.support.fixtures import StartProduction
from tests.support.production import ProductionShape
from tests.support.servers import wait_until


def test_kill_9_of_one_live_process_after_the_other(start_production: StartProduction, watch: Watch) -> None:
    shape = start_production()
    viewers = watch(shape)
    with sending(shape.port) as load:
        for name in ("live-1", "live-2"):
            load.wait_for_more()
            shape.kill(name)
            load.wait_for_more()
            shape.start(name)
    check_truth(shape, load, viewers)
    assert load.statuses.keys() == {200}, "senders do not notice"
    assert sum(viewer.connections for viewer in viewers) > len(viewers)
    shape.stop()


def test_kill_9_of_all_live_processes(start_production: StartProduction, watch: Watch) -> None:
    shape = start_production()
    viewers = watch(shape)
    with sending(shape.port) as load:
        load.wait_for_more()
        shape.kill("live-1", "live-2")
        load.wait_for_more()
        shape.start("live-1", "live-2")
        load.wait_for_more()
    check_truth(shape, load, viewers)
    assert load.statuses.keys() == {200}, "senders do not notice"
    assert all(viewer.connections == 2 for viewer in viewers)
    shape.stop()


def kill_worker(shape: ProductionShape) -> None:
    """End the oldest web worker with `kill -9`, and wait until gunicorn has started another."""
    before = shape.find_workers()
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: set(shape.find_workers()) - set(before), what="another worker")


def test_kill_9_of_a_web_worker(start_production: StartProduction, watch: Watch) -> None:
    shape = start_production()
    viewers = watch(shape)
    with sending(shape.port) as load:
        for _ in range(3):
            load.wait_for_more()
            kill_worker(shape)
        load.wait_for_more()
    check_truth(shape, load, viewers)
    shape.stop()

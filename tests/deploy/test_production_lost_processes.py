"""Production with processes that end: the rest still serves, and lost processes are replaced."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest

from tests.support.fixtures import StartProduction
from tests.support.production import ProductionShape
from tests.support.servers import READY_WITHIN_S, open_url, read_metric, wait_until
from tests.support.socketio_client import SocketIOClient


@pytest.fixture(scope="module")
def shape(start_production: StartProduction) -> ProductionShape:
    """Give a shape that all tests here share: each leaves everything running."""
    return start_production()


@pytest.fixture
def page(shape: ProductionShape) -> Iterator[SocketIOClient]:
    """Give a page that watches the overview."""
    opened = SocketIOClient(shape.url)
    opened.subscribe("overview")
    yield opened
    opened.close()


def post(shape: ProductionShape, run_id: str) -> dict[str, object]:
    """Return the receipt of a delivery that was accepted."""
    status, receipt = shape.post({"project": "shop", "run_id": run_id, "status": "running"})
    assert status == 200
    return dict(receipt)


def test_a_killed_worker_is_replaced_and_its_metrics_are_kept(shape: ProductionShape) -> None:
    applied = 'dashboard_deliveries_total{dialect="native",verdict="applied"}'
    post(shape, "before")
    before = shape.find_workers()
    counted = read_metric(shape.ask("web", "/metrics")[2], applied)
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: len(shape.find_workers()) == 2 and before[0] not in shape.find_workers())
    text = shape.ask("web", "/metrics")[2]
    assert read_metric(text, applied) == counted
    pools = "dashboard_pool_size"
    wait_until(lambda: read_metric(shape.ask("web", "/metrics")[2], pools) == 4 * 10, READY_WITHIN_S, "a new worker")


def test_metrics_are_served_while_a_starting_process_has_empty_metric_files(shape: ProductionShape) -> None:
    unfilled = Path(shape.programs["web"].environ["PROMETHEUS_MULTIPROC_DIR"]) / "counter_999999999.db"
    unfilled.touch()
    assert "dashboard_pool_size" in shape.ask("web", "/metrics")[2]
    unfilled.unlink()


def test_a_page_reconnects_to_the_remaining_live_process(shape: ProductionShape) -> None:
    shape.kill("live-1")
    pages = [SocketIOClient(shape.url) for _ in range(3)]
    for page in pages:
        page.subscribe("overview")
    receipt = post(shape, "one live process")
    for page in pages:
        assert page.take_frame()[1]["deployment_id"] == receipt["deployment_id"]
        page.close()
    shape.start("live-1")
    assert shape.ask("live-1", "/ready")[0] == 200


def test_without_web_workers_a_sender_gets_503(shape: ProductionShape, page: SocketIOClient) -> None:
    shape.stop("web")
    status, headers, text = open_url(f"{shape.url}/api/webhook/deployment", b"{}")
    assert (status, headers["Content-Type"], headers["Retry-After"]) == (503, "application/problem+json", "5")
    assert '"status":503' in text
    shape.start("web")
    receipt = post(shape, "back again")
    assert page.take_frame()[1]["deployment_id"] == receipt["deployment_id"]


def test_workers_that_stop_under_load_answer_the_requests_that_they_accepted(shape: ProductionShape) -> None:
    stopping = threading.Event()

    def post_until_refused(sender: int) -> tuple[list[str], int]:
        accepted: list[str] = []
        while True:
            payload = {"project": f"load {sender}", "run_id": str(len(accepted)), "status": "running"}
            status, answer = shape.post(payload)
            if status != 200:
                assert stopping.is_set()
                return accepted, status
            accepted.append(answer["delivery_id"])

    with ThreadPoolExecutor(8) as senders:
        busy = [senders.submit(post_until_refused, number) for number in range(8)]
        counted = "dashboard_delivery_seconds_count"
        enough = read_metric(shape.ask("web", "/metrics")[2], counted) + 100
        wait_until(lambda: read_metric(shape.ask("web", "/metrics")[2], counted) > enough)
        stopping.set()
        began_at = time.monotonic()
        shape.stop("web")
        took_s = time.monotonic() - began_at
        results = [future.result() for future in busy]
    assert took_s < 10  # connections of nginx that are kept open do not hold it up
    assert {status for _, status in results} == {503}
    accepted = {delivery_id for ids, _ in results for delivery_id in ids}
    assert accepted
    with contextlib.closing(psycopg2.connect(shape.database_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id::text FROM deliveries")
        assert accepted <= {row[0] for row in cursor}
    shape.start("web")

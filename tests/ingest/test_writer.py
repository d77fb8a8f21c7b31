"""Group commit: which deliveries share a transaction, and what happens when one fails or too many wait."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from tempfile import gettempdir

import pytest
from sqlalchemy import Engine, create_engine

from dashboard.config import Settings
from dashboard.core.words import Verdict
from dashboard.ingest import writer as module
from dashboard.ingest.delivery import Incoming, Receipt
from dashboard.ingest.writer import MAX_BYTES, MAX_DELIVERIES, MIN_SPLIT, BusyError, CutOffError, Writer
from tests.support.applications import make_settings
from tests.support.ingest import make_incoming
from tests.support.servers import wait_until


class Disk:
    """Replaces the transactions: records the batches, and holds the first one until it is released."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.let_go = threading.Event()
        self.fails: Callable[[], None] = lambda: None
        self.commits: Callable[[], None] = lambda: None

    def write(
        self, engine: Engine, deliveries: Sequence[Incoming], settings: Settings, on_idle: Callable[[], None]
    ) -> list[Receipt]:
        self.batches.append(len(deliveries))
        if len(self.batches) == 1:
            assert self.let_go.wait(20)
        self.fails()
        on_idle()
        self.commits()
        return [Receipt(incoming.id, Verdict.APPLIED, seq=len(self.batches)) for incoming in deliveries]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(module, "ingest_deliveries", disk.write)
    return disk


def make_writer(max_waiting: int = 1024) -> Writer:
    url = "postgresql+psycopg2://nowhere/none"
    return Writer(create_engine(url), make_settings(url, Path(gettempdir())), max_waiting)


@pytest.fixture
def writer(disk: Disk) -> Writer:
    return make_writer()


def submit_while_writing(writer: Writer, pool: ThreadPoolExecutor, more: Sequence[Incoming]) -> list[Future[Receipt]]:
    """Submit one delivery, which is being written, and more that wait behind it."""
    first = pool.submit(writer.submit, make_incoming())
    wait_until(lambda: writer.count_waiting() == 0 and writer.is_writing)
    waiting = [pool.submit(writer.submit, incoming) for incoming in more]
    wait_until(lambda: writer.count_waiting() == len(more))
    return [first, *waiting]


def test_a_lone_delivery_is_written_at_once_in_its_own_thread(disk: Disk, writer: Writer) -> None:
    disk.let_go.set()
    incoming = make_incoming()
    assert writer.submit(incoming) == Receipt(incoming.id, Verdict.APPLIED, seq=1)
    assert disk.batches == [1]


def test_deliveries_that_arrive_during_a_batch_share_the_next_one(disk: Disk, writer: Writer) -> None:
    deliveries = [make_incoming() for _ in range(20)]
    with ThreadPoolExecutor(32) as pool:
        receipts = submit_while_writing(writer, pool, deliveries)
        disk.let_go.set()
        answered = [receipt.result(20) for receipt in receipts[1:]]
    assert disk.batches == [1, 20]
    assert {receipt.delivery_id for receipt in answered} == {incoming.id for incoming in deliveries}
    assert not writer.is_writing


@pytest.mark.parametrize(
    ("waiting", "batches"),
    [
        (2 * MIN_SPLIT, [MIN_SPLIT, MIN_SPLIT]),
        (4 * MIN_SPLIT, [2 * MIN_SPLIT, MIN_SPLIT, MIN_SPLIT]),
        (2 * MAX_DELIVERIES + 2, [MAX_DELIVERIES, MAX_DELIVERIES // 2 + 1]),
    ],
)
def test_half_of_the_waiting_deliveries_are_written_at_once_up_to_a_limit(
    disk: Disk, writer: Writer, waiting: int, batches: list[int]
) -> None:
    with ThreadPoolExecutor(waiting + 20) as pool:
        receipts = submit_while_writing(writer, pool, [make_incoming() for _ in range(waiting)])
        disk.let_go.set()
        assert {receipt.result(20).verdict for receipt in receipts} == {Verdict.APPLIED}
    assert disk.batches[: 1 + len(batches)] == [1, *batches]


@pytest.mark.parametrize("moment", ["fails", "commits"])
def test_senders_are_answered_while_the_next_batch_hangs(disk: Disk, writer: Writer, moment: str) -> None:
    goes_on = threading.Event()

    def hang() -> None:
        if len(disk.batches) == 3:
            assert goes_on.wait(20)

    setattr(disk, moment, hang)
    with ThreadPoolExecutor(2 * MIN_SPLIT + 2) as pool:
        receipts = submit_while_writing(writer, pool, [make_incoming() for _ in range(2 * MIN_SPLIT)])
        disk.let_go.set()
        wait_until(lambda: sum(receipt.done() for receipt in receipts) == 1 + MIN_SPLIT)
        assert disk.batches == [1, MIN_SPLIT, MIN_SPLIT]
        goes_on.set()
        assert {receipt.result(20).verdict for receipt in receipts} == {Verdict.APPLIED}


def test_a_batch_is_limited_in_bytes(disk: Disk, writer: Writer) -> None:
    large = b" " * (MAX_BYTES // 2)
    with ThreadPoolExecutor(8) as pool:
        receipts = submit_while_writing(writer, pool, [make_incoming(body=large) for _ in range(5)])
        disk.let_go.set()
        assert {receipt.result(20).verdict for receipt in receipts} == {Verdict.APPLIED}
    assert disk.batches == [1, 2, 2, 1]


def test_a_full_queue_is_refused_at_once(disk: Disk) -> None:
    writer = make_writer(max_waiting=5)
    with ThreadPoolExecutor(8) as pool:
        receipts = submit_while_writing(writer, pool, [make_incoming() for _ in range(5)])
        with pytest.raises(BusyError):
            writer.submit(make_incoming())
        disk.let_go.set()
        assert {receipt.result(20).verdict for receipt in receipts} == {Verdict.APPLIED}


def test_an_error_fails_its_whole_batch_and_the_next_batch_is_written(disk: Disk, writer: Writer) -> None:
    def fail() -> None:
        if len(disk.batches) == 2:
            raise OSError("no database")

    disk.fails = fail
    with ThreadPoolExecutor(8) as pool:
        receipts = submit_while_writing(writer, pool, [make_incoming() for _ in range(3)])
        disk.let_go.set()
        assert receipts[0].result(20)
        for receipt in receipts[1:]:
            with pytest.raises(OSError, match="no database"):
                receipt.result(20)
    assert writer.submit(make_incoming()).seq == 3


class Ended(BaseException):
    """How a server ends a request."""


def test_senders_may_retry_when_the_request_that_wrote_their_batch_is_killed(disk: Disk, writer: Writer) -> None:
    def end() -> None:
        if len(disk.batches) == 2:
            raise Ended

    disk.fails = end
    with ThreadPoolExecutor(8) as pool:
        receipts = submit_while_writing(writer, pool, [make_incoming() for _ in range(3)])
        disk.let_go.set()
        errors = [type(receipt.exception(20)) for receipt in receipts[1:]]
    assert sorted(errors, key=str) == sorted([Ended, CutOffError, CutOffError], key=str)
    assert writer.submit(make_incoming()).seq == 3

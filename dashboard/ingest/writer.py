"""Group commit: deliveries that arrive while one transaction commits share the next one.

A process writes one batch at a time, in one of the waiting requests. A request that arrives while no batch is being
written writes at once. After its commit, the first of the requests that arrived meanwhile writes for all of them. The
requests of a batch are woken while the database writes the next one, so that answering overlaps with writing. A lone
request never waits, and batches grow with the load.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine

from dashboard import metrics
from dashboard.config import Settings
from dashboard.ingest.batch import ingest_deliveries
from dashboard.ingest.delivery import Incoming, Receipt

MAX_DELIVERIES = 256
"""Deliveries in one batch."""
MIN_SPLIT = 32
"""Batches up to this size are not split. Of a longer queue, half is taken, at least this many, so that one half is read
and answered while the other is written."""
MAX_BYTES, MAX_STEPS = 8 * 1024**2, 20_000
"""Bytes of bodies and steps in one batch, unless a single delivery has more; larger batches would delay the next."""
MAX_WAITING = 1024
"""Deliveries that may wait in a process. Further ones are refused at once, and their senders retry."""

MAX_SLEEP_S = 0.5
"""A waiting request checks this often whether its delivery is committed, in case the next batch is stuck."""


class BusyError(Exception):
    """Too many deliveries are waiting. This one was not stored."""


class CutOffError(Exception):
    """The request that wrote this delivery was ended. Whether it was stored is unknown."""


def _make_held_lock() -> threading.Lock:
    """Return an acquired lock."""
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(eq=False, slots=True)
class _Pending:
    """A delivery that waits to be written, or for its request to be woken."""

    incoming: Incoming
    wakeup: threading.Lock = field(default_factory=_make_held_lock)
    """Released to wake the request: an event at a fraction of the cost of threading.Event."""
    receipt: Receipt | None = None
    error: BaseException | None = None
    writes_next: bool = False

    def wake(self) -> None:
        """Let the request continue. May be called twice."""
        if self.wakeup.locked():
            self.wakeup.release()


class Writer:
    """Writes the deliveries of concurrent requests together. One per process."""

    def __init__(self, engine: Engine, settings: Settings, max_waiting: int = MAX_WAITING) -> None:
        self._engine, self._settings, self._max_waiting = engine, settings, max_waiting
        self._lock = threading.Lock()
        self._waiting: deque[_Pending] = deque()
        self._to_wake: list[_Pending] = []
        """Deliveries of the last batch whose requests are not woken yet; only the writing request uses it."""
        self.is_writing = False
        """Whether a batch is being written."""

    def submit(self, incoming: Incoming) -> Receipt:
        """Return the receipt once the delivery is committed.

        Raises BusyError at once if too many are waiting, CutOffError if the request that wrote it was ended, and
        whatever ingest_deliveries raised for its batch.
        """
        pending = _Pending(incoming)
        self._enqueue(pending)
        if not pending.writes_next:
            self._wait(pending)
        if pending.writes_next:
            self._write_batch()
        if pending.error is not None:
            raise pending.error
        assert pending.receipt is not None
        return pending.receipt

    def count_waiting(self) -> int:
        """Return how many deliveries are waiting."""
        return len(self._waiting)

    def _enqueue(self, pending: _Pending) -> None:
        with self._lock:
            if len(self._waiting) >= self._max_waiting:
                raise BusyError
            self._waiting.append(pending)
            pending.writes_next, self.is_writing = not self.is_writing, True

    def _wait(self, pending: _Pending) -> None:
        try:
            while not pending.wakeup.acquire(timeout=MAX_SLEEP_S):
                if pending.receipt or pending.error:
                    return
        except BaseException:
            # The server ends this request while it waits, so another one has to write next.
            with self._lock:
                if pending in self._waiting:
                    self._waiting.remove(pending)
                if pending.writes_next:
                    self._hand_over()
            raise

    def _write_batch(self) -> None:
        with self._lock:
            batch = self._take_batch()
        try:
            metrics.QUEUE.set(self.count_waiting())
            began_at = time.perf_counter()
            deliveries = [pending.incoming for pending in batch]
            receipts = ingest_deliveries(self._engine, deliveries, self._settings, self._wake_committed)
            for pending, receipt in zip(batch, receipts, strict=True):
                pending.receipt = receipt
            _record_batch(deliveries, receipts, began_at)
        except BaseException as error:
            # If this request was ended, the others of its batch are not to blame: their senders may retry.
            for pending in batch:
                pending.error = error if isinstance(error, Exception) else CutOffError()
            raise
        finally:
            self._wake_committed()  # A failed batch may not have got as far as waking them.
            self._to_wake = batch
            with self._lock:
                self._hand_over()

    def _wake_committed(self) -> None:
        for pending in self._to_wake:
            pending.wake()
        self._to_wake = []

    def _take_batch(self) -> list[_Pending]:
        batch: list[_Pending] = []
        size = steps = 0
        limit = min(MAX_DELIVERIES, max(MIN_SPLIT, len(self._waiting) // 2))
        while self._waiting and len(batch) < limit:
            incoming = self._waiting[0].incoming
            size += len(incoming.body)
            steps += sum(len(report.steps) for report in incoming.reports)
            if batch and (size > MAX_BYTES or steps > MAX_STEPS):
                break
            batch.append(self._waiting.popleft())
        return batch

    def _hand_over(self) -> None:
        """Let the first waiting request write next; if none waits, wake the written ones. Requires the lock."""
        self.is_writing = bool(self._waiting)
        if self._waiting:
            self._waiting[0].writes_next = True
            self._waiting[0].wake()
        else:
            self._wake_committed()


def _record_batch(deliveries: Sequence[Incoming], receipts: Sequence[Receipt], began_at: float) -> None:
    """Record the metrics of a committed batch; `began_at` is a time of the performance counter."""
    ended_at = time.perf_counter()
    metrics.BATCH_SECONDS.observe(ended_at - began_at)
    metrics.BATCH_DELIVERIES.observe(len(deliveries))
    verdicts = Counter(
        (incoming.dialect, receipt.verdict.value) for incoming, receipt in zip(deliveries, receipts, strict=True)
    )
    for (dialect, verdict), number in verdicts.items():
        metrics.DELIVERIES.labels(dialect, verdict).inc(number)
    for incoming in deliveries:
        metrics.DELIVERY_SECONDS.observe(ended_at - incoming.began_at)

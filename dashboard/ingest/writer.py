"""Group commit: deliveries that arrive while one transaction commits share the next one.

There is one writer in a process at a time, and it is one of the requests that wait: whoever finds nobody writing writes
at once, its own delivery and all that wait; when that is committed, the first that came in the meantime writes next.
Who shared a batch is woken when the database begins to write the next one: so answers are made, and requests read,
while there is nothing else to do. A lone request waits for nobody, and the busier it is the larger the batches.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine

from dashboard import metrics
from dashboard.config import Settings
from dashboard.ingest.batch import ingest_deliveries
from dashboard.ingest.delivery import Incoming, Receipt

MAX_DELIVERIES, MIN_SPLIT = 256, 32
"""In one batch. Of more than so few only half are taken: then the requests of one half are read and answered while the
database writes the other."""
MAX_BYTES, MAX_STEPS = 8 * 1024**2, 20_000
"""Bodies and steps that one batch takes, unless a single delivery has more: what waits behind it must not wait long."""
MAX_WAITING = 1024
"""Deliveries that may wait in a process; who comes then is sent away at once, and comes again."""

MAX_SLEEP_S = 0.5
"""After this time who waits looks by itself whether its delivery is committed: the next batch may not get on."""


class BusyError(Exception):
    """More deliveries wait than can be written soon; nothing of this one was kept."""


class CutOffError(Exception):
    """The request that wrote for this one was ended; whether it was kept is not known."""


def _lock() -> threading.Lock:
    """Return a lock that is held."""
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(eq=False, slots=True)
class _Ticket:
    """A delivery that waits."""

    incoming: Incoming
    asleep: threading.Lock = field(default_factory=_lock)
    """Held until there is something to wake up for: all of an event that is needed, at a fraction of its price."""
    receipt: Receipt | None = None
    error: BaseException | None = None
    writes_next: bool = False

    def wake(self) -> None:
        """Let it go on; done once or twice."""
        if self.asleep.locked():
            self.asleep.release()


class Writer:
    """Lets the requests of a process write together."""

    def __init__(self, engine: Engine, settings: Settings, max_waiting: int = MAX_WAITING) -> None:
        self._engine, self._settings, self._max_waiting = engine, settings, max_waiting
        self._lock = threading.Lock()
        self._waiting: deque[_Ticket] = deque()
        self._written: list[_Ticket] = []
        """Of the last batch, who is not woken yet; whoever writes has it to itself."""
        self.is_writing = False
        """Whether a batch is being written now."""

    def submit(self, incoming: Incoming) -> Receipt:
        """Return the receipt once the delivery is committed.

        Raises BusyError at once if too many wait, CutOffError if the request that wrote it was ended, and what
        ingest_deliveries raises for the batch that this delivery was in.
        """
        ticket = _Ticket(incoming)
        self._enqueue(ticket)
        if not ticket.writes_next:
            self._wait(ticket)
        if ticket.writes_next:
            self._write_batch()
        if ticket.error is not None:
            raise ticket.error
        assert ticket.receipt is not None
        return ticket.receipt

    def write(self, deliveries: Sequence[Incoming], on_idle: Callable[[], None]) -> list[Receipt]:
        """Write one batch in one transaction; see ingest_deliveries."""
        return ingest_deliveries(self._engine, deliveries, self._settings, on_idle)

    def count_waiting(self) -> int:
        """Return how many deliveries wait now."""
        return len(self._waiting)

    def _enqueue(self, ticket: _Ticket) -> None:
        with self._lock:
            if len(self._waiting) >= self._max_waiting:
                raise BusyError
            self._waiting.append(ticket)
            ticket.writes_next, self.is_writing = not self.is_writing, True

    def _wait(self, ticket: _Ticket) -> None:
        try:
            while not ticket.asleep.acquire(timeout=MAX_SLEEP_S):
                if ticket.receipt or ticket.error:
                    return
        except BaseException:
            # The server ends this request while it waits: nobody may wait for it to write.
            with self._lock:
                if ticket in self._waiting:
                    self._waiting.remove(ticket)
                if ticket.writes_next:
                    self._hand_over()
            raise

    def _write_batch(self) -> None:
        with self._lock:
            batch = self._take_batch()
        try:
            metrics.QUEUE.set(len(self._waiting))
            began_at = time.perf_counter()
            deliveries = [ticket.incoming for ticket in batch]
            receipts = self.write(deliveries, self._wake_written)
            for ticket, receipt in zip(batch, receipts, strict=True):
                ticket.receipt = receipt
            _count_batch(deliveries, receipts, began_at)
        except BaseException as error:
            # Whoever only waited for this one is not to blame for its end: it may try again.
            for ticket in batch:
                ticket.error = error if isinstance(error, Exception) else CutOffError()
            raise
        finally:
            self._wake_written()  # a batch that failed may not have come so far
            self._written = batch
            with self._lock:
                self._hand_over()

    def _wake_written(self) -> None:
        for ticket in self._written:
            ticket.wake()
        self._written = []

    def _take_batch(self) -> list[_Ticket]:
        batch: list[_Ticket] = []
        size = steps = 0
        most = min(MAX_DELIVERIES, max(MIN_SPLIT, len(self._waiting) // 2))
        while self._waiting and len(batch) < most:
            incoming = self._waiting[0].incoming
            size += len(incoming.body)
            steps += sum(len(report.steps) for report in incoming.reports)
            if batch and (size > MAX_BYTES or steps > MAX_STEPS):
                break
            batch.append(self._waiting.popleft())
        return batch

    def _hand_over(self) -> None:
        """Let the first that waits write next, or wake who is written if nobody waits; call it with the lock held."""
        self.is_writing = bool(self._waiting)
        if self._waiting:
            self._waiting[0].writes_next = True
            self._waiting[0].wake()
        else:
            self._wake_written()


def _count_batch(deliveries: Sequence[Incoming], receipts: Sequence[Receipt], began_at: float) -> None:
    """Record the metrics of a committed batch that began at this time of the performance counter."""
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

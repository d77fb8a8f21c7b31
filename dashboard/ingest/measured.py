"""Writing a batch, counted: once per batch, as far as the numbers allow."""

import time
from collections import Counter
from collections.abc import Callable, Sequence

from dashboard import metrics
from dashboard.ingest.delivery import Incoming, Receipt
from dashboard.ingest.writer import Write


def measure(write: Write) -> Write:
    """Return `write`, telling metrics of every batch that it wrote."""

    def write_measured(deliveries: Sequence[Incoming], on_idle: Callable[[], None]) -> list[Receipt]:
        began_at = time.perf_counter()
        receipts = write(deliveries, on_idle)
        _count(deliveries, receipts, began_at)
        return receipts

    return write_measured


def _count(deliveries: Sequence[Incoming], receipts: Sequence[Receipt], began_at: float) -> None:
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

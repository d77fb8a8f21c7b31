"""The metrics for Prometheus: their definitions and their output. Other modules set and increment them.

Processes with the same PROMETHEUS_MULTIPROC_DIR keep their numbers in files there, and each of them returns the totals.
Labels only take values from closed lists.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

# The library decides when it is imported where numbers are kept.
DIRECTORY = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
if DIRECTORY:
    Path(DIRECTORY).mkdir(mode=0o700, parents=True, exist_ok=True)

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest  # noqa: E402
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead  # noqa: E402

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

_own = CollectorRegistry()

DELIVERIES = Counter("dashboard_deliveries", "Committed deliveries.", ["dialect", "verdict"], registry=_own)
DELIVERY_SECONDS = Histogram(
    "dashboard_delivery_seconds", "Time from the receipt of a delivery to its commit.", buckets=SECONDS, registry=_own
)
BATCH_SECONDS = Histogram("dashboard_batch_seconds", "Time to write one batch.", buckets=SECONDS, registry=_own)
BATCH_DELIVERIES = Histogram(
    "dashboard_batch_deliveries", "Deliveries per batch.", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256), registry=_own
)
QUEUE = Gauge(
    "dashboard_queue_deliveries", "Deliveries waiting for the next batch.", registry=_own, multiprocess_mode="livesum"
)
REFUSED = Counter("dashboard_refused_deliveries", "Deliveries refused because too many were waiting.", registry=_own)
FANOUT_MESSAGES = Counter("dashboard_fanout_messages", "Messages sent to pages, each counted once.", registry=_own)
FANOUT_RECEIVERS = Counter(
    "dashboard_fanout_receivers", "Writes to pages; messages sent to a page at once count once.", registry=_own
)
FANOUT_SKIPPED = Counter("dashboard_fanout_skipped", "Writes skipped because the page was too slow.", registry=_own)
SOCKETS = Gauge("dashboard_sockets", "Connected pages.", registry=_own, multiprocess_mode="livesum")
POOL_IN_USE = Gauge("dashboard_pool_in_use", "Database connections in use.", registry=_own, multiprocess_mode="livesum")
POOL_SIZE = Gauge(
    "dashboard_pool_size",
    "Maximum number of database connections in the pools.",
    registry=_own,
    multiprocess_mode="livesum",
)


def render_metrics() -> bytes:
    """Return all metrics in Prometheus's text format, of this process or of all that share the directory."""
    if DIRECTORY is None:
        return generate_latest(_own)
    _remove_dead_gauges(Path(DIRECTORY))
    shared = CollectorRegistry()
    _FilledFilesCollector(shared, DIRECTORY)  # type: ignore[no-untyped-call]
    return generate_latest(shared)


class _FilledFilesCollector(MultiProcessCollector):
    """The library's collector, without the empty files of starting processes, on which it fails."""

    def collect(self) -> Iterable[Metric]:
        """Return the metrics of all files, merged."""
        return self.merge(list(_find_filled_files(Path(self._path))))  # type: ignore[no-untyped-call, no-any-return]


def _find_filled_files(directory: Path) -> Iterator[str]:
    for path in directory.glob("*.db"):
        with contextlib.suppress(FileNotFoundError):  # The gauges of an ended process may be removed meanwhile.
            if path.stat().st_size:
                yield str(path)


def _remove_dead_gauges(directory: Path) -> None:
    """Remove the gauges of processes that have ended; their counters stay."""
    for path in directory.glob("gauge_live*_*.db"):
        pid = path.stem.rpartition("_")[2]
        if pid.isdigit() and not _is_alive(int(pid)):
            with contextlib.suppress(FileNotFoundError):  # Another process may remove them at the same time.
                mark_process_dead(pid, str(directory))  # type: ignore[no-untyped-call]


def _is_alive(pid: int) -> bool:
    # A process of another user (PermissionError) has reused the id of one of ours, which is dead.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, 0)
        return True
    return False

"""What is counted, for Prometheus. The names of everything, and how it is told; counted is where it happens.

Several processes that are set the same PROMETHEUS_MULTIPROC_DIR count into files there, and each answers for all.
Labels only take values of closed lists.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

# The library decides with its import where numbers are kept.
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
    """Return everything that was counted, by this process or by all that share the directory."""
    if DIRECTORY is None:
        return generate_latest(_own)
    _forget_dead(Path(DIRECTORY))
    shared = CollectorRegistry()
    _Files(shared, DIRECTORY)  # type: ignore[no-untyped-call]
    return generate_latest(shared)


class _Files(MultiProcessCollector):
    """The library's collector, but for files that a process which begins has made and not filled: it fails on them."""

    def collect(self) -> Iterable[Metric]:
        """Return what all files together count."""
        return self.merge(list(_find_filled(Path(self._path))))  # type: ignore[no-untyped-call, no-any-return]


def _find_filled(directory: Path) -> Iterator[str]:
    for path in directory.glob("*.db"):
        with contextlib.suppress(FileNotFoundError):  # it was a gauge of a process that has ended
            if path.stat().st_size:
                yield str(path)


def _forget_dead(directory: Path) -> None:
    """Drop the gauges of processes that have ended; what they counted stays."""
    for path in directory.glob("gauge_live*_*.db"):
        pid = path.stem.rpartition("_")[2]
        if pid.isdigit() and not _is_alive(int(pid)):
            with contextlib.suppress(FileNotFoundError):  # another process is at it
                mark_process_dead(pid, str(directory))  # type: ignore[no-untyped-call]


def _is_alive(pid: int) -> bool:
    # Another user's process only has the number that one of ours had.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, 0)
        return True
    return False

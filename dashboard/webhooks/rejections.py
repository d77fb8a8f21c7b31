"""Storing rejected deliveries with the reason, at a limited rate: an attacker must not be able to fill the disk."""

import contextlib
import threading
from collections import Counter

from dashboard.database.errors import UNAVAILABLE
from dashboard.extensions import current_writer, get_or_create_state
from dashboard.ingest.delivery import Incoming
from dashboard.ingest.writer import BusyError

MAX_PER_MINUTE = 60
"""Rejected deliveries that a process stores per minute and source; unauthenticated ones count as one source."""


class RateLimit:
    """Counts the rejected deliveries of the current minute by source."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = 0
        self._counts: Counter[str | None] = Counter()

    def take(self, source: str | None, minute: int) -> bool:
        """Count one more delivery of this source; return whether it may be stored."""
        with self._lock:
            if minute != self._minute:
                self._minute, self._counts = minute, Counter()
            self._counts[source] += 1
            return self._counts[source] <= MAX_PER_MINUTE


def store_rejected(incoming: Incoming, reason: str) -> None:
    """Store the beginning of a rejected delivery with the reason, unless the rate limit is reached."""
    if not get_or_create_state(RateLimit).take(incoming.source, int(incoming.received_at.timestamp()) // 60):
        return
    incoming.reject(reason)
    # If it cannot be stored, the sender still gets its own error.
    with contextlib.suppress(*UNAVAILABLE, BusyError):
        current_writer().submit(incoming)

"""Keeping what was rejected: who looks for it finds it, with the reason. Bounded, so that nobody can fill the disk."""

import contextlib
import threading
from collections import Counter

from flask import current_app

from dashboard.database.errors import UNAVAILABLE
from dashboard.extensions import current_writer
from dashboard.ingest.delivery import Incoming
from dashboard.ingest.writer import BusyError

MAX_PER_MINUTE = 60
"""How many a process keeps for each source, and of those that nobody authenticated, per minute."""


class Allowance:
    """Counts what was kept in the current minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = 0
        self._kept: Counter[str | None] = Counter()

    def take(self, source: str | None, minute: int) -> bool:
        """Return whether one more of this source may be kept in this minute."""
        with self._lock:
            if minute != self._minute:
                self._minute, self._kept = minute, Counter()
            self._kept[source] += 1
            return self._kept[source] <= MAX_PER_MINUTE


def keep_rejected(incoming: Incoming, reason: str) -> None:
    """Store the beginning of a rejected delivery with the reason, unless there were too many in this minute."""
    allowance: Allowance = current_app.extensions.setdefault("rejections", Allowance())
    if not allowance.take(incoming.source, int(incoming.received_at.timestamp()) // 60):
        return
    incoming.reject(reason)
    # The sender gets its error all the same when nothing can be stored.
    with contextlib.suppress(*UNAVAILABLE, BusyError):
        current_writer().submit(incoming)

"""Sources as the request path sees them: read from the database every few seconds, not for each delivery."""

import threading
import time
from datetime import datetime

from flask import current_app
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from dashboard.access.sources import Source, load_sources
from dashboard.database.errors import UNAVAILABLE
from dashboard.extensions import db
from dashboard.http.context import current_settings

FRESH_S = 3.0
"""How long it takes at most until an added, rotated or removed secret counts everywhere, if the database answers."""
WAIT_S = 5.0
"""How long a request waits for another one that reads them for the first time."""


class SourceCache:
    """What was read last, and when."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sources: list[Source] | None = None
        self._stale_at = 0.0

    def read(self, now: datetime) -> list[Source]:
        """Return the sources; raise the database's error, or that it takes too long, only if it has never answered.

        One request at a time reads them anew. The others go on with what is known: a database that does not answer
        holds up one of them, not all of them one after the other.
        """
        if self._is_stale() and self._lock.acquire(timeout=0 if self._sources is not None else WAIT_S):
            try:
                if self._is_stale():
                    self._refresh(now)
            finally:
                self._lock.release()
        if self._sources is None:
            raise PoolTimeoutError("the sources were not read in time")
        return self._sources

    def _is_stale(self) -> bool:
        return time.monotonic() >= self._stale_at

    def _refresh(self, now: datetime) -> None:
        try:
            self._sources = load_sources(db.engine, current_settings(), now)
        except UNAVAILABLE:
            # What was right a moment ago still tells who may post; the delivery itself will hear of the database.
            if self._sources is None:
                raise
        self._stale_at = time.monotonic() + FRESH_S


def read_sources(now: datetime) -> list[Source]:
    """Return the sources that may post."""
    cache: SourceCache = current_app.extensions.setdefault("webhook_sources", SourceCache())
    return cache.read(now)

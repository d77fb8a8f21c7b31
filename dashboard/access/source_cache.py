"""A cache of the sources: they are read from the database every few seconds, not for each delivery."""

import threading
import time
from datetime import datetime

from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from dashboard.access.sources import Source, load_sources
from dashboard.database.errors import UNAVAILABLE
from dashboard.extensions import db, get_or_create_state
from dashboard.http.context import current_settings

FRESH_S = 3.0
"""The maximum age of cached sources, after which changes apply in every process, unless the database is down."""
WAIT_S = 5.0
"""How long a request waits while another one reads the sources for the first time."""


class SourceCache:
    """The sources that were read last, and the time at which they become stale."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sources: list[Source] | None = None
        self._stale_at = 0.0

    def read(self, now: datetime) -> list[Source]:
        """Return the sources; raise the database's error, or PoolTimeoutError, only if none were ever read.

        One request at a time refreshes them, the others use the stale ones: a database that does not answer delays one
        request instead of all of them in turn.
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
            # Stale sources can still authenticate; writing the delivery will fail if the database is still down.
            if self._sources is None:
                raise
        self._stale_at = time.monotonic() + FRESH_S


def read_sources(now: datetime) -> list[Source]:
    """Return the sources that may post deliveries, from the cache of this process."""
    return get_or_create_state(SourceCache).read(now)

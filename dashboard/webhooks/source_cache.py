"""Sources as the request path sees them: read from the database every few seconds, not for each delivery."""

import threading
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from dashboard.extensions import db
from dashboard.webhooks.sources import Source, load_sources

FRESH = timedelta(seconds=3)
"""How long it takes at most until an added, rotated or removed secret counts everywhere."""


class SourceCache:
    """What was read last, and when."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sources: list[Source] | None = None
        self._read_at: datetime | None = None

    def read(self, app: Flask, now: datetime) -> list[Source]:
        """Return the sources; raise the database's error only if it has never answered."""
        with self._lock:
            if self._sources is None or self._read_at is None or abs(now - self._read_at) > FRESH:
                self._refresh(app, now)
            return self._sources or []

    def _refresh(self, app: Flask, now: datetime) -> None:
        try:
            self._sources = load_sources(db.engine, app.config["SETTINGS"], now)
        except (OperationalError, InterfaceError, PoolTimeoutError):
            # What was right a moment ago still tells who may post; the delivery itself will hear of the database.
            if self._sources is None:
                raise
        self._read_at = now


def read_sources(app: Flask, now: datetime) -> list[Source]:
    """Return the sources that may post."""
    cache: SourceCache = app.extensions.setdefault("webhook_sources", SourceCache())
    return cache.read(app, now)

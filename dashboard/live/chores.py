"""What the database needs done from time to time: announcing the silent, deleting the old, indexing what is searched.

Every process that serves sockets does it; the statements behind it, in `ingest`, let one of them succeed for each row.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import gevent
from flask import Flask
from sqlalchemy.exc import OperationalError

from dashboard.ingest.retention import EVENTS_KEPT, delete_old
from dashboard.ingest.stale import announce_stale
from dashboard.ingest.terms import add_terms, renew_terms
from dashboard.pool import SILENCE_S, STATEMENT_S

STALE_EVERY_S = 5.0
DELETE_EVERY_S = RENEW_EVERY_S = 3600.0
ADD_EVERY_S = 60.0
LONGEST_COMMIT = timedelta(minutes=1)
"""An event may be committed so long after the time that stands in it."""

logger = logging.getLogger(__name__)


def start_chores(app: Flask) -> None:
    """Start one greenlet for each chore, so that a slow deletion does not delay an announcement."""
    stale_s = app.config["SETTINGS"].stale_s
    gevent.spawn(_repeat, app, STALE_EVERY_S, lambda: announce_stale(datetime.now(UTC), stale_s))
    gevent.spawn(_repeat, app, DELETE_EVERY_S, lambda: delete_old(datetime.now(UTC)))
    gevent.spawn(_repeat, app, ADD_EVERY_S, lambda: add_terms(datetime.now(UTC)))
    gevent.spawn(_repeat, app, RENEW_EVERY_S, _make_renewal())


def _make_renewal() -> Callable[[], object]:
    """Return the chore that looks again at what changed since its last time; the first time, at all that is known."""
    since = datetime.now(UTC) - EVENTS_KEPT

    def renew() -> None:
        nonlocal since
        now = datetime.now(UTC)
        # An hour at a time, each noted when it is done: one statement has to end soon, however long nobody renewed.
        while since < now - LONGEST_COMMIT:
            until = min(since + timedelta(seconds=RENEW_EVERY_S), now)
            renew_terms(since, until)
            since = until - LONGEST_COMMIT if until == now else until

    return renew


def _repeat(app: Flask, every_s: float, chore: Callable[[], object]) -> None:
    SILENCE_S.set(STATEMENT_S + 1)
    while True:
        try:
            with app.app_context():
                chore()
        except OperationalError as error:
            logger.warning("a chore is waiting for the database: %s", error.orig)
        except Exception:  # the outermost edge: the next time may go better
            logger.exception("a chore failed")
        gevent.sleep(every_s)

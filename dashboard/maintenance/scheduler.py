"""Runs the periodic jobs: announce stale deployments, delete what is old, keep the search index up to date.

Every process that serves sockets runs them; their statements let several do so at once.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import gevent
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from dashboard.config import Settings
from dashboard.database.pool import ANSWER_TIMEOUT_S, STATEMENT_TIMEOUT_S
from dashboard.maintenance.retention import EVENTS_KEPT, delete_old
from dashboard.maintenance.search_index import add_terms, renew_terms
from dashboard.maintenance.staleness import announce_stale

STALE_EVERY_S = 5.0
DELETE_EVERY_S = RENEW_EVERY_S = 3600.0
ADD_EVERY_S = 60.0
MAX_COMMIT_DELAY = timedelta(minutes=1)
"""An event may be committed this long after its `created_at`."""

logger = logging.getLogger(__name__)


def start(engine: Engine, settings: Settings) -> None:
    """Start one greenlet per job, so that a slow deletion does not delay an announcement; call it after the fork."""
    gevent.spawn(_repeat, STALE_EVERY_S, lambda: announce_stale(engine, datetime.now(UTC), settings.stale_s))
    gevent.spawn(_repeat, DELETE_EVERY_S, lambda: delete_old(engine, settings, datetime.now(UTC)))
    gevent.spawn(_repeat, ADD_EVERY_S, lambda: add_terms(engine, datetime.now(UTC)))
    gevent.spawn(_repeat, RENEW_EVERY_S, _make_renewal(engine))


def _make_renewal(engine: Engine) -> Callable[[], object]:
    """Return the job that indexes again what changed since it last ran; the first time, since events are kept."""
    since = datetime.now(UTC) - EVENTS_KEPT

    def renew() -> None:
        nonlocal since
        now = datetime.now(UTC)
        # An hour at a time, each recorded when it is done: a statement has to end soon, however long ago the last was.
        while since < now - MAX_COMMIT_DELAY:
            until = min(since + timedelta(seconds=RENEW_EVERY_S), now)
            renew_terms(engine, since, until)
            since = until - MAX_COMMIT_DELAY if until == now else until

    return renew


def _repeat(every_s: float, job: Callable[[], object]) -> None:
    ANSWER_TIMEOUT_S.set(STATEMENT_TIMEOUT_S + 1)
    while True:
        try:
            job()
        except OperationalError as error:
            logger.warning("a periodic job has to wait for the database: %s", error.orig)
        except Exception:  # the outermost edge: the next run may succeed
            logger.exception("a periodic job failed")
        gevent.sleep(every_s)

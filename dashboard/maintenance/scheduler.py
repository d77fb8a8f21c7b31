"""Schedules the periodic tasks: announce stale deployments, delete old rows, update the search index.

Every process that serves sockets runs them; several may run them at once.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import gevent
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from dashboard.config import Settings
from dashboard.core.time_units import HOUR_S, MINUTE_S
from dashboard.database.pool import ANSWER_TIMEOUT_S, STATEMENT_TIMEOUT_S
from dashboard.maintenance.retention import EVENT_RETENTION, delete_old
from dashboard.maintenance.search_index import find_oldest_event, index_new_deployments, reindex_changed_deployments
from dashboard.maintenance.staleness import announce_stale

STALE_EVERY_S = 5.0
DELETE_EVERY_S = REINDEX_EVERY_S = HOUR_S
INDEX_EVERY_S = MINUTE_S
MAX_COMMIT_DELAY = timedelta(minutes=1)
"""How long after its `created_at` an event may be committed."""

logger = logging.getLogger(__name__)


def start(engine: Engine, settings: Settings) -> None:
    """Start one greenlet per task, so that a slow deletion does not delay an announcement. Call it after the fork."""
    gevent.spawn(_repeat, STALE_EVERY_S, lambda: announce_stale(engine, datetime.now(UTC), settings.stale_s))
    gevent.spawn(_repeat, DELETE_EVERY_S, lambda: delete_old(engine, settings, datetime.now(UTC)))
    gevent.spawn(_repeat, INDEX_EVERY_S, lambda: index_new_deployments(engine, datetime.now(UTC)))
    gevent.spawn(_repeat, REINDEX_EVERY_S, _make_reindexing(engine))


def _make_reindexing(engine: Engine) -> Callable[[], object]:
    """Return the task that reindexes what changed since its last run; at first, since the oldest events kept."""
    since = datetime.now(UTC) - EVENT_RETENTION

    def reindex() -> None:
        nonlocal since
        now = datetime.now(UTC)
        # The hours before the oldest event would be one query each, for nothing: a month of them in a new database.
        since = max(since, find_oldest_event(engine, now) - MAX_COMMIT_DELAY)
        # One hour at a time, however long ago the last run was, so that statements stay short.
        while since < now - MAX_COMMIT_DELAY:
            until = min(since + timedelta(seconds=REINDEX_EVERY_S), now)
            reindex_changed_deployments(engine, since, until)
            since = until - MAX_COMMIT_DELAY if until == now else until

    return reindex


def _repeat(every_s: float, task: Callable[[], object]) -> None:
    ANSWER_TIMEOUT_S.set(STATEMENT_TIMEOUT_S + 1)
    while True:
        try:
            task()
        except OperationalError as error:
            logger.warning("a periodic task has to wait for the database: %s", error.orig)
        except Exception:  # The outermost edge: the next run may succeed.
            logger.exception("a periodic task failed")
        gevent.sleep(every_s)

"""A connection that listens for committed events and reads them.

Every call returns or raises within a bounded time; after an error, open another listener.
"""

import contextlib
import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import gevent
import psycopg2
import psycopg2.extensions
from gevent.socket import wait_read
from sqlalchemy import make_url

from dashboard.core.view_types.events import Changes
from dashboard.models.base import unpack_json
from dashboard.models.deployment_event import EVENT_CHANNEL

ANNOUNCEMENT = re.compile(r"\b([0-9]{1,18}):([0-9]{1,9})\b")
"""`<deployment id>:<seq>`."""
TIMEOUT_S = 10
"""How long the database may take to connect or to answer a statement."""
MAX_READ_EVENTS = 500
"""Events read by one statement, which bounds the memory after a long absence."""
MAX_UNWATCHED = 1000
"""How many of the newest and of the open deployments are compared although no page watches them."""
CONNECTION_ERRORS = (psycopg2.Error, OSError)
"""Raised by a listener when the database cannot be reached or has closed the connection."""

READ_EVENTS = """
    SELECT event.deployment_id, project.slug, deployment.dialect, deployment.run_id, deployment.attempt,
      event.seq, event.kind, event.changes,
      ARRAY(SELECT slug FROM former_slugs WHERE project_id = project.id ORDER BY slug)
    FROM unnest(%s::bigint[], %s::integer[]) AS known (deployment_id, seq)
    JOIN deployment_events AS event ON event.deployment_id = known.deployment_id AND event.seq > known.seq
    JOIN deployments AS deployment ON deployment.id = event.deployment_id
    JOIN projects AS project ON project.id = deployment.project_id
    ORDER BY event.deployment_id, event.seq
    LIMIT %s
"""

READ_SEQS = """
    SELECT id, seq FROM deployments WHERE id = ANY(%(watched)s::bigint[])
    UNION (SELECT id, seq FROM deployments ORDER BY id DESC LIMIT %(limit)s)
    UNION (
        SELECT id, seq FROM deployments WHERE status IS DISTINCT FROM 'completed' ORDER BY id DESC LIMIT %(limit)s
    )
"""


class Event(NamedTuple):
    """A row of `deployment_events`, with the values that decide which pages it concerns."""

    deployment_id: int
    project_slug: str
    dialect: str
    run_id: str | None
    attempt: int
    seq: int
    kind: str
    """An EventKind."""
    changes: Changes
    former_slugs: Sequence[str] = ()
    """Pages that were opened before the project was renamed watch its former slugs."""


class Listener:
    """A connection that listens for events."""

    def __init__(self, connection: psycopg2.extensions.connection) -> None:
        self._connection = connection
        self._query("LISTEN " + EVENT_CHANNEL)

    def wait(self, timeout_s: float) -> bool:
        """Return whether events were announced: True at once if so, otherwise False after this time."""
        deadline = time.monotonic() + timeout_s
        # Announcements also arrive with the answers to statements, so look at those before waiting for more.
        self._connection.poll()
        with contextlib.suppress(TimeoutError):
            while not self._connection.notifies:
                wait_read(self._connection.fileno(), timeout=max(0.0, deadline - time.monotonic()))
                self._connection.poll()
        return bool(self._connection.notifies)

    def take_announced_seqs(self) -> dict[int, list[int]]:
        """Return the seqs announced since the last call, by deployment, in order."""
        self._connection.poll()
        notices = list(self._connection.notifies)
        self._connection.notifies.clear()
        announced: dict[int, list[int]] = {}
        for notice in notices:
            for deployment_id, seq in ANNOUNCEMENT.findall(notice.payload):
                announced.setdefault(int(deployment_id), []).append(int(seq))
        return announced

    def read_events(self, known: Mapping[int, int]) -> list[Event]:
        """Return the events after the known seq of each deployment, by deployment and seq, at most MAX_READ_EVENTS."""
        rows = self._query(READ_EVENTS, (list(known), list(known.values()), MAX_READ_EVENTS))
        return [Event._make((*row, unpack_json(changes), former)) for *row, changes, former in rows]

    def read_seqs(self, watched: Collection[int]) -> dict[int, int]:
        """Return the seq of the watched, the newest and the open deployments, by id."""
        return dict(self._query(READ_SEQS, {"watched": list(watched), "limit": MAX_UNWATCHED}))

    def _query(self, statement: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> list[tuple[Any, ...]]:
        with _limit_time(), self._connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []


@contextlib.contextmanager
def open_listener(database_url: str) -> Iterator[Listener]:
    """Open a listener on its own connection, closed on exit. Raises psycopg2.Error or TimeoutError."""
    dsn = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with _limit_time():  # psycogreen ignores connect_timeout.
        connection = psycopg2.connect(
            dsn,
            application_name="dashboard live",
            options=f"-c statement_timeout={TIMEOUT_S * 1000}",
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
        )
    try:
        connection.autocommit = True
        yield Listener(connection)
    finally:
        connection.close()


def _limit_time() -> gevent.Timeout:
    return gevent.Timeout(TIMEOUT_S, TimeoutError(f"the database did not answer within {TIMEOUT_S} s"))

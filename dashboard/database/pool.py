"""Connections to the database: how each is opened, how many a process keeps, whether the server has enough for all."""

import logging
from contextvars import ContextVar
from typing import Any

import gevent
import psycopg2
from psycogreen.gevent import gevent_wait_callback
from psycopg2.extensions import connection as Psycopg2Connection  # noqa: N812
from sqlalchemy import Engine, Pool, QueuePool, event
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import InterfaceError, OperationalError

from dashboard.config import Role, Settings, SettingsError
from dashboard.metrics import POOL_IN_USE, POOL_SIZE

CONNECT_S = 5
"""How long a connection may take to open."""
STATEMENT_S = 30
"""How long the server works on one statement before it gives it up."""
SILENCE_S: ContextVar[float] = ContextVar("SILENCE_S", default=12)
"""How long it may be silent before it is given up: longer than a lock_timeout. Chores, which take long, wait longer."""
SPARE = 5
"""Connections that are left to migrations, commands, and a person who looks."""
SESSION = (
    f"-c timezone=UTC -c lock_timeout=10s -c statement_timeout={STATEMENT_S}s -c plan_cache_mode=force_generic_plan"
)
CONNECT_ARGS = {
    "application_name": "dashboard",
    "options": SESSION,
    "connect_timeout": CONNECT_S,
    # A server that is gone without a word ends its connections within half a minute, statements and all.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}

logger = logging.getLogger(__name__)


def describe_engine(settings: Settings) -> dict[str, Any]:
    """Return the options of the engine: a pool that never grows beyond the size that was counted with."""
    return {
        "pool_pre_ping": True,
        "hide_parameters": True,
        "pool_timeout": 5,
        "pool_size": settings.pool_size,
        "max_overflow": 0,
        "connect_args": CONNECT_ARGS,
    }


def watch_pool(engine: Engine, settings: Settings) -> None:
    """Bound the time that connecting takes, and measure how many connections are in use."""
    POOL_SIZE.set(settings.pool_size)
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "checkout", lambda *_: _count_in_use(engine.pool))
    event.listen(engine, "checkin", lambda *_: _count_in_use(engine.pool, returned=1))


def _count_in_use(pool: Pool, returned: int = 0) -> None:
    assert isinstance(pool, QueuePool)
    POOL_IN_USE.set(pool.checkedout() - returned)


def _connect(dialect: Dialect, _record: object, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:  # noqa: ANN401
    # psycogreen ignores connect_timeout.
    with gevent.Timeout(CONNECT_S, psycopg2.OperationalError(f"no connection within {CONNECT_S} s")):
        return dialect.connect(*arguments, **options)


def wait_for_database(connection: Psycopg2Connection) -> None:
    """Let other greenlets run while the database works; what is raised makes psycopg2 close the connection."""
    try:
        gevent_wait_callback(connection, SILENCE_S.get())
    except TimeoutError:
        raise psycopg2.OperationalError(f"the database was silent for {SILENCE_S.get()} s") from None


def count_connections(settings: Settings) -> int:
    """Return how many connections all processes together may hold, and what is left to others."""
    if settings.role == Role.ALL:
        return settings.pool_size + 1 + SPARE
    processes = settings.web_workers + settings.live_processes
    return processes * settings.pool_size + settings.live_processes + SPARE


def check_connections(connection: Connection, settings: Settings) -> None:
    """Raise SettingsError unless the server takes as many connections as the processes may open."""
    shown = "current_setting('{}', true)::integer"
    names = ("max_connections", "superuser_reserved_connections", "reserved_connections")
    most, *reserved = connection.exec_driver_sql(f"SELECT {', '.join(map(shown.format, names))}").one()
    offered, needed = most - sum(number or 0 for number in reserved), count_connections(settings)
    if needed > offered:
        raise SettingsError(
            f"the processes may open {needed} connections, but PostgreSQL allows {offered}: lower DASHBOARD_POOL_SIZE "
            f"({settings.pool_size}) or the number of processes, or raise max_connections ({most})"
        )


def check_pool(engine: Engine, settings: Settings) -> None:
    """Raise SettingsError if the server offers too few connections; only log it if the server cannot be asked."""
    try:
        with engine.connect() as connection:
            check_connections(connection, settings)
    except (OperationalError, InterfaceError) as error:
        logger.warning("the database does not answer: %s", str(error.orig).strip())

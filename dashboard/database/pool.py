"""The connection pool: how connections are opened, how many a process keeps, and whether the server allows them all."""

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

CONNECT_TIMEOUT_S = 5
"""How long opening a connection may take."""
STATEMENT_TIMEOUT_S = 30
"""How long a statement may run before the server cancels it."""
ANSWER_TIMEOUT_S: ContextVar[float] = ContextVar("ANSWER_TIMEOUT_S", default=12)
"""How long the server may be silent before its connection is closed: longer than lock_timeout, so that PostgreSQL gives
up first. Maintenance tasks, whose statements are slow, set it higher."""
SPARE_CONNECTIONS = 5
"""Connections reserved for migrations, commands and interactive sessions."""
SESSION_OPTIONS = (
    f"-c timezone=UTC -c lock_timeout=10s -c statement_timeout={STATEMENT_TIMEOUT_S}s"
    " -c plan_cache_mode=force_generic_plan"
)
CONNECT_ARGS = {
    "application_name": "dashboard",
    "options": SESSION_OPTIONS,
    "connect_timeout": CONNECT_TIMEOUT_S,
    # These end a connection within half a minute after its server vanished, even in the middle of a statement.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}

logger = logging.getLogger(__name__)


def make_engine_options(settings: Settings) -> dict[str, Any]:
    """Return the options of the engine, whose pool never grows beyond the size in the settings."""
    return {
        "pool_pre_ping": True,
        "hide_parameters": True,
        "pool_timeout": 5,
        "pool_size": settings.pool_size,
        "max_overflow": 0,
        "connect_args": CONNECT_ARGS,
    }


def init_pool(engine: Engine, settings: Settings) -> None:
    """Limit how long connecting takes, and record how many connections are in use."""
    POOL_SIZE.set(settings.pool_size)
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "checkout", lambda *_: _count_in_use(engine.pool))
    event.listen(engine, "checkin", lambda *_: _count_in_use(engine.pool, returned=1))


def _count_in_use(pool: Pool, returned: int = 0) -> None:
    assert isinstance(pool, QueuePool)
    POOL_IN_USE.set(pool.checkedout() - returned)


def _connect(dialect: Dialect, _record: object, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:  # noqa: ANN401
    # psycogreen ignores connect_timeout.
    with gevent.Timeout(CONNECT_TIMEOUT_S, psycopg2.OperationalError(f"no connection within {CONNECT_TIMEOUT_S} s")):
        return dialect.connect(*arguments, **options)


def wait_for_database(connection: Psycopg2Connection) -> None:
    """Wait for the database while other greenlets run. An error makes psycopg2 close the connection."""
    try:
        gevent_wait_callback(connection, ANSWER_TIMEOUT_S.get())
    except TimeoutError:
        raise psycopg2.OperationalError(f"the database was silent for {ANSWER_TIMEOUT_S.get()} s") from None


def count_connections(settings: Settings) -> int:
    """Return how many connections all processes together may hold, including SPARE_CONNECTIONS."""
    if settings.role == Role.ALL:
        return settings.pool_size + 1 + SPARE_CONNECTIONS
    processes = settings.web_workers + settings.live_processes
    return processes * settings.pool_size + settings.live_processes + SPARE_CONNECTIONS


def check_connections(connection: Connection, settings: Settings) -> None:
    """Raise SettingsError if the processes may open more connections than the server allows."""
    setting = "current_setting('{}', true)::integer"
    names = ("max_connections", "superuser_reserved_connections", "reserved_connections")
    limit, *reserved = connection.exec_driver_sql(f"SELECT {', '.join(map(setting.format, names))}").one()
    offered, needed = limit - sum(number or 0 for number in reserved), count_connections(settings)
    if needed > offered:
        raise SettingsError(
            f"the processes may open {needed} connections, but PostgreSQL allows {offered}: lower DASHBOARD_POOL_SIZE "
            f"({settings.pool_size}) or the number of processes, or raise max_connections ({limit})"
        )


def check_pool(engine: Engine, settings: Settings) -> None:
    """Raise SettingsError if the server offers too few connections; only log a warning if it does not answer."""
    try:
        with engine.connect() as connection:
            check_connections(connection, settings)
    except (OperationalError, InterfaceError) as error:
        logger.warning("the database does not answer: %s", str(error.orig).strip())

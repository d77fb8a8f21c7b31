"""Migrating the database, with a one-line error if it cannot be used."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from dashboard.cli.environment import load_served_settings, summarise_error
from dashboard.config import Settings, SettingsError
from dashboard.database.migrations import upgrade
from dashboard.database.pool import CONNECT_ARGS, check_connections

CONNECT_TIMEOUT_S = 3


class DatabaseError(Exception):
    """The database cannot be used; the text is one line that says why and what to do."""


def migrate_served(environ: Mapping[str, str]) -> int:
    """Migrate the configured database and return the exit status; print errors as one line on stderr."""
    try:
        migrate_database(load_served_settings(environ))
    except (SettingsError, DatabaseError) as error:
        print(f"dashboard: {error}", file=sys.stderr)
        return 1
    return 0


def migrate_database(settings: Settings) -> None:
    """Apply the missing migrations; if several programs start at once, one does so while the others wait."""
    with _connect(settings.database_url or "") as connection:
        if connection.exec_driver_sql("SHOW server_encoding").scalar_one() != "UTF8":
            raise DatabaseError("the database at DATABASE_URL is not UTF8: create it with ENCODING 'UTF8'")
        check_connections(connection, settings)
    try:
        upgrade(create_engine(settings.database_url or "", poolclass=NullPool, connect_args=CONNECT_ARGS))
    except CommandError as error:
        raise DatabaseError(
            f"the database at DATABASE_URL was created by another release of the dashboard: {error}"
        ) from None


@contextmanager
def _connect(url: str) -> Iterator[Connection]:
    if url.rpartition("/")[0].count("@") > 1:
        # Parsers disagree about this URL, and their error messages would show the end of the password.
        raise SettingsError("DATABASE_URL has more than one @: write @ in the password as %40")
    arguments = {"connect_timeout": CONNECT_TIMEOUT_S}
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=arguments)
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        reason = summarise_error(error)
        raise DatabaseError(f"{reason} — start the database, or correct DATABASE_URL") from None

"""The settings of a command: those of config, with defaults that depend on the user and on the running PostgreSQL."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from dashboard.cli.postgres.accounts import SYSTEM_DATA_DIR, PostgresError, choose_account
from dashboard.cli.postgres.server import find_running
from dashboard.config import Settings, SettingsError, load_settings


def complete_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with the absolute path of the data directory.

    In a container the checkout is often below /root, which the embedded PostgreSQL cannot enter, as it does not run as
    root. Then the default is a directory for the data of services.
    """
    chosen = environ.get("DASHBOARD_DATA_DIR") or "instance"
    if chosen == "instance" and not environ.get("DATABASE_URL") and os.geteuid() == 0 and _is_inaccessible(Path.cwd()):
        chosen = SYSTEM_DATA_DIR
    return {**environ, "DASHBOARD_DATA_DIR": str(Path(chosen).absolute())}


def load_served_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings with the URL of the database: the one that is set, or that of the running embedded server.

    Raises SettingsError if there is neither.
    """
    environ = complete_environment(environ)
    if not environ.get("DATABASE_URL"):
        data_dir = Path(environ["DASHBOARD_DATA_DIR"])
        url = find_running(data_dir)
        if url is None:
            raise SettingsError(
                f"DATABASE_URL is not set and no PostgreSQL runs in {data_dir}: set it, or start `dashboard run`"
            )
        environ = {**environ, "DATABASE_URL": url}
    return load_settings(environ)


@contextmanager
def open_database() -> Iterator[tuple[Engine, Settings]]:
    """Give the configured database and the settings; errors in either end the command with one line."""
    try:
        settings = load_served_settings(os.environ)
        engine = create_engine(settings.database_url or "", hide_parameters=True, poolclass=NullPool)
        yield engine, settings
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    except DBAPIError as error:
        reason = summarise_error(error)
        raise click.ClickException(f"{reason} — start the dashboard once to create its tables") from None


def summarise_error(error: DBAPIError) -> str:
    """Return the message of a database's error as one line, without the statement."""
    return " ".join(str(error.orig).partition("\nLINE ")[0].split())


def _is_inaccessible(directory: Path) -> bool:
    """Return whether PostgreSQL's user cannot enter a directory."""
    try:
        return not choose_account(directory / "instance" / "postgres").can_enter(directory)
    except PostgresError:
        return False

"""The settings as a command sees them: config's, plus what depends on who runs the command and on what is running."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from dashboard.cli.postgres.accounts import ELSEWHERE, PostgresError, choose_account
from dashboard.cli.postgres.server import find_running
from dashboard.config import Settings, SettingsError, load_settings


def complete_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with the data directory in it.

    A checkout below /root is the common case in a container, and the embedded PostgreSQL, which cannot be root, may not
    enter there: the data then goes where a service's data belongs, unless DASHBOARD_DATA_DIR says otherwise.
    """
    chosen = environ.get("DASHBOARD_DATA_DIR") or "instance"
    if chosen == "instance" and not environ.get("DATABASE_URL") and os.geteuid() == 0 and _is_private(Path.cwd()):
        chosen = ELSEWHERE
    return {**environ, "DASHBOARD_DATA_DIR": str(Path(chosen).absolute())}


def load_served_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings with the URL of a database that is there: the one set, or the embedded server that runs."""
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
    """Give the database of the settings, and these; errors of either end the command with one line."""
    try:
        settings = load_served_settings(os.environ)
        engine = create_engine(settings.database_url or "", hide_parameters=True, poolclass=NullPool)
        yield engine, settings
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    except DBAPIError as error:
        reason = " ".join(str(error.orig).partition("\nLINE ")[0].split())
        raise click.ClickException(f"{reason} — start the dashboard once to create its tables") from None


def _is_private(directory: Path) -> bool:
    """Tell whether the user that PostgreSQL would run as may not enter a directory."""
    try:
        return not choose_account(directory / "instance" / "postgres").can_enter(directory)
    except PostgresError:
        return False

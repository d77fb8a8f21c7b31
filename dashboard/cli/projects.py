"""`dashboard projects`: for how long each keeps its deployments. A running dashboard follows within the hour."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from dashboard.cli.environment import load_served_settings
from dashboard.config import MOST_COUNT, MOST_DAYS, Settings, SettingsError

LIST = "SELECT slug, name, keep_days, keep_count FROM projects ORDER BY slug"
KEEP = "UPDATE projects SET keep_days = :days, keep_count = :count WHERE slug = :slug"


@click.group()
def projects() -> None:
    """Set how long each project keeps its deployments."""


@projects.command("list")
def list_projects() -> None:
    """List the projects by slug, with their limits."""
    with _open() as (connection, settings):
        for row in connection.execute(text(LIST)):
            days = settings.deployments_days if row.keep_days is None else row.keep_days
            number = settings.deployments_per_project if row.keep_count is None else row.keep_count
            own = "default" if row.keep_days is None and row.keep_count is None else "custom"
            click.echo(f"{row.slug}\t{row.name}\t{describe_limits(days, number)}\t{own}")


@projects.command()
@click.argument("slug")
@click.option("--days", type=click.IntRange(0, MOST_DAYS), help="Days to keep deployments; 0: forever.")
@click.option("--count", type=click.IntRange(0, MOST_COUNT), help="Number of newest deployments to keep; 0: all.")
def keep(slug: str, days: int | None, count: int | None) -> None:
    """Set the limits of a project; an omitted one is reset to its default. Older deployments are deleted."""
    with _open() as (connection, _settings):
        if not connection.execute(text(KEEP), {"slug": slug, "days": days, "count": count}).rowcount:
            raise click.ClickException(f"project {slug} does not exist: see `dashboard projects list`")


def describe_limits(days: int, count: int) -> str:
    """Return both limits as people read them; 0 is none."""
    limits = [f"{days} days"] if days else []
    limits += [f"{count} deployments"] if count else []
    return ", ".join(limits) or "everything"


@contextmanager
def _open() -> Iterator[tuple[Connection, Settings]]:
    """Give the database, in a transaction, and the settings; what is wrong with them becomes one line."""
    try:
        settings = load_served_settings(os.environ)
        engine = create_engine(settings.database_url or "", hide_parameters=True, poolclass=NullPool)
        with engine.begin() as connection:
            yield connection, settings
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    except DBAPIError as error:
        reason = " ".join(str(error.orig).partition("\nLINE ")[0].split())
        raise click.ClickException(f"{reason} — start the dashboard once to create its tables") from None

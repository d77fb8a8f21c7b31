"""`dashboard sources`: manages webhook sources in the configured database; a running dashboard applies the changes."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import click
from sqlalchemy import Engine

from dashboard.access import (
    DEFAULT,
    Source,
    SourceError,
    add_source,
    generate_secret,
    load_sources,
    remove_source,
    rotate_secret,
)
from dashboard.cli.environment import open_database
from dashboard.config import Settings, SettingsError, check_secret, replace_webhook_secret
from dashboard.webhooks.senders import DIALECTS

SECRET_FROM_STDIN = click.option(
    "--secret-stdin", is_flag=True, help="Read the secret from standard input instead of making one."
)


@click.group()
def sources() -> None:
    """Say who may post deliveries: each source has a name, secrets, and perhaps one dialect and some repositories."""


@sources.command("list")
def list_sources() -> None:
    """List the sources, without their secrets."""
    with _open_database() as (engine, settings):
        for source in load_sources(engine, settings, datetime.now(UTC)):
            number = len(source.secrets)
            accepted = f"{number} secret{'' if number == 1 else 's'}" if number else "no secret is accepted: rotate it"
            allowed = ", ".join(source.repositories) or "every repository"
            click.echo(f"{source.name}\t{source.dialect or 'every dialect'}\t{allowed}\t{accepted}")


@sources.command("add")
@click.argument("name")
@click.option("--dialect", type=click.Choice(DIALECTS), help="The only one it speaks; else path or headers tell.")
@click.option("--allow", multiple=True, metavar="PATTERN", help="A repository or project, like octo/*; several: again.")
@SECRET_FROM_STDIN
def add(name: str, dialect: str | None, allow: tuple[str, ...], *, secret_stdin: bool) -> None:
    """Add a source and print its secret, this once."""
    with _open_database() as (engine, settings):
        if not name.isprintable() or not name.strip() or len(name) > 100:
            raise SourceError("a name has 1 to 100 printable characters")
        secret = _read_secret(from_stdin=secret_stdin)
        add_source(engine, settings, datetime.now(UTC), Source(name, (secret,), dialect, allow))
        _print_secret(secret, was_given=secret_stdin)


@sources.command()
@click.argument("name")
@click.option("--overlap-h", type=click.FloatRange(0, 24 * 365), default=24.0, show_default=True, metavar="HOURS",
              help="How long the secrets that it has are still accepted.")  # fmt: skip
@SECRET_FROM_STDIN
def rotate(name: str, overlap_h: float, *, secret_stdin: bool) -> None:
    """Give a source another secret, and print it, this once."""
    with _open_database() as (engine, settings):
        secret = _read_secret(from_stdin=secret_stdin)
        overlap = timedelta(hours=overlap_h)
        rotate_secret(engine, settings, datetime.now(UTC), name, secret=secret, overlap=overlap)
        _print_secret(secret, was_given=secret_stdin)
        if name == DEFAULT:
            _replace_default(settings, secret)


@sources.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove a source: none of its secrets is accepted after that."""
    with _open_database() as (engine, _settings):
        remove_source(engine, name)


@contextmanager
def _open_database() -> Iterator[tuple[Engine, Settings]]:
    """Give the database and the settings; a SourceError or SettingsError ends the command with one line."""
    try:
        with open_database() as opened:
            yield opened
    except (SettingsError, SourceError) as error:
        raise click.ClickException(str(error)) from None


def _read_secret(*, from_stdin: bool) -> str:
    return check_secret("standard input", sys.stdin.readline().rstrip("\n")) if from_stdin else generate_secret()


def _print_secret(secret: str, *, was_given: bool) -> None:
    click.echo("The secret was taken." if was_given else secret)


def _replace_default(settings: Settings, secret: str) -> None:
    """Write the secret into the file that the next start reads; if the environment sets it, print what to do."""
    if os.environ.get("DASHBOARD_WEBHOOK_SECRET"):
        click.echo(
            "Now set DASHBOARD_WEBHOOK_SECRET to it: what it says today opens pages until the next start.", err=True
        )
        return
    path = replace_webhook_secret(settings, secret)
    click.echo(f"It is in {path}, too; the one before opens pages until the next start.", err=True)

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
from dashboard.config import Settings, SettingsError, check_webhook_secret, replace_webhook_secret
from dashboard.webhooks.senders import DIALECTS, OTHER_NAMES

SECRET_FROM_STDIN = click.option(
    "--secret-stdin", is_flag=True, help="Read the secret from standard input instead of generating one."
)


@click.group()
def sources() -> None:
    """Manage webhook sources: each has a name and secrets, optionally a dialect and allowed repositories."""


@sources.command("list")
def list_sources() -> None:
    """List the sources, without their secrets."""
    with _open_database() as (engine, settings):
        for source in load_sources(engine, settings, datetime.now(UTC)):
            number = len(source.secrets)
            accepted = f"{number} secret{'' if number == 1 else 's'}" if number else "no valid secret: rotate it"
            allowed = ", ".join(source.repositories) or "all repositories"
            click.echo(f"{source.name}\t{source.dialect or 'all dialects'}\t{allowed}\t{accepted}")


@sources.command("add")
@click.argument("name")
@click.option(
    "--dialect",
    type=click.Choice((*DIALECTS, *OTHER_NAMES)),
    help="Accept only this dialect; default: detect it from path or headers.",
)
@click.option(
    "--allow", multiple=True, metavar="PATTERN", help="Allowed repository or project, like octo/*; repeatable."
)
@SECRET_FROM_STDIN
def add(name: str, dialect: str | None, allow: tuple[str, ...], *, secret_stdin: bool) -> None:
    """Add a source and print its secret, which is not shown again."""
    with _open_database() as (engine, settings):
        if not name.isprintable() or not name.strip() or len(name) > 100:
            raise SourceError("the name must be 1 to 100 printable characters")
        secret = _read_secret(from_stdin=secret_stdin)
        dialect = OTHER_NAMES.get(dialect or "", dialect)
        add_source(engine, settings, datetime.now(UTC), Source(name, (secret,), dialect, allow))
        _print_secret(secret, was_given=secret_stdin)


@sources.command()
@click.argument("name")
@click.option("--overlap-h", type=click.FloatRange(0, 24 * 365), default=24.0, show_default=True, metavar="HOURS",
              help="How long the old secrets remain valid.")  # fmt: skip
@SECRET_FROM_STDIN
def rotate(name: str, overlap_h: float, *, secret_stdin: bool) -> None:
    """Give a source a new secret and print it; it is not shown again."""
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
    """Remove a source and its secrets."""
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
    if from_stdin:
        return check_webhook_secret("standard input", sys.stdin.readline().rstrip("\n"))
    return generate_secret()


def _print_secret(secret: str, *, was_given: bool) -> None:
    click.echo("Secret saved." if was_given else secret)


def _replace_default(settings: Settings, secret: str) -> None:
    """Write the secret into the file that the next start reads; if the environment sets it, print what to do."""
    if os.environ.get("DASHBOARD_WEBHOOK_SECRET"):
        click.echo(
            "Now set DASHBOARD_WEBHOOK_SECRET to the new secret. Until the restart, pages still need the old one.",
            err=True,
        )
        return
    path = replace_webhook_secret(settings, secret)
    click.echo(f"The new secret was saved in {path}. Until the restart, pages still need the old one.", err=True)

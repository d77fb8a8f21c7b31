"""`dashboard projects`: how long each project keeps its deployments, and which of its jobs may fail."""

from datetime import UTC, datetime

import click

from dashboard.cli.environment import open_database
from dashboard.config import MAX_COUNT, MAX_DAYS
from dashboard.maintenance import (
    RuleError,
    allow_failure,
    list_allowed_failures,
    list_retention_limits,
    set_retention_limits,
)


@click.group()
def projects() -> None:
    """Set how long each project keeps its deployments, and which of its jobs may fail."""


@projects.command("list")
def list_projects() -> None:
    """List the projects by slug, with their limits."""
    with open_database() as (engine, settings):
        for limits in list_retention_limits(engine, settings):
            own = "custom" if limits.is_own else "default"
            click.echo(f"{limits.slug}	{limits.name}	{describe_limits(limits.days, limits.count)}	{own}")


@projects.command()
@click.argument("slug")
@click.option("--days", type=click.IntRange(0, MAX_DAYS), help="Days to keep deployments; 0: forever.")
@click.option("--count", type=click.IntRange(0, MAX_COUNT), help="Number of newest deployments to keep; 0: all.")
def keep(slug: str, days: int | None, count: int | None) -> None:
    """Set the limits of a project; an omitted one is reset to its default. Older deployments are deleted.

    A running dashboard applies the limits within an hour.
    """
    with open_database() as (engine, _settings):
        if not set_retention_limits(engine, slug, days, count):
            raise click.ClickException(f"project {slug} does not exist: see `dashboard projects list`")


@projects.command("allow-failure")
@click.argument("slug")
@click.argument("job", required=False)
@click.option("--remove", is_flag=True, help="No longer allow it.")
def allow_job_to_fail(slug: str, job: str | None, *, remove: bool) -> None:
    """Let the jobs named JOB fail without making their run partial; without JOB list these jobs.

    It applies at once, also to runs that have ended.
    """
    with open_database() as (engine, settings):
        try:
            if job is None:
                for name in list_allowed_failures(engine, slug):
                    click.echo(name)
                return
            changed = allow_failure(engine, settings, slug, job, datetime.now(UTC), allowed=not remove)
        except RuleError as error:
            raise click.ClickException(str(error)) from None
        click.echo(f"changed deployments: {changed}")


def describe_limits(days: int, count: int) -> str:
    """Return both limits as a text for people; 0 means no limit."""
    limits = [f"{days} days"] if days else []
    limits += [f"{count} deployments"] if count else []
    return ", ".join(limits) or "everything"

"""The `dashboard` command: one function per subcommand; the other modules do the work."""

import os
import sys

import click

from dashboard import __version__
from dashboard.cli.database import migrate_served
from dashboard.cli.demo import play_demo
from dashboard.cli.projects import projects
from dashboard.cli.run import run_dashboard
from dashboard.cli.sources import sources


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dashboard")
def main() -> None:
    """Show deployments live: CI workflows report their steps, web pages show them."""


@main.command()
@click.option(
    "--production", is_flag=True, help="Run nginx, several web workers and live processes, as in deploy/, for a trial."
)
def run(*, production: bool) -> None:
    """Start the web server, and PostgreSQL unless DATABASE_URL is set; Ctrl-C stops both."""
    sys.exit(run_dashboard(os.environ, production=production))


@main.command()
def migrate() -> None:
    """Migrate the database to this version and check that it allows enough connections."""
    sys.exit(migrate_served(os.environ))


@main.command()
def demo() -> None:
    """Run three real deployments and report them to the dashboard running with the same settings."""
    play_demo(os.environ)


main.add_command(projects)
main.add_command(sources)

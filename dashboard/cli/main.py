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
    """Watch deployments happen: CI workflows report their steps, a live page shows them."""


@main.command()
@click.option("--production", is_flag=True, help="nginx, several web workers and live processes: deploy/, for trial.")
def run(*, production: bool) -> None:
    """Start PostgreSQL (unless DATABASE_URL names one) and the web server; Ctrl-C stops both."""
    sys.exit(run_dashboard(os.environ, production=production))


@main.command()
def migrate() -> None:
    """Bring the database to this version, and check that it takes as many connections as there will be."""
    sys.exit(migrate_served(os.environ))


@main.command()
def demo() -> None:
    """Play two real deployments against the dashboard that runs with the same settings."""
    play_demo(os.environ)


main.add_command(projects)
main.add_command(sources)

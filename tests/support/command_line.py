"""Commands of `dashboard` as an operator runs them, in this process."""

import contextlib
from pathlib import Path

import psycopg2
from click.testing import CliRunner, Result

from dashboard.cli.main import main


class Operator:
    """Runs one command, such as `sources`, with the settings of one installation."""

    def __init__(self, command: str, database_url: str, data_dir: Path) -> None:
        self.command, self.database_url, self.data_dir = command, database_url, data_dir
        self.environ = {"DATABASE_URL": database_url, "DASHBOARD_DATA_DIR": str(data_dir), "SECRET_KEY": "k"}

    def run(self, *arguments: str, given: str | None = None, **settings: str) -> Result:
        """Run it with these arguments and further settings; `given` is its standard input."""
        cleared = {"DASHBOARD_WEBHOOK_SECRET": None}
        return CliRunner().invoke(main, [self.command, *arguments], input=given, env=cleared | self.environ | settings)

    def succeed(self, *arguments: str, given: str | None = None, **settings: str) -> str:
        """Run it, and return what it printed."""
        result = self.run(*arguments, given=given, **settings)
        assert result.exit_code == 0, result.output
        return result.stdout.strip()

    def fail(self, *arguments: str) -> str:
        """Run it with a mistake; return the error, which has no traceback."""
        result = self.run(*arguments)
        assert result.exit_code != 0
        assert "Traceback" not in result.output
        return result.output

    def query(self, statement: str) -> list[tuple[str, ...]]:
        """Run a statement, commit, and return its rows."""
        with (
            contextlib.closing(psycopg2.connect(self.database_url)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

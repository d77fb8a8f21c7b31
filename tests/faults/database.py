"""A PostgreSQL server that can be crashed, frozen and started again under the same URL."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2

from dashboard.cli.postgres.cluster import make_environment
from dashboard.cli.postgres.server import start
from tests.support.databases import TEMPLATE, prepare_databases
from tests.support.servers import wait_until

RECOVERY_S = 60


class Database:
    """The embedded server on a data directory of its own, with as many databases as a test needs."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._first = start(data_dir, print_line=lambda _line: None)
        self.pid = self._first.postmaster.pid
        command = Path(f"/proc/{self.pid}/cmdline").read_bytes()
        self._command = command.removesuffix(b"\0").split(b"\0")
        self._again: subprocess.Popen[bytes] | None = None
        self.make = prepare_databases(self._first, data_dir)
        """Makes a database with all tables and returns its URL."""

    def is_alive(self) -> bool:
        """Return whether the server process runs."""
        return self._again.poll() is None if self._again else self._first.is_alive()

    def stop_immediately(self) -> None:
        """End it without a checkpoint, as `pg_ctl stop -m immediate` does."""
        os.kill(self.pid, signal.SIGQUIT)
        wait_until(lambda: not self.is_alive(), what="the end of PostgreSQL")

    def restart(self) -> None:
        """Start it again as it was, and wait for the end of its recovery."""
        user, group, groups = self._first.account.identity()
        with (self._data_dir / "postgres.log").open("ab") as log:
            self._again = subprocess.Popen(
                self._command, cwd="/", env=make_environment(), user=user, group=group, extra_groups=groups,
                start_new_session=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self.pid = self._again.pid
        wait_until(self.is_answering, RECOVERY_S, "the recovery of PostgreSQL")

    def is_answering(self) -> bool:
        """Return whether a new connection is accepted."""
        try:
            psycopg2.connect(self._first.url_of(TEMPLATE)).close()
        except psycopg2.OperationalError:
            assert self.is_alive(), "PostgreSQL ended"
            return False
        return True

    def find_processes(self) -> list[int]:
        """Return the pids of the server and of its children."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Freeze it for the length of the block, as when its host hangs or the network drops packets."""
        # The server first, that no child is born meanwhile.
        os.kill(self.pid, signal.SIGSTOP)
        pids = self.find_processes()
        try:
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in reversed(pids):
                os.kill(pid, signal.SIGCONT)

    def forbid_to_write(self) -> None:
        """Forbid it to extend files, or to write any, until it is started again."""
        for pid in self.find_processes():
            done = self._first.account.run("prlimit", f"--pid={pid}", "--fsize=0:")
            assert done.returncode == 0 or "No such process" in done.stdout, done.stdout

    def close(self) -> None:
        """Shut it down."""
        if self._again is not None and self.is_alive():
            os.kill(self.pid, signal.SIGINT)
            self._again.wait(timeout=RECOVERY_S)
        self._first.stop()


def fetch(url: str, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Run a statement on a connection of its own, commit, and return its rows."""
    with contextlib.closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


@contextlib.contextmanager
def holding(url: str, statement: str) -> Iterator[None]:
    """Run a statement and keep its transaction, and its locks, for the length of the block."""
    with contextlib.closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        yield

"""What is known of a server process from its `postmaster.pid`, and the private socket directory it listens in."""

import contextlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from dashboard.cli.postgres.accounts import Account, PostgresError

PORT = 5432
"""Part of the socket's name; no TCP port is opened."""
SOCKET = f".s.PGSQL.{PORT}"
SOCKET_DIR_PREFIX = "dashboard-postgres-"
MAX_SOCKET_PATH = 103
"""Bytes: the shortest limit among the systems we know (Linux allows 107)."""


@dataclass(frozen=True)
class Postmaster:
    """A server process as its cluster's `postmaster.pid` describes it; it may be long gone."""

    cluster: Path
    pid: int
    socket_dir: Path
    status: str
    """`starting`, `ready` or `stopping`."""

    def url_of(self, role: str, database: str) -> str:
        """Return the URL of a database of this server."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.socket_dir))}&port={PORT}"

    def is_alive(self) -> bool:
        """Tell whether the process is PostgreSQL on this cluster: its pid may have been given to another since."""
        try:
            return os.fsencode(self.cluster) in Path(f"/proc/{self.pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return False

    def has_socket(self) -> bool:
        """Tell whether its socket is still there: directories of temporary files are cleaned by others."""
        return (self.socket_dir / SOCKET).exists()

    def disown(self) -> None:
        """Clear the way for the next server: this one is dead.

        PostgreSQL sees by itself that it is, unless the pid has another owner by now. It never takes its own parent for
        a competitor, so we put ourselves there; deleting the file would delete the trace to orphaned children too.
        """
        path = self.cluster / "postmaster.pid"
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join([f"{os.getpid()}\n", *lines[1:]]))
        if self.socket_dir.name.startswith(SOCKET_DIR_PREFIX):
            shutil.rmtree(self.socket_dir, ignore_errors=True)


def read_postmaster(cluster: Path) -> Postmaster | None:
    """Return what `postmaster.pid` of a cluster says, or None if there is none or it is not written yet."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        lines = (cluster / "postmaster.pid").read_text().splitlines() + [""] * 8
        return Postmaster(cluster, int(lines[0]), Path(lines[4]), lines[7].strip() or "starting")
    return None


def make_socket_dir(account: Account) -> Path:
    """Make a directory for the socket that only `account` (and root) can enter, its path short enough for a socket."""
    try:
        directory = Path(tempfile.mkdtemp(prefix=SOCKET_DIR_PREFIX))
    except OSError as error:
        raise PostgresError(
            f"cannot create a directory for PostgreSQL's socket ({error.strerror}): set TMPDIR to a writable directory"
        ) from None
    try:
        if account.uid != os.geteuid():
            os.chown(directory, account.uid, account.gid)
        if len(os.fsencode(directory / SOCKET)) > MAX_SOCKET_PATH:
            raise PostgresError(f"the path {directory} is too long for a socket: set TMPDIR=/tmp")
        if not account.can_enter(directory):
            raise PostgresError(
                f"user {account.name}, who runs PostgreSQL, cannot access {directory.parent}: set TMPDIR=/tmp"
            )
    except BaseException:
        directory.rmdir()
        raise
    return directory

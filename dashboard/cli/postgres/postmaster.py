"""A server process as described by its `postmaster.pid`, and the private directory of its socket."""

import contextlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from dashboard.cli.postgres.accounts import Account, PostgresError

PORT = 5432
"""Part of the socket's name; the server does not listen on TCP."""
SOCKET = f".s.PGSQL.{PORT}"
SOCKET_DIR_PREFIX = "dashboard-postgres-"
MAX_SOCKET_PATH = 103
"""The maximum length of a socket's path in bytes: the smallest limit of the supported systems (Linux allows 107)."""


@dataclass(frozen=True)
class Postmaster:
    """A server process as described by its cluster's `postmaster.pid`; it may have ended since."""

    cluster: Path
    pid: int
    socket_dir: Path
    status: str
    """`starting`, `ready` or `stopping`."""

    def url_of(self, role: str, database: str) -> str:
        """Return the URL of a database of this server."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.socket_dir))}&port={PORT}"

    def is_alive(self) -> bool:
        """Return whether the process is PostgreSQL on this cluster; another process may have its pid by now."""
        try:
            return os.fsencode(self.cluster) in Path(f"/proc/{self.pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return False

    def has_socket(self) -> bool:
        """Return whether its socket still exists; other programs clean up directories of temporary files."""
        return (self.socket_dir / SOCKET).exists()

    def clear_stale_pid(self) -> None:
        """Let the next server start although this one, which is dead, left its pid behind.

        PostgreSQL detects a stale pid itself unless another process has the same pid by now. It ignores the pid of its
        own parent, so we write ours; deleting the file would also delete the reference to orphaned children.
        """
        path = self.cluster / "postmaster.pid"
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join([f"{os.getpid()}\n", *lines[1:]]))
        if self.socket_dir.name.startswith(SOCKET_DIR_PREFIX):
            shutil.rmtree(self.socket_dir, ignore_errors=True)


def read_postmaster(cluster: Path) -> Postmaster | None:
    """Return the server that `postmaster.pid` of a cluster describes, None if the file is missing or incomplete."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        lines = (cluster / "postmaster.pid").read_text().splitlines() + [""] * 8
        return Postmaster(cluster, int(lines[0]), Path(lines[4]), lines[7].strip() or "starting")
    return None


def make_socket_dir(account: Account) -> Path:
    """Make and return a directory for the socket that only `account` and root can enter; raise PostgresError."""
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

"""Starts, adopts and stops the embedded PostgreSQL of a data directory: `start(directory)` returns a Server.

The server listens only on a Unix socket in a private directory, authenticates clients by their system user (peer), and
runs in its own session, so that Ctrl-C does not stop it before the web server. `cluster` makes its files.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg2
from psycopg2 import sql

from dashboard.cli.postgres.accounts import Account, PostgresError, choose_account, grant_access
from dashboard.cli.postgres.cluster import (
    ADMINISTRATOR,
    ROLE,
    find_binaries,
    find_error,
    make_environment,
    prepare_cluster,
)
from dashboard.cli.postgres.postmaster import PORT, Postmaster, make_socket_dir, read_postmaster

DATABASE = "dashboard"
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
POLL_S = 0.02
PRINT_EVERY_S = 5
STOP_S = 60
"""How long a shutdown may take before an immediate one, which loses nothing but requires a recovery."""
OLD_BACKENDS_S = 15
"""How long the children of a killed server may take to exit."""

PrintLine = Callable[[str], None]


class Server:
    """A running PostgreSQL, which this process stops with `stop`."""

    def __init__(
        self, account: Account, postmaster: Postmaster, process: subprocess.Popen[bytes] | None = None
    ) -> None:
        self.account = account
        self.postmaster = postmaster
        self._process = process
        self._lock: int | None = None

    @property
    def url(self) -> str:
        """URL of the dashboard's database, for libpq and SQLAlchemy."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """Return the URL of another database of this server."""
        return self.postmaster.url_of(ROLE, database)

    def stop(self) -> None:
        """Shut down the server, wait for its end, and release the data directory; a second call does nothing."""
        self._signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        if not self._wait_gone(STOP_S):
            self._signal(signal.SIGQUIT)
            self._wait_gone(STOP_S)
        shutil.rmtree(self.postmaster.socket_dir, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def hold(self, lock: int) -> None:
        """Hold the lock on the data directory until `stop`."""
        self._lock = lock

    def is_alive(self) -> bool:
        """Return whether the server process, started or adopted, still runs."""
        return self._process.poll() is None if self._process else self.postmaster.is_alive()

    def _signal(self, number: signal.Signals) -> None:
        if self.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.postmaster.pid, number)

    def _wait_gone(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.is_alive() and time.monotonic() < deadline:
            time.sleep(POLL_S)
        return not self.is_alive()


def start(data_dir: Path, print_line: PrintLine = print) -> Server:
    """Return the running server of a data directory, started or adopted, with the dashboard's database in it.

    Raises PostgresError, and leaves nothing running then. `print_line` gets progress and notices for the operator.
    """
    try:
        data_dir = data_dir.resolve()
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = _lock(data_dir)
    except OSError as error:
        raise PostgresError(
            f"cannot write to {data_dir} ({error.strerror}): set DASHBOARD_DATA_DIR to a writable directory"
        ) from None
    try:
        server = _start_locked(data_dir, print_line)
    except OSError as error:
        os.close(lock)
        raise PostgresError(f"cannot run PostgreSQL in {data_dir}: {error}") from None
    except BaseException:
        os.close(lock)
        raise
    server.hold(lock)
    return server


def find_running(data_dir: Path) -> str | None:
    """Return the URL of the server that another process runs on a data directory, None if there is none."""
    postmaster = read_postmaster(data_dir.resolve() / "postgres")
    return postmaster.url_of(ROLE, DATABASE) if postmaster and postmaster.is_alive() else None


def _lock(data_dir: Path) -> int:
    """Lock the data directory for this process; the kernel releases the lock when the process ends."""
    lock = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise PostgresError(
            f"another `dashboard run` is using {data_dir}: stop it, or set DASHBOARD_DATA_DIR"
        ) from None
    return lock


def _start_locked(data_dir: Path, print_line: PrintLine) -> Server:
    account = choose_account(data_dir / "postgres")
    if account.uid != os.geteuid():
        print_line(f"running as root, so PostgreSQL runs as user {account.name}")
    grant_access(account, data_dir)
    binaries = find_binaries(data_dir, account)
    cluster = prepare_cluster(data_dir, binaries, account)
    deadline = time.monotonic() + OLD_BACKENDS_S
    while True:
        server = _adopt(cluster, account) or _launch(cluster, binaries, account)
        try:
            if _wait_ready(server, print_line):
                _create_database(server.postmaster)
                return server
        except BaseException:
            server.stop()
            raise
        server.stop()
        reason = find_error(_locate_log(cluster).read_text(errors="replace"))
        if "pre-existing shared memory" not in reason or time.monotonic() > deadline:
            raise PostgresError(f"PostgreSQL did not start: {reason} (see {_locate_log(cluster)})")


def _adopt(cluster: Path, account: Account) -> Server | None:
    """Return the server that an earlier run left behind; None if there is none, or it is stopping or unreachable."""
    postmaster = read_postmaster(cluster)
    if postmaster is None:
        return None
    if not postmaster.is_alive():
        postmaster.clear_stale_pid()
        return None
    server = Server(account, postmaster)
    if postmaster.status == "stopping" or (postmaster.status == "ready" and not postmaster.has_socket()):
        server.stop()
        return None
    return server


def _launch(cluster: Path, binaries: Path, account: Account) -> Server:
    socket_dir = make_socket_dir(account)
    settings = SETTINGS | {"unix_socket_directories": str(socket_dir)}
    user, group, groups = account.identity()
    log = _locate_log(cluster)
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    with log.open("wb") as output:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", cluster, *(f"--{name}={value}" for name, value in settings.items())],
            cwd="/", env=make_environment(), user=user, group=group, extra_groups=groups, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    return Server(account, Postmaster(cluster, process.pid, socket_dir, "starting"), process)


def _locate_log(cluster: Path) -> Path:
    return cluster.with_name("postgres.log")


def _wait_ready(server: Server, print_line: PrintLine) -> bool:
    """Wait until the server accepts connections, however long a recovery takes; return False if it ends before."""
    print_at = time.monotonic() + PRINT_EVERY_S
    while server.is_alive():
        found = read_postmaster(server.postmaster.cluster)
        if found and found.pid == server.postmaster.pid and found.status == "ready":
            server.postmaster = found
            return True
        if time.monotonic() > print_at:
            print_line("waiting for PostgreSQL, which may be recovering from a crash …")
            print_at += PRINT_EVERY_S
        time.sleep(POLL_S)
    return False


def _create_database(postmaster: Postmaster) -> None:
    """Create the dashboard's role and database if they are missing."""
    try:
        with contextlib.closing(psycopg2.connect(postmaster.url_of(ADMINISTRATOR, "postgres"))) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [ROLE])
            if cursor.rowcount == 0:
                cursor.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(sql.Identifier(ROLE)))
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.rowcount == 0:
                names = sql.Identifier(DATABASE), sql.Identifier(ROLE)
                cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(*names))
    except psycopg2.Error as error:
        raise PostgresError(f"PostgreSQL started but cannot be used: {str(error).splitlines()[0]}") from None

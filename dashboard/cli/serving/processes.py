"""Web servers as child processes: check the port, start a server, wait until it answers, stop it."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dashboard.config import Settings

ROOT = Path(__file__).parents[3]
"""The directory that contains the package: a checkout, or `site-packages`."""
GUNICORN = (
    *(sys.executable, "-m", "gunicorn"),
    *("--config", "python:dashboard.cli.serving.gunicorn_config", "dashboard.cli.serving.wsgi:app"),
)
POLL_S = 0.05
START_S = 60
STOP_S = 20

Watch = Callable[[float], None]
"""Waits that many seconds, or less if a server ends; raises WebServerError if that server is not restarted."""


class WebServerError(Exception):
    """A server does not run; the text is one line that says why and what to do."""


def check_port(settings: Settings) -> None:
    """Raise WebServerError unless a server can listen on the configured address."""
    if settings.socket:
        return
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as error:
        raise WebServerError(
            f"cannot listen on {settings.host} port {settings.port} ({str(error.strerror).partition(' (')[0]}): "
            "stop the program that uses it, or set another port, for example DASHBOARD_PORT=8001"
        ) from None


def make_local_url(settings: Settings) -> str:
    """Return the URL of the dashboard on this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}{settings.url_prefix}/"


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect to the Unix socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@dataclass(frozen=True)
class Program:
    """A server: the command that starts it, and the settings with its address."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    settings: Settings
    """It listens on `socket` if that is set, else on `host` and `port`."""

    def start(self) -> subprocess.Popen[bytes]:
        """Start it in its own session, so that Ctrl-C reaches only this process, which stops all servers in order."""
        command = list(self.command)
        if setpriv := shutil.which("setpriv"):
            # If this process is killed, the kernel stops the server, which would otherwise keep the port.
            command = [setpriv, "--pdeathsig", "QUIT", *command]
        return subprocess.Popen(
            command, cwd=ROOT, env=dict(self.environ), stdin=subprocess.DEVNULL, start_new_session=True
        )

    def wait_until_healthy(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until it answers; raise WebServerError if it ends or does not answer in time."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise WebServerError(f"{self.name} exited at start with status {process.returncode}: see above")
            if self.is_healthy():
                return
            time.sleep(POLL_S)
        raise WebServerError(f"{self.name} did not answer within {START_S} seconds")

    def is_healthy(self) -> bool:
        """Return whether it answers."""
        connection = self._connect()
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", f"{self.settings.url_prefix}/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        return False

    def _connect(self) -> http.client.HTTPConnection:
        if self.settings.socket:
            return UnixConnection(self.settings.socket, timeout=5)
        host, port = make_local_url(self.settings).split("/")[2].rsplit(":", 1)
        return http.client.HTTPConnection(host.strip("[]"), int(port), timeout=5)


@contextmanager
def serve(settings: Settings, environ: Mapping[str, str]) -> Iterator[Watch]:
    """Run gunicorn during the block, which begins once it answers."""
    program = Program("the web server", GUNICORN, environ, settings)
    process = program.start()

    def watch(seconds: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            raise WebServerError(f"the web server exited with status {process.returncode}: see above")

    try:
        program.wait_until_healthy(process)
        yield watch
    finally:
        stop([process])


def stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Terminate all processes, wait for them, and kill those that take too long, with all processes they started."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + STOP_S
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
        kill_process_group(process)


def kill_process_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a server and all processes it started: nginx's workers outlive their master, and keep its port."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()

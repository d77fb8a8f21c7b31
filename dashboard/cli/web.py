"""The web server as a child process: is its port free, start it, wait until it answers, stop it."""

import contextlib
import http.client
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dashboard.config import Settings

ROOT = Path(__file__).parent.parent.parent
"""Where `wsgi.py` and `gunicorn.conf.py` are, in a checkout and in an installation alike."""
POLL_S = 0.05
START_S = 60
STOP_S = 10


class WebServerError(Exception):
    """Why the web server does not run; the text is one line that says what to do."""


def check_port(settings: Settings) -> None:
    """Raise WebServerError unless the address can be listened on."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as error:
        raise WebServerError(
            f"cannot listen on {settings.host} port {settings.port} ({str(error.strerror).partition(' (')[0]}): "
            "stop what uses it, or set another port, as in DASHBOARD_PORT=8001"
        ) from None


@contextmanager
def serve(settings: Settings, environ: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run gunicorn while the block runs; it has answered by then."""
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "wsgi:app"]
    if setpriv := shutil.which("setpriv"):
        # If we are killed with -9, the kernel ends the web server, which would otherwise hold the port.
        command = [setpriv, "--pdeathsig", "QUIT", *command]
    process = subprocess.Popen(command, cwd=ROOT, env=dict(environ), stdin=subprocess.DEVNULL)
    try:
        _wait_until_healthy(process, settings)
        yield process
    finally:
        _stop(process)


def local_url(settings: Settings) -> str:
    """Return the URL under which this machine reaches the dashboard."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}{settings.url_prefix}/"


def _wait_until_healthy(process: subprocess.Popen[bytes], settings: Settings) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise WebServerError(f"the web server ended at once with status {process.returncode}: see above")
        if _is_healthy(settings):
            return
        time.sleep(POLL_S)
    raise WebServerError(f"the web server did not answer within {START_S} seconds")


def _is_healthy(settings: Settings) -> bool:
    host, port = local_url(settings).split("/")[2].rsplit(":", 1)
    connection = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=5)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", f"{settings.url_prefix}/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

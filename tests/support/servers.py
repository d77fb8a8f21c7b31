"""A dashboard in a process of its own."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from email.message import Message
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
SECRET = "a secret for tests"
READY_WITHIN_S = 30


def wait_until(condition: Callable[[], Any], within_s: float = 15, what: str = "what was waited for") -> Any:
    """Return the first true value of the condition; fail if there is none in time."""
    deadline = time.monotonic() + within_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not happen within {within_s} s"
        time.sleep(0.02)
    return value


def find_free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def open_url(url: str, body: bytes | None = None, **headers: str) -> tuple[int, Message, str]:
    """Return status, headers and body of any answer."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, sent), timeout=30) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()


def read_metric(text: str, name: str) -> float:
    """Return the value of a metric, its labels being part of the name."""
    return next(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name + " "))


class DashboardServer:
    """A running dashboard: one gunicorn with one worker, as `make run` starts it."""

    secret = SECRET
    application = "wsgi:app"

    def __init__(self, database_url: str, data_dir: Path, **settings: str) -> None:
        self.database_url, self.port = database_url, find_free_port()
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DASHBOARD_")},
            "DATABASE_URL": database_url,
            "DASHBOARD_DATA_DIR": str(data_dir),
            "DASHBOARD_PORT": str(self.port),
            "DASHBOARD_WEBHOOK_SECRET": SECRET,
            "SECRET_KEY": "a key for tests",
            **settings,
        }
        self.url = f"http://127.0.0.1:{self.port}{settings.get('DASHBOARD_URL_PREFIX', '')}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", self.application]
        self.process = subprocess.Popen(command, cwd=REPOSITORY, env=self.environ, start_new_session=True)
        wait_until(self._is_healthy, READY_WITHIN_S, "an answer of the dashboard")

    def stop(self, how: int = signal.SIGTERM) -> None:
        """End all of its processes with a signal; does nothing if it does not run."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, how)
        self.process.wait(timeout=20)
        self.process = None

    def kill(self) -> None:
        """End all of its processes as a power cut would."""
        self.stop(signal.SIGKILL)

    def post(self, payload: Any, **headers: str) -> tuple[int, Any]:
        """Post a delivery with the secret; return status and answer. Underscores in names of headers become hyphens."""
        sent = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self.request("/api/webhook/deployment", body, sent)

    def get(self, path: str, **headers: str) -> tuple[int, Any]:
        """Ask for JSON; return status and answer."""
        return self.request(path, None, {name.replace("_", "-"): value for name, value in headers.items()})

    def request(self, path: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, Any]:
        """Send any request; return status and answer."""
        request = urllib.request.Request(self.url + path, body, dict(headers))
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def _is_healthy(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, "the dashboard ended while it started"
        try:
            return self.get("/health")[0] == 200
        except (urllib.error.URLError, ConnectionError):
            return False

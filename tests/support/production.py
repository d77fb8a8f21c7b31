"""All processes of production, which a test can stop, kill and start one by one."""

import contextlib
import functools
import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from dashboard.cli.serving.processes import Program, UnixConnection
from dashboard.cli.serving.production import NGINX, WEB, describe_programs
from dashboard.config import load_settings
from tests.support.servers import READY_WITHIN_S, REPOSITORY, DashboardServer, wait_until


class ProductionShape(DashboardServer):
    """nginx, two web workers and two live processes, as `dashboard run --production` has them.

    `url`, `post`, `get` and `request` go through nginx. The names are `web`, `live-1`, `live-2` and `nginx`; none
    starts again by itself, except that gunicorn replaces a worker.
    """

    def __init__(self, database_url: str, data_dir: Path, **settings: str) -> None:
        super().__init__(database_url, data_dir, **settings)
        self.directory = Path(tempfile.mkdtemp(prefix="production-"))
        self.programs = describe_programs(load_settings(self.environ), self.environ, self.directory)
        self.backends = tuple(name for name in self.programs if name != NGINX)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *names: str) -> None:
        """Start these, or everything, and wait until they answer."""
        started = names or tuple(self.programs)
        for name in started:
            program = self.programs[name]
            with self._log_of(name).open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    program.command, cwd=REPOSITORY, env=dict(program.environ), start_new_session=True, stderr=log
                )
        for name in started:
            wait_until(functools.partial(self._answers, name), READY_WITHIN_S, f"an answer of {name}")

    def stop(self, *names: str, how: int = signal.SIGTERM) -> None:  # type: ignore[override]
        """Send a signal to all processes of these, or of everything, and wait until they have ended; nginx is last."""
        chosen = [name for name in (*self.backends, NGINX) if name in (names or self.processes)]
        for group in ([name for name in chosen if name != NGINX], [name for name in chosen if name == NGINX]):
            for name in group:
                # Each leads its own session; asked politely, it ends its workers itself.
                end = os.killpg if how == signal.SIGKILL else os.kill
                with contextlib.suppress(ProcessLookupError):
                    end(self.processes[name].pid, how)
            for name in group:
                self.processes.pop(name).wait(timeout=30)

    def kill(self, *names: str) -> None:
        """End these, or everything, workers and all, as a power cut would."""
        self.stop(*names, how=signal.SIGKILL)

    def close(self) -> None:
        """End everything at once and delete what it left."""
        self.kill()
        shutil.rmtree(self.directory)

    def find_workers(self, name: str = WEB) -> list[int]:
        """Return the pids of the workers of a gunicorn, oldest first."""
        pid = self.processes[name].pid
        return sorted(int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())

    def ask(self, name: str, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
        """Ask one gunicorn, past nginx but in its words; return status, headers and body."""
        connection = UnixConnection(str(self.directory / f"{name}.sock"), timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"X-Forwarded-For": "127.0.0.1", **headers})
            answer = connection.getresponse()
            return answer.status, dict(answer.headers), answer.read().decode()

    def read_log(self, name: str) -> list[dict[str, Any]]:
        """Return the lines of the log of a gunicorn; each is JSON."""
        return [json.loads(line) for line in self._log_of(name).read_text().splitlines()]

    def read_access_log(self) -> list[dict[str, Any]]:
        """Return the lines of nginx's access log."""
        return [json.loads(line) for line in (self.directory / "nginx" / "access.log").read_text().splitlines()]

    def _log_of(self, name: str) -> Path:
        return self.directory / f"{name}.log"

    def _answers(self, name: str) -> bool:
        assert self.processes[name].poll() is None, f"{name} ended while it started: {self._log_of(name).read_text()}"
        program: Program = self.programs[name]
        if name == NGINX and not {*self.backends} <= self.processes.keys():
            return True  # there is nothing behind it that could answer
        return program.is_healthy()

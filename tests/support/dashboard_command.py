"""`dashboard run` as a process that a test can write to and kill."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support.servers import REPOSITORY

TIMEOUT_S = 30


def start_python(*arguments: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """Start our interpreter at the root of the project, in a process group of its own."""
    return _start([sys.executable, *arguments], REPOSITORY, env)


def _start(command: Sequence[str], directory: Path, env: dict[str, str] | None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, cwd=directory, env=env, text=True, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


class Dashboard:
    """A `dashboard run` with only the given variables in its environment."""

    def __init__(
        self,
        settings: dict[str, str],
        *options: str,
        command: Sequence[str] = (sys.executable, "-m", "dashboard"),
        directory: Path = REPOSITORY,
    ) -> None:
        environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.url = f"http://127.0.0.1:{settings['DASHBOARD_PORT']}"
        self.process = _start([*command, "run", *options], directory, environ | settings)

    def read_start(self) -> str:
        """Return what it printed until it was ready."""
        lines: list[str] = []
        assert self.process.stdout
        while not lines or "/api/webhook/deployment" not in lines[-1]:
            lines.append(self.process.stdout.readline())
            assert lines[-1], self.process.communicate()[1]
        return "".join(lines)

    def read_end(self) -> tuple[int, str]:
        """Wait until it has ended by itself, and return its exit status and what it complained about."""
        error_text = self.process.communicate(timeout=TIMEOUT_S)[1]
        return self.process.returncode, error_text

    def list_projects(self) -> list[str]:
        """Return the names of the projects that it knows."""
        with urllib.request.urlopen(f"{self.url}/api/projects") as answer:
            return [project["name"] for project in json.load(answer)["items"]]

    def find_processes(self) -> list[int]:
        """Return the pids of gunicorn and its worker."""
        master = [pid for pid in _children_of(self.process.pid) if b"gunicorn" in _command_of(pid)]
        return [*master, *_children_of(master[0])]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal to the group of the program, as a terminal does, and return the exit status."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)
        self.process.communicate(timeout=TIMEOUT_S)
        return self.process.returncode


def expect_one_line(dashboard: Dashboard, status: int, *words: str) -> None:
    """Expect the program to end at once with a status and one line that has these words."""
    ended, error_text = dashboard.read_end()
    assert ended == status, error_text
    assert error_text.startswith("dashboard: ")
    assert error_text.count("\n") == 1
    for word in words:
        assert word in error_text


def list_descendants(pid: int) -> list[int]:
    """Return the pids of all processes that a process started, and those that they did."""
    return [found for child in _children_of(pid) for found in (child, *list_descendants(child))]


def follow_printed_curl(printed: str) -> Any:
    """Run the curl line that was printed, in a shell as a reader would, and return the decoded answer."""
    command = re.search(r"^curl .*/api/webhook/deployment$", printed, re.MULTILINE | re.DOTALL)
    assert command
    return json.loads(subprocess.run(["sh", "-c", command[0]], capture_output=True, check=True).stdout)


def _children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _command_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()

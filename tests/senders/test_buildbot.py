"""A real Buildbot reports a real build to a real dashboard, whose page follows it."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.chromium import wait_connection
from tests.support.chromium_fixtures import OpenPage
from tests.support.servers import DashboardServer, find_free_port, wait_until

PROGRAM = Path(sys.prefix) / "buildbot" / "bin" / "buildbot"
"""Where `make test` installs Buildbot."""
CONFIGURATION = Path(__file__).with_name("buildbot_master.py")
WITHIN_S = 60
SHA = "4be1c9d70f24a5e88ef5b3a6c1d2e3f405162738"

ENDED = {
    "dialect": "buildbot",
    "run_id": "1",
    "state": "failed",
    "repository": "octo/shop",
    "branch": "main",
    "commit_hash": SHA,
    "triggered_by": "Grace",
    "run_url": "https://bot.example.org/#/builders/1/builds/1",
}
STEPS = [
    (0, "worker_preparation", "success", None),
    (1, "build", "success", None),
    (2, "deploy", "success", None),
    (3, "migrate", "skipped", None),
    (4, "test_website", "failed", "answered 502 (failure)"),
    (5, "tidy up", "success", None),
]
"""Of the build after its end; what is named Announce never ran."""


class Buildbot:
    """A master with its worker, and all that they write below a directory; nothing of them outlives `stop`."""

    def __init__(self, directory: Path, dashboard: DashboardServer) -> None:
        self.directory, self.address = directory, f"127.0.0.1:{find_free_port()}"
        os.mkfifo(directory / "gate")
        # Held open for reading too, so that writing never waits; what waits at the gate ends when it is closed.
        self._gate = os.open(directory / "gate", os.O_RDWR)
        self._environ = {
            **os.environ,
            "BUILDBOT_PORT": self.address.rpartition(":")[2],
            "DASHBOARD_URL": dashboard.url,
            "DASHBOARD_WEBHOOK_SECRET": dashboard.secret,
            "GATE": str(directory / "gate"),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; when this returns, a change starts a build at once."""
        self._run("create-master", "--quiet", f"--config={CONFIGURATION}", "master")
        command: list[str | Path] = [PROGRAM, "start", "--nodaemon", "master"]
        process = subprocess.Popen(command, cwd=self.directory, env=self._environ, start_new_session=True)
        self._process = process
        log = self.directory / "master" / "twistd.log"

        def is_ready() -> bool:
            text = log.read_text() if log.exists() else ""
            assert process.poll() is None, text
            return "BuildMaster is running" in text

        wait_until(is_ready, WITHIN_S, "a running Buildbot")

    def send_change(self, *arguments: str) -> None:
        """Report a change, which starts a build."""
        self._run("sendchange", f"--master={self.address}", "--auth=change:changes", *arguments, "shop.py")

    def open_gate(self) -> None:
        """Let the build go on."""
        os.write(self._gate, b"\n")

    def stop(self) -> None:
        """End it."""
        os.close(self._gate)
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=WITHIN_S)

    def _run(self, *arguments: str) -> None:
        subprocess.run([PROGRAM, *arguments], cwd=self.directory, env=self._environ, check=True, timeout=WITHIN_S)


@pytest.fixture
def buildbot(dashboard_server: DashboardServer, tmp_path: Path) -> Iterator[Buildbot]:
    """Give a Buildbot that reports to the dashboard."""
    buildbot = Buildbot(tmp_path, dashboard_server)
    try:
        buildbot.start()
        yield buildbot
    finally:
        buildbot.stop()


def test_the_page_of_a_build_shows_its_steps_while_they_run_and_fail(
    buildbot: Buildbot, dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    overview = open_live(open_page, "/")
    buildbot.send_change(
        "--who=Grace <grace@example.org>",
        "--branch=main",
        f"--revision={SHA}",
        "--repository=https://git.example.org/octo/shop.git",
        "--project=octo/shop",
    )
    card = overview.locator("[data-list=running] [data-key]")
    expect(card).to_contain_text("octo/shop", timeout=WITHIN_S * 1000)
    expect(card).to_contain_text("Deploy")
    begun = find_build(dashboard_server)
    assert (begun["state"], list_steps(begun)[2:]) == ("running", [(2, "deploy", "running", None)])
    page = open_live(open_page, f"/deployments/{begun['id']}")
    expect_steps(page, {"build": "success", "deploy": "running"})
    buildbot.open_gate()
    expect_steps(page, {"deploy": "success", "migrate": "skipped", "test_website": "failed", "tidy up": "success"})
    expect(page.locator('[data-view=step][data-key="test_website"]')).to_contain_text("answered 502 (failure)")
    expect(page.locator('[data-view=deployment][data-key="overall"]')).to_have_attribute("data-state", "failed")
    expect(page.locator(".headline")).to_contain_text("Failed at Test website")
    expect(card).to_have_count(0)
    assert [each.evaluate("() => window.neverReloaded") for each in (overview, page)] == [True, True]
    ended = find_build(dashboard_server)
    assert {name: ended[name] for name in ENDED} == ENDED
    assert list_steps(ended) == STEPS


def open_live(open_page: OpenPage, path: str) -> Page:
    """Open a page, wait until it is live, and set a mark that a reload would remove."""
    page = open_page(path)
    wait_connection(page, "live")
    page.evaluate("() => { window.neverReloaded = true; }")
    return page


def expect_steps(page: Page, states: dict[str, str]) -> None:
    """Wait until the steps are shown in these states."""
    for key, state in states.items():
        step = page.locator(f'[data-view=step][data-key="{key}"]')
        expect(step).to_have_attribute("data-state", state, timeout=WITHIN_S * 1000)


def find_build(server: DashboardServer) -> dict[str, Any]:
    """Return the one deployment there is."""
    [item] = server.get("/api/deployments")[1]["items"]
    build: dict[str, Any] = server.get(f"/api/deployments/{item['id']}")[1]
    return build


def list_steps(build: dict[str, Any]) -> list[tuple[int, str, str, str | None]]:
    """Return number, key, state and error of each step of the only job, which is named like its builder."""
    [job] = build["jobs"]
    assert job["name"] == "Shop CI"
    return [(step["number"], step["key"], step["state"], step["error"]) for step in job["steps"]]

"""Chromium for tests of pages. Every page that is opened must stay free of errors and CSP violations."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.support.chromium import block_socket, find_chromium
from tests.support.servers import DashboardServer

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-software-rasterizer",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give the Chromium of all tests of a process."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, dashboard_server: DashboardServer) -> Iterator[OpenPage]:
    """Open an address of the dashboard in a browser of its own.

    `socket=False`: its socket does not get through. `outage=True`: the server will be away, of which browsers complain.
    """
    errors: list[str] = []
    contexts = []

    def open_path(path: str | None, *, socket: bool = True, outage: bool = False, **options: Any) -> Page:
        context = browser.new_context(base_url=dashboard_server.url, timezone_id="Asia/Shanghai", **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        if not outage:
            page.on("console", lambda message: errors.extend(_read_errors(message)))
        page.on("pageerror", lambda error: errors.append(str(error)))
        if not socket:
            block_socket(page)
        if path is not None:
            page.goto(path)
        return page

    yield open_path
    for context in contexts:
        context.close()
    assert errors == []


def _read_errors(message: ConsoleMessage) -> list[str]:
    return [f"{message.text} ({message.location['url']})"] if message.type in {"error", "warning"} else []


@pytest.fixture
def fresh(open_page: OpenPage) -> Page:
    """A page without a socket, which shows what the server renders and nothing else."""
    return open_page(None, socket=False)

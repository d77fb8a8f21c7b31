"""Chromium for tests of pages. Every page that is opened must stay free of errors and CSP violations."""

from collections import defaultdict
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


class Window:
    """A page in a context of its own: its cookies and its cache are nobody else's."""

    def __init__(self, browser: Browser, look: dict[str, Any], *, socket: bool) -> None:
        self.kind = (repr(sorted(look.items())), socket)
        self._context = browser.new_context(**look)
        self.page = self._context.new_page()
        self.page.set_default_timeout(20_000)
        self._size = self.page.viewport_size
        self._listeners: list[tuple[Any, Callable[[Any], None]]] = []
        if not socket:
            block_socket(self.page)

    def listen(self, errors: list[str], *, console: bool) -> None:
        """Add to this list what the page throws, and what it has to complain about."""
        self._listeners = [("pageerror", lambda error: errors.append(str(error)))]
        if console:
            self._listeners.append(("console", lambda message: errors.extend(_read_errors(message))))
        for event, listener in self._listeners:
            self.page.on(event, listener)

    def clear(self) -> bool:
        """Make it as good as new; return False if it cannot be used again."""
        for event, listener in self._listeners:
            self.page.remove_listener(event, listener)
        if self.page.is_closed():
            return False
        self._context.clear_cookies()
        self.page.goto("about:blank")
        if self._size:
            self.page.set_viewport_size(self._size)
        return True

    def close(self) -> None:
        """Close it."""
        self._context.close()


class Windows:
    """Windows by the way they look: a new one, with a process of its own, takes as long as two pages in an old one."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self._idle: dict[Any, list[Window]] = defaultdict(list)

    def take(self, look: dict[str, Any], *, socket: bool) -> Window:
        """Return a window that no other test uses at present."""
        idle = self._idle[repr(sorted(look.items())), socket]
        return idle.pop() if idle else Window(self.browser, look, socket=socket)

    def give_back(self, window: Window) -> None:
        """Keep a window for the next test that wants one like it."""
        if window.clear():
            self._idle[window.kind].append(window)
        else:
            window.close()

    def close(self) -> None:
        """Close all that are idle."""
        for idle in self._idle.values():
            for window in idle:
                window.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give the Chromium of all tests of a process."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def windows(browser: Browser) -> Iterator[Windows]:
    """Give the windows that the tests of a module take turns with."""
    windows = Windows(browser)
    yield windows
    windows.close()


@pytest.fixture
def open_page(windows: Windows, dashboard_server: DashboardServer) -> Iterator[OpenPage]:
    """Open an address of the dashboard in a window that shares nothing with the others.

    `socket=False`: its socket does not get through. `outage=True`: the server will be away, of which browsers complain.
    `own=True`: the window is new and used once, for tests that change it or count what it loads.
    """
    errors: list[str] = []
    opened: list[tuple[Window, bool]] = []

    def open_path(
        path: str | None, *, socket: bool = True, outage: bool = False, own: bool = False, **options: Any
    ) -> Page:
        look = {"base_url": dashboard_server.url, "timezone_id": "Asia/Shanghai", **options}
        window = Window(windows.browser, look, socket=socket) if own else windows.take(look, socket=socket)
        opened.append((window, own))
        window.listen(errors, console=not outage)
        if path is not None:
            window.page.goto(path)
        return window.page

    yield open_path
    for window, own in opened:
        if own:
            window.close()
        else:
            windows.give_back(window)
    assert errors == []


def _read_errors(message: ConsoleMessage) -> list[str]:
    return [f"{message.text} ({message.location['url']})"] if message.type in {"error", "warning"} else []


@pytest.fixture
def fresh(open_page: OpenPage) -> Page:
    """A page without a socket, which shows what the server renders and nothing else."""
    return open_page(None, socket=False)

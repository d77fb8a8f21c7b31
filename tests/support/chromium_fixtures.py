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


class PooledPage:
    """A page in a browser context of its own, which shares no cookies and no cache with others."""

    def __init__(self, browser: Browser, options: dict[str, Any], *, socket: bool) -> None:
        self.key = _make_key(options, socket=socket)
        self._context = browser.new_context(**options)
        self.page = self._context.new_page()
        self.page.set_default_timeout(20_000)
        self._size = self.page.viewport_size
        self._listeners: list[tuple[Any, Callable[[Any], None]]] = []
        if not socket:
            block_socket(self.page)

    def listen(self, errors: list[str], *, console: bool) -> None:
        """Append to this list the exceptions of the page and, if wanted, the errors and warnings of its console."""
        self._listeners = [("pageerror", lambda error: errors.append(str(error)))]
        if console:
            self._listeners.append(("console", lambda message: errors.extend(_read_errors(message))))
        for event, listener in self._listeners:
            self.page.on(event, listener)

    def reset(self) -> None:
        """Leave the address, and undo what tests change: cookies, routes, size."""
        for event, listener in self._listeners:
            self.page.remove_listener(event, listener)
        self._context.clear_cookies()
        self.page.unroute_all()
        self.page.goto("about:blank")
        if self._size:
            self.page.set_viewport_size(self._size)

    def close(self) -> None:
        """Close the context."""
        self._context.close()


class PagePool:
    """Pages that tests use one after the other: a new context takes as long as two pages in an old one."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self._idle: dict[str, list[PooledPage]] = defaultdict(list)

    def take(self, options: dict[str, Any], *, socket: bool) -> PooledPage:
        """Return a page that was made with these options and is not in use."""
        idle = self._idle[_make_key(options, socket=socket)]
        return idle.pop() if idle else PooledPage(self.browser, options, socket=socket)

    def give_back(self, pooled: PooledPage) -> None:
        """Keep a page for the next test that wants one like it, unless the test has closed it."""
        if pooled.page.is_closed():
            pooled.close()
        else:
            pooled.reset()
            self._idle[pooled.key].append(pooled)

    def close(self) -> None:
        """Close the pages that are not in use."""
        for idle in self._idle.values():
            for pooled in idle:
                pooled.close()


def _make_key(options: dict[str, Any], *, socket: bool) -> str:
    return repr((sorted(options.items()), socket))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give the Chromium of all tests of a process."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page_pool(browser: Browser) -> Iterator[PagePool]:
    """Give the pages that the tests of a module share."""
    pool = PagePool(browser)
    yield pool
    pool.close()


@pytest.fixture
def open_page(page_pool: PagePool, dashboard_server: DashboardServer) -> Iterator[OpenPage]:
    """Open an address of the dashboard in a page that no other test uses at the same time.

    `socket=False`: its socket does not get through. `outage=True`: the server will be away, of which browsers complain.
    `new=True`: its context is new and used once, for tests that change the clock or measure what is loaded.
    """
    errors: list[str] = []
    pooled_pages: list[PooledPage] = []
    new_pages: list[PooledPage] = []

    def open_path(
        path: str | None, *, socket: bool = True, outage: bool = False, new: bool = False, **options: Any
    ) -> Page:
        # Chromium redraws a page that moves sixty times a second, also while nobody looks.
        common = {"base_url": dashboard_server.url, "timezone_id": "Asia/Shanghai", "reduced_motion": "reduce"}
        options = common | options
        if new:
            new_pages.append(opened := PooledPage(page_pool.browser, options, socket=socket))
        else:
            pooled_pages.append(opened := page_pool.take(options, socket=socket))
        opened.listen(errors, console=not outage)
        if path is not None:
            opened.page.goto(path)
        return opened.page

    yield open_path
    for opened in new_pages:
        opened.close()
    for opened in pooled_pages:
        page_pool.give_back(opened)
    assert errors == []


def _read_errors(message: ConsoleMessage) -> list[str]:
    return [f"{message.text} ({message.location['url']})"] if message.type in {"error", "warning"} else []


@pytest.fixture
def fresh(open_page: OpenPage) -> Page:
    """A page without a socket, which shows what the server renders and nothing else."""
    return open_page(None, socket=False)

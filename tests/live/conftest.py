"""Pages and rows for the tests of live updates; the server itself comes from the fixtures of all tests."""

from collections.abc import Callable, Iterator

import pytest

from tests.live.browser import Browser
from tests.live.rows import Rows
from tests.servers import DashboardServer

OpenPage = Callable[..., Browser]


@pytest.fixture
def rows(dashboard_server: DashboardServer) -> Iterator[Rows]:
    """Give a writer of rows, as another process would be one."""
    rows = Rows(dashboard_server.database_url)
    yield rows
    rows.close()


@pytest.fixture
def open_page(dashboard_server: DashboardServer) -> Iterator[OpenPage]:
    """Give a function that connects a page, by default to the shared server; all are closed at the end."""
    pages: list[Browser] = []

    def connect(url: str = dashboard_server.url, headers: dict[str, str] | None = None) -> Browser:
        pages.append(Browser(url, headers))
        return pages[-1]

    yield connect
    for page in pages:
        page.close()

"""axe finds nothing on the pages, in both themes and languages."""

import pytest

from tests.support.chromium import VIEWPORTS, expect_accessible, wait_connection
from tests.support.chromium_fixtures import OpenPage
from tests.support.server_reports import path_of, send
from tests.support.servers import DashboardServer

LOCALES = ["en-GB", "zh-CN"]
STATES = ["queued", "running", "success", "failed", "skipped", "cancelled", "waiting", "strange"]


@pytest.mark.parametrize(("width", "theme", "locale"), VIEWPORTS)
def test_axe_finds_nothing(
    open_page: OpenPage, dashboard_server: DashboardServer, width: int, theme: str, locale: str
) -> None:
    steps = [{"name": state, "status": state, "message": "m", "error": "e", "log": "l"} for state in STATES]
    answer = send(dashboard_server, run_id="axe", branch="main", port=8080, message="m", steps=steps)
    page = open_page(None, locale=locale, color_scheme=theme, viewport={"width": width, "height": 900})
    for path in ("/", "/projects/shop-api", path_of(answer)):
        page.goto(path)
        wait_connection(page, "live")
        expect_accessible(page)


@pytest.mark.parametrize("locale", LOCALES)
def test_no_page_is_wider_than_the_window(open_page: OpenPage, dashboard_server: DashboardServer, locale: str) -> None:
    long = "a-very-long-name-" * 15
    answer = send(dashboard_server, run_id="wide", branch=long, steps=[{"name": long, "status": "failed", "log": long}])
    page = open_page(None, locale=locale)
    for path in ("/", "/projects/shop-api", path_of(answer)):
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(path)
            assert page.evaluate("() => document.documentElement.scrollWidth") <= width

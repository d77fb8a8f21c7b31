"""Times in the visitor's zone and language, with the exact time as a tooltip, and how they update."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.support.chromium import wait_connection
from tests.support.chromium_fixtures import OpenPage
from tests.support.fixtures import StartDashboard
from tests.support.server_reports import path_of, send
from tests.support.servers import DashboardServer


@pytest.mark.parametrize(("locale", "text"), [("en-GB", "Jan 1, 2024, 08:00:05"), ("zh-CN", "2024年1月1日 08:00:05")])
def test_times_are_in_the_visitors_zone_and_language_with_the_exact_time_on_hover(
    open_page: OpenPage, dashboard_server: DashboardServer, locale: str, text: str
) -> None:
    answer = send(dashboard_server, run_id="times", started_at="2024-01-01T00:00:05Z")
    page = open_page(path_of(answer), locale=locale)
    started = page.locator("dd time[data-field=started_at]")
    expect(started).to_have_text(text)
    expect(started).to_have_attribute("title", "2024-01-01 00:00:05 UTC")
    expect(started).to_have_attribute("datetime", "2024-01-01T00:00:05Z")


def test_without_scripts_times_are_marked_as_utc(open_page: OpenPage, dashboard_server: DashboardServer) -> None:
    answer = send(dashboard_server, run_id="no scripts", started_at="2024-01-01T00:00:05Z")
    page = open_page(path_of(answer), locale="zh-CN", java_script_enabled=False)
    expect(page.locator("dd time[data-field=started_at]")).to_have_text("2024-01-01 00:00:05 UTC")


@pytest.mark.parametrize(
    ("locale", "at_first", "later"), [("en-GB", "just now", "1 min ago"), ("zh-CN", "刚刚", "1 分钟前")]
)
def test_elapsed_times_update_every_second_and_relative_times_every_15_seconds(
    open_page: OpenPage, start_dashboard: StartDashboard, locale: str, at_first: str, later: str
) -> None:
    server = start_dashboard()
    page = open_page(None, new=True, locale=locale)
    page.clock.install()
    begun = datetime.now(UTC) - timedelta(seconds=48)
    answer = send(server, run_id="ticking", started_at=begun.isoformat())
    page.goto(f"{server.url}/")
    wait_connection(page, "live")
    row = page.locator(f'[data-list=recent] [data-key="{answer["deployment_id"]}"]')
    ago, took = row.locator("td time[data-format=ago]"), row.locator("td [data-format=took]")
    expect(ago.last).to_have_text(at_first)
    elapsed = took.last.text_content()
    page.clock.run_for(2000)
    expect(took.last).not_to_have_text(elapsed or "")
    page.clock.run_for(16_000)
    expect(ago.last).to_have_text(later)

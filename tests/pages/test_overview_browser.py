"""The overview in Chromium: many projects, a visitor's choices, and live events."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.chromium import expect_accessible, expect_fresh, wait_connection
from tests.support.chromium_fixtures import OpenPage
from tests.support.fixtures import StartDashboard
from tests.support.server_reports import send
from tests.support.servers import DashboardServer


@pytest.fixture
def dashboard_server(start_dashboard: StartDashboard) -> Iterator[DashboardServer]:
    """A dashboard with a few projects of its own for each test."""
    server = start_dashboard(DASHBOARD_REFRESH_S="1")
    send(server, project="shop-api", run_id="1", status="success", deploy_type="backend", triggered_by="lin.wei")
    send(server, project="shop-api", run_id="2", status="failed", deploy_type="backend", triggered_by="lin.wei")
    send(server, project="docs", run_id="1", status="success", deploy_type="static", triggered_by="ana")
    send(server, project="报表服务", run_id="1", status="success", environment="预发布", branch="feat/Invoices")
    yield server
    server.stop()


def open_live(open_page: OpenPage, path: str = "/", **options: Any) -> Page:
    """Open a page that must not be loaded again, and wait until it is live."""
    page = open_page(path, **options)
    wait_connection(page, "live")
    page.evaluate("() => { window.neverReloaded = true; }")
    return page


def list_projects(page: Page) -> list[str]:
    """Return the projects that are shown, in their order."""
    keys: list[str] = page.eval_on_selector_all("[data-view=project]", "rows => rows.map((row) => row.dataset.key)")
    return keys


def test_the_search_filters_while_typing_and_while_events_arrive(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    page = open_live(open_page)
    search = page.get_by_role("searchbox", name="Search projects")
    search.press_sequentially("invoices")
    expect(page).to_have_url(re.compile(r"/\?q=invoices$"))
    expect(page.locator("[data-view=project]")).to_have_count(1)
    expect(page.get_by_text("1 of 3 projects")).to_be_visible()
    send(dashboard_server, project="billing", run_id="1", status="running", branch="main")
    expect(page.get_by_text("1 of 4 projects")).to_be_visible()
    send(dashboard_server, project="mail", run_id="1", status="running", branch="fix/invoices")
    expect(page.locator("[data-view=project]")).to_have_count(2)
    expect_fresh(page, fresh)
    search.fill("nobody")
    expect(page.get_by_text("No matching projects.")).to_be_visible()
    expect_fresh(page, fresh)
    search.fill("")
    expect(page.locator("[data-view=project]")).to_have_count(5)
    expect_fresh(page, fresh)
    expect(search).to_be_focused()
    assert page.evaluate("() => window.neverReloaded")


def test_projects_move_between_groups_as_their_deployments_end(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    page = open_live(open_page)
    page.get_by_label("Group by").select_option("state")
    page.get_by_label("Sort by").select_option("last")
    expect(page).to_have_url(re.compile(r"/\?group=state&sort=last$"))
    expect(page.locator("[data-view=group] h3")).to_have_text([re.compile("failed 1"), re.compile("success 2")])
    send(dashboard_server, project="docs", run_id="2", status="running")
    expect(page.locator("[data-view=group][data-key=running] [data-view=project]")).to_have_attribute(
        "data-key", "docs"
    )
    expect_fresh(page, fresh)
    send(dashboard_server, project="docs", run_id="2", status="failed")
    expect(page.locator("[data-key=failed] [data-view=project]")).to_have_count(2)
    assert list_projects(page) == ["docs", "shop-api", "报表服务"]
    expect_fresh(page, fresh)
    assert page.evaluate("() => window.neverReloaded")


def test_choices_survive_a_reload_and_work_without_scripts(
    open_page: OpenPage, dashboard_server: DashboardServer
) -> None:
    path = "/?group=kind&q=production&quiet=hide"
    for options in ({}, {"java_script_enabled": False}):
        page = open_page(path, **options)
        expect(page.get_by_label("Group by")).to_have_value("kind")
        expect(page.get_by_label("Hide inactive")).to_be_checked()
        expect(page.get_by_role("searchbox", name="Search projects")).to_have_value("production")
        expect(page.locator("[data-view=group]")).to_have_count(2)


def test_without_a_socket_the_server_searches_and_groups(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    page = open_page("/", socket=False)
    wait_connection(page, "refreshing")
    page.evaluate("() => { window.neverReloaded = true; }")
    page.get_by_role("searchbox", name="Search projects").fill("shop")
    expect(page.locator("[data-view=project]")).to_have_count(1)
    page.get_by_label("Group by").select_option("environment")
    expect(page.locator("[data-view=group] h3")).to_have_text([re.compile("production 1")])
    expect_fresh(page, fresh)
    assert page.evaluate("() => window.neverReloaded")


def test_an_updated_strip_equals_a_fresh_one(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    page = open_live(open_page)
    strip = page.locator('[data-view=project][data-key="shop-api"]').get_by_role("img")
    expect(strip).to_have_attribute("aria-label", "1 of the last 2 failed")
    for run in range(3, 25):
        time = {"started_at": f"2024-01-01T00:{run:02}:00Z", "completed_at": f"2024-01-01T01:{run:02}:{run * 2:02}Z"}
        send(dashboard_server, run_id=str(run), status="failed" if run % 7 == 0 else "success", **time)
    expect(strip).to_have_attribute("aria-label", "4 of the last 20 failed")
    expect_fresh(page, fresh)


def test_many_running_deployments_are_collapsed(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    page = open_live(open_page)
    for run in range(15):
        send(dashboard_server, project=f"many-{run}", run_id="1", status="running")
    expect(page.locator("[data-list=running] > li")).to_have_count(12)
    expect(page.get_by_text("and 3 more")).to_be_visible()
    expect(page).to_have_title("● 15 running · Deployments")
    expect_fresh(page, fresh)
    page.get_by_text("and 3 more").click()
    expect(page.locator("[data-list=rest]").get_by_role("link", name="many-0")).to_be_visible()
    for run in range(3, 15):
        send(dashboard_server, project=f"many-{run}", run_id="1", status="success")
    expect(page.locator("[data-list=running] > li")).to_have_count(3)
    expect(page.get_by_text("more", exact=False).and_(page.locator("summary"))).to_be_hidden()
    expect_fresh(page, fresh)


def test_title_and_icon_show_running_and_failed_deployments(
    open_page: OpenPage, dashboard_server: DashboardServer
) -> None:
    page = open_live(open_page)
    icon = page.locator("link[rel=icon]")
    expect(page).to_have_title("✗ 1 failed · Deployments")
    expect(icon).to_have_attribute("href", re.compile(r"/icons/failed\.svg$"))
    send(dashboard_server, run_id="3", status="running")
    expect(page).to_have_title("● 1 running · Deployments")
    expect(icon).to_have_attribute("href", re.compile(r"/icons/running\.svg$"))
    send(dashboard_server, run_id="3", status="success")
    expect(page).to_have_title("Deployments")
    expect(icon).to_have_attribute("href", re.compile(r"/icons/quiet\.svg$"))
    expect(page.locator("#announcement")).to_have_text("shop-api: success")


def test_the_search_of_every_page_opens_the_history(open_page: OpenPage, dashboard_server: DashboardServer) -> None:
    page = open_page("/")
    page.get_by_role("searchbox", name="Search all deployments").fill("lin.wei")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/deployments\?q=lin\.wei$"))


def test_an_empty_dashboard_shows_instructions_until_the_first_report(
    open_page: OpenPage, start_dashboard: StartDashboard
) -> None:
    server = start_dashboard()
    page = open_live(open_page, f"{server.url}/")
    expect(page.get_by_text(f"curl {server.url}/api/webhook/deployment")).to_be_visible()
    expect(page.get_by_role("heading", name="Projects")).to_be_hidden()
    send(server)
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    expect(page.get_by_text("curl")).to_be_hidden()


def test_the_overview_fits_the_window_and_axe_finds_nothing(
    open_page: OpenPage, start_dashboard: StartDashboard
) -> None:
    server = start_dashboard()
    send(server, project="a-very-long-name-" * 8, run_id="1", status="running", triggered_by="someone-" * 9)
    send(server, project="x" * 120, run_id="1", status="partial?", branch="分支" * 40, environment="y" * 60)
    for width, theme in itertools.product((390, 2560), ("light", "dark")):
        page = open_page(None, viewport={"width": width, "height": 900}, color_scheme=theme)
        for path in ("/", "/?group=state", "/?q=nobody"):
            page.goto(server.url + path)
            wait_connection(page, "live")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            expect_accessible(page)
        page.close()

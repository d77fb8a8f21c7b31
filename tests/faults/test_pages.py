"""Pages in a real browser during faults: they show that their data is stale, and recover by themselves."""

import pytest
from playwright.sync_api import Page, expect

from tests.faults.database import Database
from tests.faults.load import run_id_of, sending
from tests.faults.processes import kill_workers
from tests.faults.truth import check_truth
from tests.support.chromium import expect_fresh, wait_connection
from tests.support.chromium_fixtures import OpenPage
from tests.support.fixtures import StartDashboard, StartProduction
from tests.support.server_reports import path_of, send
from tests.support.servers import DashboardServer


@pytest.fixture(scope="module")
def dashboard_server(database: Database, start_dashboard: StartDashboard) -> DashboardServer:
    """A dashboard whose pages refresh over HTTP without delay."""
    return start_dashboard(database.make(), DASHBOARD_REFRESH_S="1")


def test_pages_while_the_database_is_away_and_workers_die(
    database: Database, dashboard_server: DashboardServer, open_page: OpenPage, fresh: Page
) -> None:
    path = path_of(send(dashboard_server, project="load", run_id="0"))
    pages = [open_page(path, outage=True), open_page("/", outage=True)]
    for page in pages:
        wait_connection(page, "live")
        page.evaluate("() => { window.neverReloaded = true; }")
    with sending(dashboard_server.port, max_deliveries=20) as load:
        load.wait_for_more()
        database.stop_immediately()
        for page in pages:
            wait_connection(page, "stale")
        visitor = open_page("/", outage=True)
        expect(visitor.get_by_text("Database unavailable")).to_be_visible()
        database.restart()
        load.wait_for_more(10)
        kill_workers(dashboard_server)
        load.wait_for_more(10)
    for page in pages:
        wait_connection(page, "live")
        expect_fresh(page, fresh)
        assert page.evaluate("() => window.neverReloaded")
    steps = [key for key in load.acknowledged if run_id_of(key) == "0"]
    expect(pages[0].locator("[data-view=step]")).to_have_count(len(steps))
    check_truth(dashboard_server, load)


def test_pages_refresh_themselves_while_no_live_process_runs(
    start_production: StartProduction, open_page: OpenPage, fresh: Page
) -> None:
    shape = start_production(DASHBOARD_REFRESH_S="1")
    path = path_of(send(shape, project="load", run_id="0", step_name="build", step_status="running"))
    pages = [open_page(shape.url + path, outage=True), open_page(shape.url + "/", outage=True)]
    for page in pages:
        wait_connection(page, "live")
        page.evaluate("() => { window.neverReloaded = true; }")
    shape.kill("live-1", "live-2")
    send(shape, project="load", run_id="0", step_name="deploy", step_status="running")
    for page in pages:
        wait_connection(page, "refreshing")
    expect(pages[0].locator("[data-view=step]")).to_have_count(2)
    shape.start("live-1", "live-2")
    for page in pages:
        wait_connection(page, "live")
        expect_fresh(page, fresh)
        assert page.evaluate("() => window.neverReloaded")

"""The history and the statistics of a project in Chromium, with live updates."""

from playwright.sync_api import Page, expect

from tests.support.chromium import expect_fresh, wait_connection
from tests.support.chromium_fixtures import OpenPage
from tests.support.fixtures import StartDashboard
from tests.support.server_reports import send
from tests.support.servers import DashboardServer


def list_shown(page: Page) -> list[str]:
    """Return the keys of the rows of the history."""
    keys: list[str] = page.locator("[data-list=history] > tr").evaluate_all("rows => rows.map(row => row.dataset.key)")
    return keys


def deploy(server: DashboardServer, run_id: str, **payload: object) -> str:
    """Report one deployment; return its key."""
    return str(send(server, run_id=run_id, **{"status": "success", **payload})["deployment_id"])


def test_new_deployments_are_shown_only_after_a_click(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    first = deploy(dashboard_server, "1", project="waiting")
    page = open_page("/deployments?project=waiting")
    wait_connection(page, "live")
    page.evaluate("() => { window.neverReloaded = true; }")
    top = page.locator("[data-list=history]").bounding_box()
    second = deploy(dashboard_server, "2", project="waiting")
    third = deploy(dashboard_server, "3", project="waiting")
    expect(page.get_by_role("link", name="2 new")).to_be_visible()
    assert list_shown(page) == [first]
    assert page.locator("[data-list=history]").bounding_box() == top
    page.get_by_role("link", name="2 new").click()
    expect(page.locator("[data-list=history] > tr")).to_have_count(3)
    assert list_shown(page) == [third, second, first]
    expect(page.locator("#newer")).to_have_count(0)
    expect(page.locator("#results-title")).to_be_focused()
    expect_fresh(page, fresh)
    assert page.evaluate("() => window.neverReloaded")


def test_only_matching_deployments_count_as_new(open_page: OpenPage, dashboard_server: DashboardServer) -> None:
    deploy(dashboard_server, "1", project="matching", branch="main")
    page = open_page("/deployments?project=matching&branch=main")
    wait_connection(page, "live")
    deploy(dashboard_server, "2", project="matching", branch="dev")
    deploy(dashboard_server, "3", project="matching", branch="main")
    expect(page.locator("#newer")).to_have_text("1 new")


def test_a_shown_row_is_updated_with_its_deployment(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    key = deploy(dashboard_server, "1", project="moving", status="running")
    page = open_page("/deployments?project=moving")
    row = page.locator(f'[data-list=history] > [data-key="{key}"]')
    wait_connection(page, "live")
    expect(row).to_have_attribute("data-state", "running")
    deploy(dashboard_server, "1", project="moving", status="failed")
    expect(row).to_have_attribute("data-state", "failed")
    expect_fresh(page, fresh)


def test_the_very_first_deployment_is_shown_without_a_click(
    open_page: OpenPage, start_dashboard: StartDashboard
) -> None:
    server = start_dashboard()
    page = open_page(f"{server.url}/deployments")
    wait_connection(page, "live")
    expect(page.get_by_text("No deployments yet.")).to_be_visible()
    deploy(server, "1")
    expect(page.locator("[data-list=history] > tr")).to_have_count(1)


def test_with_a_blocked_socket_new_deployments_also_wait_for_a_click(
    open_page: OpenPage, dashboard_server: DashboardServer
) -> None:
    first = deploy(dashboard_server, "1", project="blocked")
    page = open_page("/deployments?project=blocked", socket=False)
    wait_connection(page, "refreshing")
    deploy(dashboard_server, "2", project="blocked")
    expect(page.locator("#newer")).to_have_text("1 new")
    assert list_shown(page) == [first]


def test_filters_work_without_scripts(open_page: OpenPage, dashboard_server: DashboardServer) -> None:
    deploy(dashboard_server, "1", project="plain", branch="main")
    deploy(dashboard_server, "2", project="plain", branch="dev", status="failed")
    page = open_page("/deployments", java_script_enabled=False)
    page.get_by_label("Project").select_option("plain")
    page.get_by_label("State").select_option("failed")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("[data-list=history] > tr")).to_have_count(1)
    expect(page.get_by_label("State")).to_have_value("failed")


def test_empty_filters_are_left_out_of_the_url(open_page: OpenPage, dashboard_server: DashboardServer) -> None:
    deploy(dashboard_server, "1", project="short")
    page = open_page("/deployments")
    wait_connection(page, "live")
    page.get_by_label("Project").select_option("short")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**/deployments?project=short")


def test_the_statistics_of_a_project_follow_its_deployments(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    steps = [{"name": "build", "status": "success"}]
    deploy(dashboard_server, "1", project="past", commit_hash="aaa111", steps=steps)
    page = open_page("/projects/past")
    wait_connection(page, "live")
    page.get_by_text("Show as table").first.click()
    deploy(dashboard_server, "2", project="past", status="running", commit_hash="bbb222")
    expect(page.locator(".environment")).to_contain_text("running")
    deploy(dashboard_server, "2", project="past", status="failed", steps=[{"name": "build", "status": "failed"}])
    expect(page.locator("#statistics")).to_contain_text("50% succeeded")
    expect(page.locator(".environment")).to_contain_text("failed")
    expect(page.locator("#statistics details").first).to_have_attribute("open", "")
    expect_fresh(page, fresh)
    # The sender remembers a step after the end.
    deploy(dashboard_server, "1", project="past", steps=[{"name": "late", "status": "failed"}])
    expect(page.locator("#statistics")).to_contain_text("late")
    expect_fresh(page, fresh)


def test_changes_while_a_page_was_offline_are_shown_after_reconnecting(
    open_page: OpenPage, fresh: Page, start_dashboard: StartDashboard
) -> None:
    server = start_dashboard(DASHBOARD_REFRESH_S="1")
    deploy(server, "1", project="away")
    project = open_page(f"{server.url}/projects/away", outage=True)
    history = open_page(f"{server.url}/deployments", outage=True)
    for page in (project, history):
        wait_connection(page, "live")
    server.kill()
    for page in (project, history):
        wait_connection(page, "stale")
    server.start()
    deploy(server, "2", project="away", status="failed")
    expect(history.locator("#newer")).to_have_text("1 new")
    expect(project.locator("#statistics")).to_contain_text("50% succeeded")
    expect_fresh(project, fresh)

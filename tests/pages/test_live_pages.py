"""Live updates bring a page to what a fresh load shows."""

import random
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.chromium import expect_fresh, wait_connection
from tests.support.chromium_fixtures import OpenPage
from tests.support.fixtures import StartDashboard
from tests.support.server_reports import path_of, send
from tests.support.servers import DashboardServer

HOSTILE = "<img src=x onerror=document.title='stolen'><script>throw 1</script>{{7*7}} \u202e部署"


def test_a_step_changes_without_a_reload(open_page: OpenPage, dashboard_server: DashboardServer) -> None:
    answer = send(dashboard_server, run_id="step", step_details={"validate_artifact": "running"})
    page = open_page(path_of(answer))
    wait_connection(page, "live")
    page.evaluate("() => { window.neverReloaded = true; }")
    send(dashboard_server, run_id="step", step_details={"validate_artifact": "success", "deploy_project": "running"})
    expect(page.locator('[data-view=step][data-key="validate_artifact"]')).to_have_attribute("data-state", "success")
    expect(page.locator('[data-view=step][data-key="deploy_project"]')).to_have_attribute("data-state", "running")
    assert page.evaluate("() => window.neverReloaded")


def test_a_page_shows_the_next_attempt_and_a_new_name_of_its_project(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    first = send(dashboard_server, project="Re Run", run_id="again", timestamp="2026-01-01T00:00:00Z", status="failed")
    page = open_page(path_of(first))
    wait_connection(page, "live")
    send(dashboard_server, project="re-run", run_id="again", run_attempt=2, timestamp="2026-01-02T00:00:00Z")
    expect(page.get_by_role("link", name="attempt 2")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("re-run")
    send(dashboard_server, project="re-run", run_id="again", status="failed", error="still followed")
    expect(page.get_by_text("still followed").first).to_be_visible()
    expect_fresh(page, fresh)


def test_a_deployment_leaves_running_now_when_it_completes(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    page = open_page("/")
    wait_connection(page, "live")
    deployment_id = send(dashboard_server, project="leaving", run_id="1", step_details={"build": "running"})[
        "deployment_id"
    ]
    card = page.locator(f'[data-list=running] [data-key="{deployment_id}"]')
    expect(card).to_be_visible()
    send(dashboard_server, project="leaving", run_id="1", status="success", step_details={"build": "success"})
    expect(card).to_have_count(0)
    expect(page.locator(f'[data-list=recent] [data-key="{deployment_id}"]')).to_have_attribute("data-state", "success")
    expect_fresh(page, fresh)


def test_with_a_blocked_socket_the_page_refreshes_and_shows_this(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    answer = send(dashboard_server, run_id="blocked", step_details={"build": "running"})
    page = open_page(path_of(answer), socket=False)
    page.evaluate("() => { window.neverReloaded = true; }")
    page.get_by_role("link", name="shop-api").focus()
    wait_connection(page, "refreshing")
    expect(page.locator("#connection")).to_have_text("Refreshing every 1 s")
    send(dashboard_server, run_id="blocked", step_details={"build": "failed", "start_service": "running"})
    expect(page.locator('[data-view=step][data-key="start_service"]')).to_have_attribute("data-state", "running")
    expect_fresh(page, fresh)
    expect(page.get_by_role("link", name="shop-api")).to_be_focused()
    assert page.evaluate("() => window.neverReloaded")


def test_without_any_connection_a_page_shows_that_its_data_is_stale(
    open_page: OpenPage, dashboard_server: DashboardServer
) -> None:
    page = open_page(path_of(send(dashboard_server, run_id="offline")), socket=False, new=True)
    page.route("**/deployments/*", lambda route: route.fulfill(body="not the page"))
    wait_connection(page, "stale")
    expect(page.locator("#connection")).to_have_text("Out of date")


def test_a_page_recovers_after_the_server_was_killed(
    open_page: OpenPage, fresh: Page, start_dashboard: StartDashboard
) -> None:
    server = start_dashboard(DASHBOARD_REFRESH_S="1")
    page = open_page(server.url + path_of(send(server, steps=[{"name": "build", "status": "running"}])), outage=True)
    wait_connection(page, "live")
    server.kill()
    wait_connection(page, "stale")
    server.start()
    send(server, steps=[{"name": "build", "status": "success"}, {"name": "deploy", "status": "running"}])
    wait_connection(page, "live")
    expect_fresh(page, fresh)


def test_every_url_works_below_a_path_prefix(open_page: OpenPage, start_dashboard: StartDashboard) -> None:
    server = start_dashboard(DASHBOARD_URL_PREFIX="/project-dashboard")
    page = open_page(f"{server.url}/")
    wait_connection(page, "live")
    send(server, project="报表 服务", steps=[{"name": "build", "status": "running"}])
    page.get_by_role("link", name="报表 服务").first.click()
    wait_connection(page, "live")
    send(server, project="报表 服务", steps=[{"name": "build", "status": "success"}])
    page.get_by_role("link", name="报表 服务").click()
    wait_connection(page, "live")
    expect(page.get_by_role("heading", level=1)).to_have_text("报表 服务")
    addresses = page.eval_on_selector_all(
        "a[href], link[href], script[src]", "all => all.map((one) => new URL(one.href || one.src).pathname)"
    )
    assert [address for address in addresses if not address.startswith("/project-dashboard/")] == []


def test_texts_of_senders_are_escaped(open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer) -> None:
    report = {"project": HOSTILE, "run_id": "hostile", "branch": HOSTILE, "run_url": "javascript:throw 1"}
    step = {"name": HOSTILE, "message": HOSTILE, "error": HOSTILE, "log": HOSTILE}
    first = send(dashboard_server, **report, triggered_by=HOSTILE, steps=[{**step, "status": "running"}])
    for path in ("/", path_of(first)):
        page = open_page(path)
        wait_connection(page, "live")
        send(dashboard_server, **report, message=HOSTILE, steps=[{**step, "status": "failed"}])
        expect_fresh(page, fresh)
        assert page.locator("main img, main script").count() == 0
        assert page.locator("main [href^='javascript:']").count() == 0
        assert "stolen" not in page.title().split("<")[0]


@pytest.mark.parametrize("seed", range(3))
def test_a_page_that_received_all_events_equals_a_fresh_one(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer, seed: int
) -> None:
    choose = random.Random(seed)
    watched = send(dashboard_server, **make_report(choose, seed, run=0))
    pages = [open_page(path) for path in ("/", "/?group=state&sort=last", f"/projects/live-{seed}-0", path_of(watched))]
    for page in pages:
        wait_connection(page, "live")
    for _ in range(60):
        send(dashboard_server, **make_report(choose, seed, run=choose.choice([0, 0, 0, 1, 2, 3])))
    for page in pages:
        expect_fresh(page, fresh)


def make_report(choose: random.Random, seed: int, run: int) -> dict[str, Any]:
    """Return any report of one of a few runs, in any order: late, early, contradicting, without times."""
    words = ["queued", "running", "success", "failed", "skipped", "cancelled", "pending", "strange word"]
    step = {
        "name": choose.choice(["validate_artifact", "部署项目", "Start service", "测试网站", "𝒜 build"]),
        "status": choose.choice(words),
        "number": choose.choice([None, None, 1, 2, 10]),
        "job": choose.choice(["build", "deploy"]),
        "started_at": choose.choice([None, f"2024-01-01T00:00:{choose.randrange(60):02}Z"]),
        "completed_at": choose.choice([None, f"2024-01-01T00:01:{choose.randrange(60):02}Z"]),
        "message": choose.choice([None, "rsync: 214 files", "<b>bold</b>"]),
        "error": choose.choice([None, "exit code 1"]),
        "log": choose.choice([None, "line 1\nline 2"]),
    }
    report = {
        "project": f"live-{seed}-{run % 2}",
        "run_id": f"random-{run}",
        "status": choose.choice(["queued", "running", "running", "running", "success", "failed"]),
        "branch": choose.choice([None, "main", "feat/部署"]),
        "commit_hash": choose.choice([None, "8f2c1e0aa11bb22cc33dd44ee55ff66aa77bb88c", "latest"]),
        "triggered_by": choose.choice([None, "lin.wei"]),
        "environment": choose.choice(["production", "staging"]) if run == 3 else "production",
        "service_status": choose.choice([None, "running", "stopped"]),
        "port": choose.choice([None, 8080, 9000]),
        "test_url": choose.choice([None, "https://shop.example/health", "javascript:alert(1)"]),
        "run_url": choose.choice([None, "https://ci.example/1"]),
        "message": choose.choice([None, "部署消息"]),
        "timestamp": choose.choice([None, f"2024-01-01T00:{choose.randrange(60):02}:00Z"]),
        "steps": [{name: value for name, value in step.items() if value is not None}],
    }
    return {name: value for name, value in report.items() if value is not None}

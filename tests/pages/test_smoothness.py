"""A page with thousands of steps stays responsive. This is timed, so nothing else may run beside it."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.support.chromium import expect_fresh, wait_connection
from tests.support.chromium_fixtures import OpenPage
from tests.support.server_reports import make_steps, path_of, send
from tests.support.servers import DashboardServer

WATCH_LONG_TASKS = """() => {
  window.tasks = [];
  new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask" });
}"""
AFTER_NEXT_PAINT = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
MAX_TASK_MS = 200
"""Generous, because tests share the processor; a page that lays out 2,000 steps again for each change takes longer."""


def find_step(page: Page, number: int) -> Any:
    """Return the row of one of these steps."""
    return page.locator(f'[data-view=step][data-key="step {number}"]')


def test_updates_among_two_thousand_steps_do_not_block_the_page(
    open_page: OpenPage, dashboard_server: DashboardServer
) -> None:
    def make(done: int) -> list[dict[str, Any]]:
        return [
            {"name": f"step {n}", "job": f"job {n % 4}", "number": n, "status": "success" if n < done else "queued"}
            for n in range(2000)
        ]

    page = open_page(path_of(send(dashboard_server, run_id="many", steps=make(1000))))
    wait_connection(page, "live")
    page.evaluate(WATCH_LONG_TASKS)
    for done in range(1001, 1021):
        send(dashboard_server, run_id="many", steps=make(done)[done - 1 : done])
    expect(page.locator('[data-view=step][data-key="step 1019"]')).to_have_attribute("data-state", "success")
    assert page.evaluate("() => Math.max(0, ...window.tasks)") < 250
    expect(page.locator("[data-view=step][data-state=success]")).to_have_count(1020)


def test_a_deployment_with_two_thousand_steps_does_not_block_the_page(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    answer = send(dashboard_server, project="smooth", steps=make_steps(range(2000), status="queued"))
    page = open_page(path_of(answer))
    wait_connection(page, "live")
    page.evaluate(AFTER_NEXT_PAINT)
    page.evaluate(WATCH_LONG_TASKS)
    for number in (0, 1000, 1999):
        for word in ("running", "success"):
            send(dashboard_server, project="smooth", steps=make_steps(range(number, number + 1), status=word))
            expect(find_step(page, number)).to_have_attribute("data-state", word)
            page.evaluate(AFTER_NEXT_PAINT)
    assert [duration for duration in page.evaluate("() => window.tasks") if duration > MAX_TASK_MS] == []
    expect_fresh(page, fresh)

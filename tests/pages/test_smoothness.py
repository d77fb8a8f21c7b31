"""A page with thousands of steps never keeps its reader waiting. It is timed, so nothing else may run beside it."""

from typing import Any

from playwright.sync_api import expect

from tests.support.chromium import wait_connection
from tests.support.chromium_fixtures import OpenPage
from tests.support.sending import path_of, send
from tests.support.servers import DashboardServer


def test_two_thousand_steps_stay_smooth(open_page: OpenPage, dashboard_server: DashboardServer) -> None:
    def make(done: int) -> list[dict[str, Any]]:
        return [
            {"name": f"step {n}", "job": f"job {n % 4}", "number": n, "status": "success" if n < done else "queued"}
            for n in range(2000)
        ]

    page = open_page(path_of(send(dashboard_server, run_id="many", steps=make(1000))))
    wait_connection(page, "live")
    page.evaluate(
        """() => {
          window.longest = 0;
          new PerformanceObserver((list) => {
            for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
          }).observe({ type: "longtask" });
        }"""
    )
    for done in range(1001, 1021):
        send(dashboard_server, run_id="many", steps=make(done)[done - 1 : done])
    expect(page.locator('[data-view=step][data-key="step 1019"]')).to_have_attribute("data-state", "success")
    assert page.evaluate("() => window.longest") < 250
    expect(page.locator("[data-view=step][data-state=success]")).to_have_count(1020)

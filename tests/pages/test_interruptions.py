"""After sleep, other tabs, bursts and many events, an open page equals a fresh one."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest
from playwright.sync_api import CDPSession, Page, Route, expect

from tests.support.chromium import expect_fresh, wait_connection
from tests.support.chromium_fixtures import OpenPage
from tests.support.server_reports import make_steps, path_of, send
from tests.support.servers import DashboardServer

MAX_GROWTH_BYTES = 512 * 1024
"""To keep each message alone would take more than this; measured: up to 170 kB, whatever it was."""


@pytest.mark.parametrize("place", ["/", "/projects/asleep", None], ids=["overview", "project", "deployment"])
def test_after_an_hour_of_sleep_a_page_recovers_without_a_reload(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer, place: str | None
) -> None:
    run = f"asleep {place}"
    answer = send(dashboard_server, project="asleep", run_id=run, steps=make_steps(range(2), status="running"))
    page = open_page(None, outage=True, new=True)
    page.clock.install()
    page.goto(dashboard_server.url + (place or path_of(answer)))
    wait_connection(page, "live")
    page.evaluate("() => { window.neverReloaded = true; }")
    page.context.set_offline(True)
    send(dashboard_server, project="asleep", run_id=run, status="failed", steps=make_steps(range(4), status="failed"))
    send(dashboard_server, project="asleep", run_id=f"{run}, later", status="success")
    page.clock.fast_forward("01:00:00")
    wait_connection(page, "stale")
    page.context.set_offline(False)
    wait_connection(page, "live")
    expect_fresh(page, fresh)
    send(dashboard_server, project="asleep", run_id=run, message="awake")
    expect_fresh(page, fresh)
    assert page.evaluate("() => window.neverReloaded")


def test_two_tabs_on_a_deployment_and_one_on_the_overview_agree(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    path = path_of(send(dashboard_server, project="tabs", steps=make_steps(range(3), status="queued")))
    pages = [open_page(path), open_page(path), open_page("/")]
    for page in pages:
        wait_connection(page, "live")
    for number in range(3):
        send(dashboard_server, project="tabs", steps=make_steps(range(number, number + 1), status="running"))
        send(dashboard_server, project="tabs", steps=make_steps(range(number, number + 1), status="success"))
    send(dashboard_server, project="tabs", status="success")
    for page in pages:
        expect_fresh(page, fresh)
    assert [page.locator('[data-view=step][data-state="success"]').count() for page in pages] == [3, 3, 0]


@contextmanager
def sending_steps(server: DashboardServer, project: str) -> Iterator[None]:
    """Report one step after the other, without a pause, until the end of the block."""
    is_over = threading.Event()

    def report() -> int:
        number = 0
        while not is_over.is_set():
            steps = make_steps(range(number % 7, number % 7 + 1), status="running", message=f"message {number}")
            send(server, project=project, timestamp=f"2024-01-01T00:00:00.{number:06}Z", steps=steps)
            number += 1
        return number

    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(report)
        try:
            yield
        finally:
            is_over.set()
        assert sent.result() > 0


def test_reports_while_the_page_loads_are_not_lost(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    for place in range(4):
        project = f"loading-{place}"
        answer = send(dashboard_server, project=project, steps=make_steps(range(1), status="queued"))
        with sending_steps(dashboard_server, project):
            page = open_page("/" if place % 2 else path_of(answer))
            wait_connection(page, "live")
        expect_fresh(page, fresh)


def send_before(server: DashboardServer, route: Route, **payload: object) -> None:
    """Report something before the browser gets the file that it requests."""
    send(server, **payload)
    route.continue_()


def test_reports_between_page_load_and_subscription_are_not_lost(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    answer = send(dashboard_server, project="between", steps=make_steps(range(1), status="queued"))
    for place, path in enumerate([path_of(answer), "/"]):
        page = open_page(None, new=True)

        steps = make_steps(range(place + 2), status="success")
        page.route("**/follower.js", partial(send_before, dashboard_server, project="between", steps=steps))
        page.goto(dashboard_server.url + path)
        wait_connection(page, "live")
        expect_fresh(page, fresh)


def test_five_hundred_concurrent_step_reports_all_arrive(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    answer = send(dashboard_server, project="burst", steps=make_steps(range(1), status="running"))
    pages = [open_page(path_of(answer)), open_page("/")]
    for page in pages:
        wait_connection(page, "live")

    def report(first: int) -> None:
        send(dashboard_server, project="burst", steps=make_steps(range(first, first + 25), status="success"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(report, range(0, 500, 25)))
    expect(pages[0].locator('[data-view=step][data-state="success"]')).to_have_count(500)
    for page in pages:
        expect_fresh(page, fresh)


def measure_memory(session: CDPSession) -> dict[str, float]:
    """Return what a page holds after everything it no longer needs was collected."""
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    measured = session.send("Performance.getMetrics")["metrics"]
    return {metric["name"]: metric["value"] for metric in measured}


def test_memory_does_not_grow_over_ten_thousand_events(open_page: OpenPage, dashboard_server: DashboardServer) -> None:
    def report(first: int, last: int) -> None:
        """Give each of a hundred steps another message of the same length, once a delivery."""
        for number in range(first, last):
            steps = make_steps(range(100), status="running", message=f"message {number:06}")
            stamp = f"2024-01-01T00:00:00.{number:06}Z"
            send(dashboard_server, project="memory", timestamp=stamp, branch=f"branch-{number:06}", steps=steps)
        for page in pages:
            expect(page.get_by_text(f"branch-{last - 1:06}").first).to_be_visible()

    answer = send(dashboard_server, project="memory", steps=make_steps(range(100), status="running"))
    pages = [open_page(path_of(answer), new=True), open_page("/", new=True)]
    for page in pages:
        wait_connection(page, "live")
    sessions = [page.context.new_cdp_session(page) for page in pages]
    for session in sessions:
        session.send("Performance.enable")
    # Until the browser has compiled what it runs often, a page grows, more slowly with each delivery.
    report(0, 60)
    before = [measure_memory(session) for session in sessions]
    report(60, 160)
    after = [measure_memory(session) for session in sessions]
    for one, other in zip(before, after, strict=True):
        assert other["JSHeapUsedSize"] - one["JSHeapUsedSize"] < MAX_GROWTH_BYTES
        assert other["Nodes"] - one["Nodes"] < 200
        assert other["JSEventListeners"] <= one["JSEventListeners"]

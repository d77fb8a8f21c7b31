"""The page of one deployment: what failed, where and since when; the time left; steps on a time axis."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.chromium import expect_accessible, expect_fresh, wait_connection
from tests.support.chromium_fixtures import OpenPage
from tests.support.server_reports import path_of, send
from tests.support.servers import DashboardServer

LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
STEPS = ("validate_artifact", "部署项目", "start_service", "test_website")


def make_steps(start: datetime, *words: str, seconds: float = 10) -> list[dict[str, Any]]:
    """Return steps with these words, one after the other; what waits or runs has no end, what waits no start."""
    steps: list[dict[str, Any]] = []
    for index, (name, word) in enumerate(zip(STEPS, words, strict=False)):
        begun = (start + timedelta(seconds=index * seconds)).isoformat()
        ended = (start + timedelta(seconds=(index + 1) * seconds)).isoformat()
        times = {} if word == "queued" else {"started_at": begun}
        steps.append({"name": name, "status": word, **times, **({"completed_at": ended} if word not in OPEN else {})})
    return steps


OPEN = ("queued", "running")


def send_run(server: DashboardServer, run_id: str, start: datetime, *words: str, **fields: Any) -> dict[str, Any]:
    """Send a run of the four steps, which ends as its last step does."""
    steps = make_steps(start, *words, seconds=fields.pop("seconds", 10))
    times = {"started_at": start.isoformat(), "completed_at": steps[-1].get("completed_at")}
    known = {name: value for name, value in times.items() if value}
    return send(server, run_id=run_id, **{"status": words[-1], **known, "steps": steps, **fields})


def send_history(server: DashboardServer, project: str, runs: int = 10) -> None:
    """Send successful runs of a project, each of forty seconds."""
    for number in range(runs):
        send_run(server, f"past {number}", LONG_AGO + timedelta(hours=number), *["success"] * 4, project=project)


def find_step(page: Page, key: str) -> Any:
    """Return the row of a step."""
    return page.locator(f'[data-view=step][data-key="{key}"]')


def test_a_failed_run_shows_the_failed_step_and_since_when_it_fails(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    send_history(dashboard_server, "failing", runs=3)
    start = datetime.now(UTC) - timedelta(minutes=3)
    steps = make_steps(start, "success", "success", "failed", "queued")
    steps[2] |= {"error": "exit code 1: EADDRINUSE", "log": "starting\nlisten 0.0.0.0:8080\nEADDRINUSE"}
    answer = send(dashboard_server, project="failing", run_id="bad", status="failed", steps=steps)
    page = open_page(path_of(answer))
    wait_connection(page, "live")
    expect(page.locator(".headline")).to_contain_text("Failed at Start service, 2 min ago (")
    expect(page.locator(".headline-error")).to_have_text("exit code 1: EADDRINUSE")
    expect(page.locator(".overall")).to_contain_text("First failure in 4 runs.")
    expect(page.locator("details[open] pre")).to_have_text("starting\nlisten 0.0.0.0:8080\nEADDRINUSE")
    expect(find_step(page, "test_website")).to_contain_text("not run or not reported")
    expect(page.locator(".jobs .note:visible")).to_have_count(0)
    page.get_by_role("link", name="Start service").click()
    expect(page.locator(":target")).to_contain_text("Start service")
    expect_fresh(page, fresh)


def test_with_several_jobs_the_headline_names_the_job(open_page: OpenPage, dashboard_server: DashboardServer) -> None:
    steps = [{"name": "build", "job": "build", "status": "ok"}, {"name": "mypy", "job": "lint", "status": "failed"}]
    page = open_page(path_of(send(dashboard_server, run_id="two jobs", status="failed", steps=steps)))
    expect(page.locator(".headline")).to_contain_text("Failed at mypy in job lint")


def test_the_time_left_counts_down_and_names_its_number_of_runs(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    send_history(dashboard_server, "counting")
    start = datetime.now(UTC) - timedelta(seconds=12)
    answer = send_run(
        dashboard_server, "now", start, "success", "running", "queued", "queued", project="counting", status="running"
    )
    page = open_page(path_of(answer))
    wait_connection(page, "live")
    left = page.locator("[data-format=left]")
    expect(left).to_have_text(re.compile(r"about (30|25) s left · based on 10 runs"))
    expect(left).to_have_text(re.compile(r"about (20|15) s left · based on 10 runs"), timeout=20_000)
    expect(find_step(page, "start_service")).to_contain_text("usually 10 s")
    expect_fresh(page, fresh)


def test_a_run_that_exceeds_p90_is_overdue(open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer) -> None:
    send_history(dashboard_server, "overdue")
    start = datetime.now(UTC) - timedelta(seconds=95)
    running = ("success", "running", "queued", "queued")
    answer = send_run(dashboard_server, "now", start, *running, project="overdue", status="running")
    page = open_page(path_of(answer))
    wait_connection(page, "live")
    left = page.locator("[data-format=left]")
    expect(left).to_have_text(re.compile(r"overdue by 5\d s · based on 10 runs"))
    expect(left).to_have_text(re.compile(r"overdue by 1 min \d s · based on 10 runs"), timeout=20_000)
    expect(find_step(page, "deploy_project")).to_contain_text("slow · usually 10 s")
    send_run(dashboard_server, "now", start, *["success"] * 4, project="overdue", seconds=25)
    expect(left).to_be_hidden()
    expect(page.locator(".overall [data-format=took]")).to_have_text("1 min 40 s")
    expect(page.locator(".overall [data-format=usual]")).to_have_text("usually 40 s · based on 10 runs")
    expect_fresh(page, fresh)


def test_the_bar_of_a_running_step_grows(open_page: OpenPage, dashboard_server: DashboardServer) -> None:
    start = datetime.now(UTC) - timedelta(seconds=2)
    page = open_page(path_of(send_run(dashboard_server, "grows", start, "running")))
    wait_connection(page, "live")
    bar = find_step(page, "validate_artifact").locator("rect")
    width = int(bar.get_attribute("width") or 0)
    page.wait_for_function(
        "([bar, width]) => Number(bar.getAttribute('width')) > width + 60", arg=[bar.element_handle(), width]
    )


def test_rows_keep_their_place_when_a_step_changes(open_page: OpenPage, dashboard_server: DashboardServer) -> None:
    send_history(dashboard_server, "steady", runs=3)
    start = datetime.now(UTC) - timedelta(seconds=15)
    begun = send_run(
        dashboard_server, "now", start, "success", "running", "queued", "queued", project="steady", status="running"
    )
    page = open_page(path_of(begun))
    wait_connection(page, "live")
    places = "rows => rows.map((row) => row.getBoundingClientRect().y)"
    before = page.eval_on_selector_all("[data-view=step]", places)
    send_run(dashboard_server, "now", start, *["success"] * 3, "running", project="steady", status="running")
    expect(find_step(page, "test_website")).to_have_attribute("data-state", "running")
    assert page.eval_on_selector_all("[data-view=step]", places) == before


def test_only_failures_and_the_end_are_announced(open_page: OpenPage, dashboard_server: DashboardServer) -> None:
    start = LONG_AGO
    page = open_page(path_of(send_run(dashboard_server, "aloud", start, "running", status="running")))
    wait_connection(page, "live")
    page.evaluate(
        """() => {
          window.announced = [];
          const place = document.getElementById("announcement");
          new MutationObserver(() => window.announced.push(place.textContent)).observe(place, { childList: true });
        }"""
    )
    series: list[tuple[tuple[str, ...], str]] = [
        (("success", "running"), "running"),
        (("success", "success", "failed"), "running"),
        (("success", "success", "failed", "success"), "failed"),
    ]
    for words, status in series:
        send_run(dashboard_server, "aloud", start, *words, status=status)
        expect(page.locator(f"[data-view=step][data-state={words[-1]}]").last).to_be_visible()
    expect(page.locator("#announcement")).not_to_be_empty()
    expect(page.locator(".head")).to_have_attribute("data-state", "failed")
    assert page.evaluate("() => window.announced") == ["shop-api: failed at Start service"] * 2


@pytest.mark.parametrize("run_url", ["https://github.com/acme/shop/actions/runs/9", "https://ci.example/9"])
def test_revisions_are_linked_only_on_known_hosts(
    open_page: OpenPage, dashboard_server: DashboardServer, run_url: str
) -> None:
    revision = {"repository": "acme/shop", "branch": "main", "commit_hash": "8f2c1e0d9a8f2c1e0d9a8f2c1e0d9a8f2c1e0d9a"}
    page = open_page(path_of(send(dashboard_server, run_id=run_url, run_url=run_url, **revision)))
    wait_connection(page, "live")
    hrefs = page.eval_on_selector_all("main a[href^=http]", "links => links.map((link) => link.getAttribute('href'))")
    links = {href.removeprefix("https://github.com/acme/shop") for href in hrefs if href != run_url}
    known = run_url.startswith("https://github.com")
    assert links == ({"", "/tree/main", f"/commit/{revision['commit_hash']}"} if known else set())


def test_earlier_attempts_and_the_previous_deployment_are_linked(
    open_page: OpenPage, dashboard_server: DashboardServer
) -> None:
    first = send(dashboard_server, project="tries", run_id="1", status="failed", completed_at=LONG_AGO.isoformat())
    second = send(dashboard_server, project="tries", run_id="1", run_attempt=2)
    page = open_page(path_of(second))
    wait_connection(page, "live")
    facts = page.locator(".facts")
    expect(facts.get_by_role("link", name="attempt 1")).to_have_attribute("href", path_of(first))
    expect(facts.get_by_role("link", name=f"#{first['deployment_id']}")).to_have_attribute("href", path_of(first))


def test_steps_are_a_table_for_screen_readers(open_page: OpenPage, dashboard_server: DashboardServer) -> None:
    page = open_page(path_of(send_run(dashboard_server, "table", LONG_AGO, "success", "failed")))
    row = page.get_by_role("table", name="Steps").get_by_role("row").nth(1)
    expect(row.get_by_role("cell").nth(1)).to_have_text("Validate artifact")
    expect(row.get_by_role("cell").nth(5)).to_have_text("10 s")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("word", ["failed", "running"])
def test_axe_finds_nothing_in_a_run_with_a_history(
    open_page: OpenPage, dashboard_server: DashboardServer, word: str, theme: str
) -> None:
    send_history(dashboard_server, "axe", runs=3)
    steps = make_steps(datetime.now(UTC) - timedelta(minutes=5), "success", "success", word, "queued", seconds=60)
    steps[2] |= {"error": "exit code 1", "log": "a line\n" * 100}
    answer = send(dashboard_server, project="axe", run_id=f"{word} {theme}", status=word, steps=steps)
    page = open_page(path_of(answer), color_scheme=theme)
    wait_connection(page, "live")
    expect_accessible(page)

"""Runs of a CI server on the pages: jobs that join an open page, attempts, and two senders' reports on one run."""

import json
from typing import Any

from playwright.sync_api import Page, expect

from tests.support.bodies.github import Json, make_job, make_run, make_step
from tests.support.bodies.gitlab import make_build, make_pipeline
from tests.support.chromium import expect_fresh, wait_connection
from tests.support.chromium_fixtures import OpenPage
from tests.support.server_reports import path_of, send
from tests.support.servers import SECRET, DashboardServer

RUN_URL = "https://github.com/Octo/Shop/actions/runs/"


def send_github(server: DashboardServer, event: str, body: Json) -> dict[str, Any]:
    """Deliver a body as GitHub does; return the answer."""
    headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json", "X-GitHub-Event": event}
    status, answer = server.request("/api/webhook/deployment", json.dumps(body).encode(), headers)
    assert (status, answer["verdict"]) == (200, "applied"), answer
    answered: dict[str, Any] = answer
    return answered


def send_gitlab(server: DashboardServer, body: Json) -> dict[str, Any]:
    """Deliver a pipeline hook; return the answer."""
    headers = {"Authorization": f"Bearer {SECRET}", "X-Gitlab-Event": "Pipeline Hook"}
    status, answer = server.request("/api/webhook/deployment", json.dumps(body).encode(), headers)
    assert (status, answer["verdict"]) == (200, "applied"), answer
    answered: dict[str, Any] = answer
    return answered


def send_run(server: DashboardServer, run: int, status: str, conclusion: str | None = None, attempt: int = 1) -> Json:
    fields = {"id": run, "html_url": f"{RUN_URL}{run}", "run_attempt": attempt}
    return send_github(server, "workflow_run", make_run(status, conclusion, **fields))


def send_job(
    server: DashboardServer, run: int, job: int, name: str, conclusion: str | None = "success", *, attempt: int = 1
) -> Json:
    """Deliver a job of two steps that has ended; without a conclusion its second step still runs."""
    status = "completed" if conclusion else "in_progress"
    steps = [make_step(1), make_step(2, status, conclusion)]
    ended = "2026-03-01T10:02:00Z" if conclusion else None
    fields = {"id": job, "run_id": run, "name": name, "run_attempt": attempt, "completed_at": ended, "steps": steps}
    return send_github(server, "workflow_job", make_job(status, conclusion, **fields))


def test_a_new_job_lowers_the_percentage_and_the_page_explains_it(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    run = send_run(dashboard_server, 1, "in_progress")
    for job, name in enumerate(["lint", "unit", "build"], 10):
        send_job(dashboard_server, 1, job, name)
    page = open_page(path_of(run))
    wait_connection(page, "live")
    overall = page.locator('[data-key="overall"]')
    expect(overall).to_contain_text("3 of 3 jobs")
    expect(overall.locator("progress")).to_have_attribute("value", "100")
    expect(page.get_by_text("The percentage can drop when more jobs start.")).to_be_visible()
    send_job(dashboard_server, 1, 13, "integration", conclusion=None)
    expect(overall).to_contain_text("3 of 4 jobs")
    expect(overall.locator("progress")).to_have_attribute("value", "87")
    expect(page.locator(".job h3")).to_have_text(["lint", "unit", "build", "integration"])
    expect_fresh(page, fresh)
    send_job(dashboard_server, 1, 13, "integration")
    send_run(dashboard_server, 1, "completed", "success")
    expect(page.get_by_text("The percentage can drop")).to_be_hidden()
    expect(overall).to_contain_text("4 of 4 jobs")
    expect_fresh(page, fresh)


def test_a_second_attempt_shows_jobs_that_only_the_first_one_ran(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    send_job(dashboard_server, 2, 20, "build")
    send_job(dashboard_server, 2, 21, "deploy", "failure")
    first = send_run(dashboard_server, 2, "completed", "failure")
    page = open_page(path_of(send_run(dashboard_server, 2, "in_progress", attempt=2)))
    wait_connection(page, "live")
    inherited = page.locator("[data-list=inherited] > li")
    expect(inherited).to_have_count(2)
    send_job(dashboard_server, 2, 22, "deploy", attempt=2)
    expect(inherited).to_have_count(1)
    expect(inherited).to_contain_text("build")
    expect(inherited).to_contain_text("last ran in attempt 1")
    expect(inherited.get_by_role("link")).to_have_attribute("href", path_of(first))
    expect(page.locator('[data-key="overall"]')).to_contain_text("2 of 2 steps")
    expect_fresh(page, fresh)


def test_a_late_report_on_an_old_attempt_updates_the_page_of_the_new_one(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    send_job(dashboard_server, 3, 30, "build", conclusion=None)
    page = open_page(path_of(send_run(dashboard_server, 3, "in_progress", attempt=2)))
    wait_connection(page, "live")
    inherited = page.locator("[data-list=inherited] > li")
    expect(inherited).to_have_attribute("data-state", "running")
    send_job(dashboard_server, 3, 30, "build")
    expect(inherited).to_have_attribute("data-state", "success")
    expect_fresh(page, fresh)


def test_a_failed_job_that_may_fail_is_marked_and_leaves_its_pipeline_green(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    times = {"started_at": "2026-03-01 10:01:00 UTC", "finished_at": "2026-03-01 10:02:00 UTC"}
    lint = make_build(1, "lint", "failed", allow_failure=True, **times)
    answer = send_gitlab(dashboard_server, make_pipeline("running", lint, make_build(2, "build", "running")))
    page = open_page(path_of(answer))
    wait_connection(page, "live")
    expect(page.locator('.job[data-key="lint"]')).to_contain_text("allowed to fail")
    expect(page.get_by_text("allowed to fail").locator("visible=true")).to_have_count(1)
    expect(page.locator('[data-key="overall"] progress')).to_have_attribute("value", "50")
    expect(page.locator("#main")).not_to_contain_text("0 of 0 step")
    send_gitlab(dashboard_server, make_pipeline("success", lint, make_build(2, "build", **times), **times))
    expect(page.locator('.head[data-view="deployment"]')).to_have_attribute("data-state", "success")
    expect(page.locator('.job[data-key="lint"]')).to_have_attribute("data-state", "failed")
    expect_fresh(page, fresh)


def test_a_run_reported_by_two_senders_is_linked_on_both_pages_and_listed_once(
    open_page: OpenPage, fresh: Page, dashboard_server: DashboardServer
) -> None:
    overview = open_page("/")
    wait_connection(overview, "live")
    place = {"run_id": "4", "run_url": f"{RUN_URL}4", "repository": "octo/shop"}
    native = send(dashboard_server, project="linked", **place)
    page = open_page(path_of(native))
    wait_connection(page, "live")
    github = send_run(dashboard_server, 4, "in_progress")
    expect(page.get_by_role("link", name="reported by GitHub")).to_have_attribute("href", path_of(github))
    expect_fresh(page, fresh)
    other = open_page(path_of(github))
    expect(other.get_by_role("link", name="reported by native")).to_have_attribute("href", path_of(native))
    for name in ("running", "recent"):
        rows = overview.locator(f'[data-list="{name}"]')
        expect(rows.locator(f'> [data-key="{native["deployment_id"]}"]')).to_be_visible()
        expect(rows.locator(f'> [data-key="{github["deployment_id"]}"]')).to_have_count(0)
    expect_fresh(overview, fresh)

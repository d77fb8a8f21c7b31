"""How much the first view of a page weighs on the wire, and that all of it comes from the dashboard itself."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.support.chromium import wait_connection
from tests.support.chromium_fixtures import OpenPage
from tests.support.fixtures import StartDashboard
from tests.support.server_reports import path_of, send
from tests.support.servers import DashboardServer

MAX_BYTES = 150_000
STEPS = ("validate_artifact", "configure_nginx", "build", "deploy_project", "start_service", "test_website")
FETCH_ICON = "() => fetch(document.querySelector('link[rel=icon]').href).then((answer) => answer.text())"
"""A browser without a window fetches no icon by itself."""


@pytest.fixture(scope="module")
def dashboard_server(start_dashboard: StartDashboard) -> DashboardServer:
    """A dashboard with ten projects of five deployments each."""
    server = start_dashboard()
    for number in range(50):
        send_deployment(server, number)
    return server


def send_deployment(server: DashboardServer, number: int) -> dict[str, Any]:
    """Report a deployment with what a sender usually reports."""
    steps = [
        {"name": name, "status": "success", "message": f"{name}: {number * 37 + place * 11} files"}
        for place, name in enumerate(STEPS)
    ]
    return send(
        server,
        project=f"project-{number % 10}",
        run_id=f"{9_000_000_000 + number * 7919}",
        status=("running", "success", "success", "failed", "success")[number // 10],
        repository=f"company/project-{number % 10}",
        branch=("main", f"feature/ticket-{number * 31}")[number % 2],
        commit_hash=f"{number * 7919:040x}",
        commit_message=f"Change number {number} of the invoices",
        triggered_by=("lin.wei", "ana", "j.doe")[number % 3],
        deploy_type=("backend", "static")[number % 2],
        port=8000 + number % 10,
        service_status="running",
        run_url=f"https://github.com/company/project-{number % 10}/actions/runs/{number}",
        steps=steps,
    )


def weigh(page: Page, address: str) -> tuple[dict[str, int], list[str]]:
    """Load an address; return the bytes it took on the wire by kind of content, and every address that was asked.

    What the socket brings is not counted: the page is complete and readable before there is one.
    """
    kinds: dict[str, str] = {}
    weights: dict[str, int] = {}
    asked: list[str] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")

    def count(event: Any) -> None:
        kind = kinds[event["requestId"]]
        weights[kind] = weights.get(kind, 0) + int(event["encodedDataLength"])

    session.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))
    session.on("Network.loadingFinished", count)
    session.on("Network.webSocketCreated", lambda event: asked.append(event["url"]))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    wait_connection(page, "live")
    page.evaluate(FETCH_ICON)
    page.wait_for_load_state("networkidle")
    return weights, asked


@pytest.mark.parametrize("path", ["/", None, "/projects/project-3", "/deployments"])
def test_the_first_view_is_small_and_comes_from_the_dashboard_only(
    open_page: OpenPage, dashboard_server: DashboardServer, path: str | None
) -> None:
    path = path or path_of(send_deployment(dashboard_server, 33))
    weights, asked = weigh(open_page(None, new=True), dashboard_server.url + path)
    assert {"Document", "Stylesheet", "Script"} < weights.keys()
    assert sum(weights.values()) < MAX_BYTES, weights
    assert {urlsplit(address).netloc for address in asked} == {urlsplit(dashboard_server.url).netloc}

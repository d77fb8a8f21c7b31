"""Several senders at once, over HTTP, against a real dashboard."""

import itertools
import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.fixtures import StartDashboard
from tests.support.servers import DashboardServer

PAYLOADS: list[dict[str, Any]] = [
    {"status": "running", "branch": "main", "timestamp": "2026-01-01T10:00:00Z", "port": 8000},
    {"step": {"name": "build", "status": "running", "started_at": "2026-01-01T10:00:01Z"}},
    {"step": {"name": "build", "status": "success", "completed_at": "2026-01-01T10:00:09Z"}},
    {"step": {"name": "部署项目", "status": "failed", "completed_at": "2026-01-01T10:00:20Z", "error": "no space"}},
    {"status": "failed", "branch": "main", "timestamp": "2026-01-01T10:00:30Z", "port": 9000},
]


def post_at_once(server: DashboardServer, payloads: Sequence[dict[str, Any]]) -> list[tuple[int, Any]]:
    """Post each payload from its own thread, all at the same moment."""
    gate = threading.Barrier(len(payloads))

    def post(payload: dict[str, Any]) -> tuple[int, Any]:
        gate.wait()
        return server.post(payload)

    with ThreadPoolExecutor(len(payloads)) as pool:
        return list(pool.map(post, payloads))


def read_comparable(server: DashboardServer, deployment_id: int) -> str:
    """Return the deployment's JSON without its id and the times of receipt."""
    view = server.get(f"/api/deployments/{deployment_id}")[1]
    for part in (view, *view["jobs"], *(step for job in view["jobs"] for step in job["steps"])):
        for name in ("id", "seq", "url", "run_id"):
            part.pop(name, None)
    return json.dumps(view, sort_keys=True)


def test_any_order_over_http_gives_the_same_deployment(dashboard_server: DashboardServer) -> None:
    seen = set()
    for number, order in enumerate(itertools.permutations(PAYLOADS)):
        for payload in (*order, order[0]):
            status, answer = dashboard_server.post({"project": "orders", "run_id": str(number), **payload})
            assert status == 200, answer
        seen.add(read_comparable(dashboard_server, answer["deployment_id"]))
    assert len(seen) == 1


@pytest.mark.parametrize("attempt", range(4))
def test_sixteen_concurrent_deliveries_on_a_new_deployment_are_all_applied(
    dashboard_server: DashboardServer, attempt: int
) -> None:
    same = {"project": "crowd", "run_id": f"c{attempt}"}
    answers = post_at_once(
        dashboard_server, [{**same, "step_name": f"step {n}", "step_status": "success"} for n in range(16)]
    )
    assert [status for status, _ in answers] == [200] * 16
    assert len({answer["deployment_id"] for _, answer in answers}) == 1
    number = answers[0][1]["deployment_id"]
    view = dashboard_server.get(f"/api/deployments/{number}")[1]
    assert view["completed_steps"] == 16
    # Those that were committed together share a seq: one for each commit, and none is left out.
    seqs = {answer["seq"] for _, answer in answers}
    assert seqs == set(range(1, view["seq"] + 1))
    events = dashboard_server.get(f"/api/deployments/{number}/events")[1]["items"]
    assert [event["seq"] for event in events] == sorted(seqs)
    assert sum(len(event["steps"]) for event in events) == 16


def test_two_processes_on_one_database_lose_nothing(start_dashboard: StartDashboard) -> None:
    first = start_dashboard()
    second = start_dashboard(first.database_url)
    payloads = [
        {
            "project": f"p{n % 3}",
            "run_id": str(n % 4),
            "step_name": f"step {n}",
            "step_status": "running",
            "port": n + 1,
        }
        for n in range(24)
    ]
    gate = threading.Barrier(2)

    def post_all(server: DashboardServer) -> list[int]:
        gate.wait()
        return [status for status, _ in post_at_once(server, payloads)]

    with ThreadPoolExecutor(2) as pool:
        statuses = list(itertools.chain(*pool.map(post_all, (first, second))))
    assert statuses == [200] * 48
    deployments = first.get("/api/deployments?limit=200")[1]["items"]
    assert sum(deployment["total_steps"] for deployment in deployments) == 24

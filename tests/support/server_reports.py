"""Native reports posted to a dashboard in a process of its own, and the pages of their deployments."""

from typing import Any

from tests.support.servers import DashboardServer


def send(server: DashboardServer, **payload: object) -> dict[str, Any]:
    """Send one native report; return the answer. Required fields have defaults."""
    status, answer = server.post({"project": "shop-api", "run_id": "1", "status": "running", **payload})
    assert status == 200, answer
    parsed: dict[str, Any] = answer
    return parsed


def path_of(answer: dict[str, Any]) -> str:
    """Return the path of the page of the deployment that an answer is about."""
    return f"/deployments/{answer['deployment_id']}"


def make_steps(numbers: range, **fields: object) -> list[dict[str, object]]:
    """Return steps named by their numbers, in their order."""
    return [{"name": f"step {number}", "number": number, **fields} for number in numbers]

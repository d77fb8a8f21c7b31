"""report.sh against the real dashboard, which accepts what it sends."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.request import urlopen

from tests.senders.report_harness import INSTALLED, make_sender


class DashboardServer(Protocol):
    """A running dashboard: its base URL and its webhook secret."""

    url: str
    secret: str


def test_a_reported_run_is_a_deployment_with_its_steps(dashboard_server: DashboardServer, tmp_path: Path) -> None:
    sender = make_sender(INSTALLED[0], tmp_path, dashboard_server.url)
    sender.environ |= {"DASHBOARD_WEBHOOK_SECRET": dashboard_server.secret, "DASHBOARD_PROJECT": "网店 by report.sh"}
    results = [
        sender.run("start", "--deploy-type", "backend", "--port", "8080", "--branch", "main"),
        sender.run("step", "部署项目", "--number", "1", "--", "echo", "deployed"),
        sender.run("step", "Test", "--number", "2", "--job", "check", "--", "sh", "-c", "echo '🚀 broken'; exit 9"),
        sender.run("finish", "failed", "--message", "see the test"),
    ]
    assert [result.returncode for result in results] == [0, 0, 9, 0]
    assert results[0].stderr.startswith(b"report.sh: this deployment is at http://")
    assert b"not reported" not in b"".join(result.stderr for result in results)
    deployment = _find_deployment(dashboard_server, "report.sh")
    assert (deployment["run_id"], deployment["environment"], deployment["branch"]) == ("r1", "production", "main")
    assert (deployment["state"], deployment["message"]) == ("failed", "see the test")
    steps = {step["number"]: step for job in deployment["jobs"] for step in job["steps"]}
    assert (steps[1]["key"], steps[1]["conclusion"]) == ("deploy_project", "success")
    assert (steps[2]["conclusion"], steps[2]["error"]) == ("failure", "exit status 9")


def test_a_retried_job_of_gitlab_begins_its_deployment_again(dashboard_server: DashboardServer, tmp_path: Path) -> None:
    sender = make_sender(INSTALLED[0], tmp_path, dashboard_server.url)
    gitlab = {"GITLAB_CI": "true", "CI_PIPELINE_ID": "55", "CI_JOB_STARTED_AT": "2026-03-01T10:00:00Z"}
    sender.environ |= gitlab | {"DASHBOARD_WEBHOOK_SECRET": dashboard_server.secret, "DASHBOARD_PROJECT": "retried"}

    def read_state() -> tuple[str, Any]:
        deployment = _find_deployment(dashboard_server, "retried")
        return deployment["state"], deployment["conflict"]

    sender.run("start")
    sender.run("finish", "failed")
    assert read_state() == ("failed", None)
    sender.run("start")
    assert read_state() == ("running", None)
    sender.run("finish", "success")
    assert read_state() == ("success", None)


def test_a_retried_job_of_gitlab_that_reports_only_its_end_has_the_duration_of_the_second_time(
    dashboard_server: DashboardServer, tmp_path: Path
) -> None:
    sender = make_sender(INSTALLED[0], tmp_path, dashboard_server.url)
    sender.environ |= {"GITLAB_CI": "true", "CI_PIPELINE_ID": "56", "CI_JOB_STARTED_AT": "2026-03-01T10:00:00Z"}
    sender.environ |= {"DASHBOARD_WEBHOOK_SECRET": dashboard_server.secret, "DASHBOARD_PROJECT": "ended twice"}
    sender.run("finish", "failed")
    again = datetime.now(UTC).isoformat()
    sender.environ["CI_JOB_STARTED_AT"] = again
    sender.run("finish", "success")
    deployment = _find_deployment(dashboard_server, "ended twice")
    assert (deployment["state"], deployment["conflict"]) == ("success", None)
    assert datetime.fromisoformat(deployment["started_at"]) == datetime.fromisoformat(again)


def _find_deployment(server: DashboardServer, project: str) -> dict[str, Any]:
    [item] = [item for item in _get(f"{server.url}/api/deployments")["items"] if project in item["project"]["name"]]
    deployment: dict[str, Any] = _get(f"{server.url}/api/deployments/{item['id']}")
    return deployment


def _get(url: str) -> Any:
    with urlopen(url, timeout=10) as answer:
        return json.load(answer)

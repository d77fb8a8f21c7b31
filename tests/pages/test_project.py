"""The page of a project without a browser: its environments and statistics."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient

from tests.support.ingest import ingest, make_incoming, make_report


def deploy(client: FlaskClient, run_id: int, hours_ago: float = 1, took_s: float = 60, **payload: Any) -> None:
    """Report one deployment of the project shop that ended."""
    started_at = datetime.now(UTC) - timedelta(hours=hours_ago)
    ended_at = started_at + timedelta(seconds=took_s)
    times = {"started_at": started_at.isoformat(), "completed_at": ended_at.isoformat()}
    take(client, run_id=str(run_id), **{"status": "success", **times, **payload})


def take(client: FlaskClient, **payload: Any) -> None:
    with client.application.app_context():
        ingest(make_incoming(make_report(**payload), received_at=datetime.now(UTC)))


def read(client: FlaskClient, language: str = "en") -> str:
    """Return the text of the page without its markup."""
    response = client.get("/projects/shop", headers={"Accept-Language": language})
    assert response.status_code == 200
    text = re.sub(r"<template.*?</template>|<svg.*?</svg>|<[^>]+>", " ", response.text, flags=re.DOTALL)
    return " ".join(text.split())


def test_a_project_shows_what_each_environment_runs(client: FlaskClient) -> None:
    deploy(client, 1, hours_ago=5, branch="main", commit_hash="aaa111", triggered_by="ana")
    deploy(client, 2, hours_ago=2, branch="feature", commit_hash="bbb222", status="failed")
    assert re.search(r"production aaa111 main 4 h ago ana .* failed bbb222 2 h ago", read(client))


def test_a_project_shows_success_rate_and_durations(client: FlaskClient) -> None:
    for number, status in enumerate(("success", "success", "success", "failed", "cancelled")):
        deploy(client, number, took_s=100, status=status)
    page = read(client)
    assert "75% succeeded in the last 14 days (3 of 4)" in page
    assert "Median 1 min 40 s, 90th percentile 1 min 40 s" in page
    assert "Partial deployments do not count as successful." in page


def test_charts_are_also_tables(client: FlaskClient) -> None:
    deploy(client, 1, status="failed")
    html = client.get("/projects/shop").text
    assert len(re.findall(r'<svg class="chart', html)) == 2
    assert len(re.findall(r"<summary>Show as table</summary>", html)) == 2
    assert "0 of 1" in read(client)


def test_known_steps_are_named_in_the_language_of_the_visitor(client: FlaskClient) -> None:
    steps = {"deploy_project": {"status": "failed"}, "my own step": {"status": "success"}}
    deploy(client, 1, status="failed", step_details=steps)
    assert "Deploy project 1 of 1" in read(client)
    assert "部署项目 1/1" in read(client, language="zh")


def test_before_the_first_end_a_project_explains_what_will_be_shown(client: FlaskClient) -> None:
    take(client, run_id="1", status="running")
    assert "after the first finished deployment" in read(client)


def test_a_project_links_to_all_its_deployments(client: FlaskClient) -> None:
    deploy(client, 1, project="报表")
    html = client.get("/projects/报表").text
    assert 'href="/deployments?project=%E6%8A%A5%E8%A1%A8">All deployments of 报表<' in html

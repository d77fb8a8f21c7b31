"""`/api/cicd/runs`: the shape that the `watch` and `jq` lines of users read."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.shapes import RUN, RUN_JOB, RUN_STEP, assert_shape
from tests.support.webhook_client import apply

JOBS = [
    {
        "name": "alpha",
        "status": "success",
        "steps": [{"name": "Checkout", "status": "ok"}, {"name": "Alpha Step 1", "status": "ok"}],
    },
    {
        "name": "beta",
        "status": "running",
        "steps": [
            {"name": "Beta Step 1", "status": "ok"},
            {"name": "Beta Long Step", "status": "running"},
            {"name": "Beta Done", "status": "pending"},
        ],
    },
]


def test_a_repeated_request_is_304_until_the_run_changes(shared_client: FlaskClient) -> None:
    apply(shared_client, run_id="tagged", step_name="build", step_status="running")
    tag = shared_client.get("/api/cicd/runs/tagged").headers["ETag"]
    again = shared_client.get("/api/cicd/runs/tagged", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    apply(shared_client, run_id="tagged", step_name="build", step_status="success")
    assert shared_client.get("/api/cicd/runs/tagged", headers={"If-None-Match": tag}).status_code == 200


def get_run(client: FlaskClient, path: str) -> dict[str, Any]:
    """Return the JSON of a run that must be found."""
    response = client.get(f"/api/cicd/runs/{path}")
    assert response.status_code == 200, response.text
    run: dict[str, Any] = response.get_json()
    return run


def test_a_run_has_the_documented_fields(shared_client: FlaskClient) -> None:
    apply(shared_client, run_id="17", status="running", jobs=JOBS)
    run = get_run(shared_client, "17/")
    assert_shape(run, RUN)
    for job in run["jobs"]:
        assert_shape(job, RUN_JOB)
        for step in job["steps"]:
            assert_shape(step, RUN_STEP)


def test_a_run_counts_its_jobs_and_marks_their_steps(shared_client: FlaskClient) -> None:
    apply(shared_client, run_id="18", status="running", jobs=JOBS)
    run = get_run(shared_client, "18")
    assert (run["run_id"], run["run_progress_pct"], run["completed_jobs"], run["total_jobs_visible"]) == (
        "18",
        50,
        1,
        2,
    )
    alpha, beta = run["jobs"]
    assert (alpha["job_name"], alpha["job_progress_pct"], alpha["current_step_index"]) == ("alpha", 100, None)
    assert (beta["job_name"], beta["job_progress_pct"], beta["status"]) == ("beta", 33, "in_progress")
    assert beta["steps"][beta["current_step_index"]]["name"] == "Beta Long Step"
    assert [(step["status"], step["is_current"], step["is_done"]) for step in beta["steps"]] == [
        ("completed", False, True),
        ("in_progress", True, False),
        ("queued", False, False),
    ]


@pytest.mark.parametrize("path", ["19", "19/", "19?repository=acme/a", "19/?repository=ACME/A"])
def test_run_is_found_with_and_without_slash_without_a_redirect(shared_client: FlaskClient, path: str) -> None:
    apply(shared_client, run_id="19", repository="Acme/a")
    assert get_run(shared_client, path)["run_id"] == "19"


def test_the_newest_attempt_comes_first_in_any_order_of_arrival(shared_client: FlaskClient) -> None:
    for attempt in (1, 3, 2):
        apply(shared_client, run_id="20", run_attempt=attempt)
    assert get_run(shared_client, "20")["attempt"] == 3


def test_repository_distinguishes_runs_with_the_same_number(shared_client: FlaskClient) -> None:
    first = apply(shared_client, project="a", run_id="21", repository="acme/a")
    second = apply(shared_client, project="b", run_id="21", repository="acme/b")
    assert get_run(shared_client, "21?repository=acme/a")["deployment_id"] == first["deployment_id"]
    assert get_run(shared_client, "21?repository=acme/b")["deployment_id"] == second["deployment_id"]
    assert shared_client.get("/api/cicd/runs/21?repository=acme/c").status_code == 404


def test_run_id_may_hold_any_character_of_a_path(shared_client: FlaskClient) -> None:
    apply(shared_client, run_id="构建 #1 (重试)")
    assert get_run(shared_client, "构建 %231 (重试)")["run_id"] == "构建 #1 (重试)"


@pytest.mark.parametrize("path", ["nobody", "nobody/"])
def test_unknown_run_is_a_404_document(shared_client: FlaskClient, path: str) -> None:
    response = shared_client.get(f"/api/cicd/runs/{path}")
    assert (response.status_code, response.content_type) == (404, "application/problem+json")

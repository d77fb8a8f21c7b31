"""Gitea's hard case: a run that is run again, of which it numbers only the attempts of the jobs."""

from typing import Any

from flask.testing import FlaskClient

from tests.support.bodies import gitea
from tests.support.delivery_orders import deliver, read_deployment
from tests.support.sender_deliveries import RUNS, make_series
from tests.support.sender_series import clock, make_gitea_retry_series


def test_a_run_shows_its_second_attempt_while_it_runs(shared_client: FlaskClient) -> None:
    deliveries = make_gitea_retry_series(next(RUNS))
    failed = [deliver(shared_client, delivery) for delivery in deliveries[:3]][-1]
    assert read_deployment(shared_client, failed["deployment_id"])["state"] == "failed"
    again = [deliver(shared_client, delivery) for delivery in deliveries[3:5]][-1]
    view = read_deployment(shared_client, again["deployment_id"])
    assert (view["id"], view["state"], view["started_at"]) == (failed["deployment_id"], "running", clock("10:00:00"))
    assert [(job["state"], job["completed_at"]) for job in view["jobs"]] == [("running", None)]


def test_progress_of_a_run_is_that_of_its_newest_attempt(shared_client: FlaskClient) -> None:
    run = next(RUNS)
    for delivery in make_gitea_retry_series(run):
        deliver(shared_client, delivery)
    shown: Any = shared_client.get(f"/api/cicd/runs/{run}").get_json()
    assert (shown["status"], shown["conclusion"]) == ("completed", "success")


def test_jobs_of_a_first_attempt_that_come_late_change_nothing(shared_client: FlaskClient) -> None:
    run = next(RUNS)
    ended = [deliver(shared_client, delivery) for delivery in make_gitea_retry_series(run)][-1]
    late = gitea.make_job("in_progress", id=run * 10 + 1, run_id=run, started_at=clock("09:00:00"), steps=[])
    (delivery,) = make_series("gitea", -run, ("workflow_job", late))
    answer = deliver(shared_client, delivery)
    assert (answer["deployment_id"], answer["seq"]) == (ended["deployment_id"], ended["seq"])

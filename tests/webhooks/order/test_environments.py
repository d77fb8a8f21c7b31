"""A run that deploys to several environments: each is a deployment of its own, linked to the run."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.bodies import github, gitlab
from tests.support.delivery_orders import deliver, list_orders, read_deployment
from tests.support.sender_deliveries import RUNS, Delivery, Json, Series, make_series, renew_key
from tests.support.sender_series import clock

MAX_ORDERS = 24


def locate_on_github(run: int) -> Json:
    """Return a repository that only this run belongs to."""
    return {"id": run, "full_name": f"Octo/{run}", "html_url": f"https://github.com/Octo/{run}"}


def deploy_from_github(run: int) -> list[Delivery]:
    """A run whose deployment to staging succeeds and whose deployment to production fails."""
    whole: Json = {"id": run, "html_url": f"https://github.com/Octo/{run}/actions/runs/{run}"}
    home: Json = {"repository": locate_on_github(run)}

    def status(number: int, place: str, state: str, time: str) -> tuple[str, Json]:
        times = {"created_at": clock(time), "updated_at": clock(time)}
        body = github.make_deployment(state, id=run * 100 + number, environment=place, log_url="", **times)
        body["deployment"] |= {"id": run * 10 + (place == "production"), "environment": place, "sha": github.SHA}
        return "deployment_status", body | home | {"workflow_run": {"id": run, "run_attempt": 1}}

    return make_series(
        "github",
        run,
        ("workflow_run", github.make_run("in_progress", **whole, updated_at=clock("10:00:01")) | home),
        status(1, "staging", "in_progress", "10:01:00"),
        status(2, "staging", "success", "10:03:00"),
        status(3, "production", "waiting", "10:04:00"),
        status(4, "production", "failure", "10:05:00"),
        ("workflow_run", github.make_run("completed", "failure", **whole, updated_at=clock("10:05:00")) | home),
    )


def deploy_from_gitlab(run: int) -> list[Delivery]:
    """The same as a pipeline, whose environments only its own hooks name."""
    home: Json = {"project": {**gitlab.PROJECT, "id": run, "path_with_namespace": f"octo/{run}"}}

    def pipeline(status: str, staging: Json, production: Json) -> tuple[str, Json]:
        places = (("staging", staging), ("production", production))
        builds = (
            gitlab.make_build(run * 10 + n, f"to {place}", **build, environment={"name": place, "action": "start"})
            for n, (place, build) in enumerate(places)
        )
        return "Pipeline Hook", gitlab.make_pipeline(status, *builds, id=run) | home

    created: Json = {"status": "created"}
    running: Json = {"status": "running", "started_at": "2026-03-01 10:01:00 UTC"}
    done = running | {"status": "success", "finished_at": "2026-03-01 10:03:00 UTC"}
    failed: Json = {"status": "failed", "started_at": "2026-03-01 10:04:00 UTC"}
    failed |= {"finished_at": "2026-03-01 10:05:00 UTC"}
    return make_series(
        "gitlab",
        run,
        pipeline("running", running, created),
        pipeline("running", done, created),
        pipeline("running", done, {"status": "manual"}),
        pipeline("failed", done, failed),
    )


def show_environments(client: FlaskClient, deliveries: list[Delivery]) -> dict[Any, tuple[str, str | None]]:
    """Post deliveries; return state and end by environment of their run (None) and of what it deploys."""
    for delivery in deliveries:
        answer = deliver(client, delivery)
    view = read_deployment(client, answer["deployment_id"])
    listed = client.get(f"/api/deployments?project={view['project']['slug']}").get_json()["items"]
    assert {item["run_key"] for item in listed} == {view["run_key"]}
    assert view["run_key"] is not None
    shown: dict[Any, tuple[str, str | None]] = {}
    return shown | {item["environment"]: (item["state"], item["completed_at"]) for item in listed}


@pytest.mark.parametrize("series", [deploy_from_github, deploy_from_gitlab])
def test_each_environment_has_a_deployment_of_its_own_in_any_order(shared_client: FlaskClient, series: Series) -> None:
    for places in list_orders(len(series(0)), MAX_ORDERS, seed=11):
        deliveries = series(next(RUNS))
        ordered = [deliveries[place] for place in places]
        shown = show_environments(shared_client, [*ordered, ordered[0], renew_key(ordered[-1])])
        ended = clock("10:05:00")
        assert (places, shown.pop(None)) == (places, ("failed", ended))
        assert (places, shown) == (places, {"staging": ("success", clock("10:03:00")), "production": ("failed", ended)})


@pytest.mark.parametrize("series", [deploy_from_github, deploy_from_gitlab])
def test_an_environment_holds_the_revision_of_its_last_success_only(client: FlaskClient, series: Series) -> None:
    for delivery in series(next(RUNS)):
        answer = deliver(client, delivery)
    slug = read_deployment(client, answer["deployment_id"])["project"]["slug"]
    assert client.get(f"/api/projects/{slug}").get_json()["environments"] == ["production", "staging"]
    (staged,) = client.get("/api/deployments?environment=staging").get_json()["items"]
    assert (staged["state"], staged["commit_hash"]) == ("success", github.SHA)
    (deployed,) = client.get("/api/deployments?environment=production").get_json()["items"]
    assert deployed["state"] == "failed"


def test_waiting_for_an_approval_claims_no_environment_in_a_pipeline(shared_client: FlaskClient) -> None:
    shown = show_environments(shared_client, deploy_from_gitlab(next(RUNS))[:3])
    assert shown == {None: ("waiting", None), "staging": ("success", clock("10:03:00"))}


def test_the_overview_has_one_line_for_a_run_and_its_deployments(client: FlaskClient) -> None:
    for delivery in deploy_from_github(next(RUNS)):
        deliver(client, delivery)
    listed = client.get("/api/deployments").get_json()["items"]
    (run,) = (item["id"] for item in listed if item["run_id"])
    assert len(listed) == 3
    recent = client.get("/").text.partition('data-list="recent"')[2]
    assert set(re.findall(r'href="[^"]*/deployments/([0-9]+)"', recent)) - {"0"} == {str(run)}


def test_a_job_that_deploys_reports_its_environment_without_deployment_events(shared_client: FlaskClient) -> None:
    run = next(RUNS)
    job = github.make_job("completed", "success", run_id=run, id=run * 10, completed_at=clock("10:02:00"))
    job["workflow_job"]["html_url"] = f"https://github.com/Octo/{run}/actions/runs/{run}/job/7"
    job["deployment"] = {"id": run, "environment": "staging", "ref": "main", "sha": github.SHA}
    job["repository"] = locate_on_github(run)
    shown = show_environments(shared_client, make_series("github", run, ("workflow_job", job)))
    assert shown == {None: ("running", None), "staging": ("success", clock("10:02:00"))}


@pytest.mark.parametrize("first", [True, False])
def test_a_deployment_hook_of_gitlab_is_about_the_deployment_of_its_job(
    shared_client: FlaskClient, first: bool
) -> None:
    run = next(RUNS)
    deliveries = deploy_from_gitlab(run)
    hook = gitlab.make_deployment("success", deployable_id=run * 10, status_changed_at="2026-03-01 10:03:00 UTC")
    hook["project"] = {**gitlab.PROJECT, "id": run, "path_with_namespace": f"octo/{run}"}
    hook["deployable_url"] = f"{gitlab.HOME}/-/jobs/{run * 10}"
    (extra,) = make_series("gitlab", -run, ("Deployment Hook", hook))
    shown = show_environments(shared_client, [extra, *deliveries] if first else [*deliveries, extra, deliveries[0]])
    assert shown["staging"] == ("success", clock("10:03:00"))
    assert len(shown) == 3


def test_the_pages_of_a_run_and_of_its_deployments_link_each_other(client: FlaskClient) -> None:
    for delivery in deploy_from_github(next(RUNS)):
        deliver(client, delivery)
    ids = {item["environment"]: item["id"] for item in client.get("/api/deployments").get_json()["items"]}
    run, staging = (client.get(f"/deployments/{ids[name]}").text for name in (None, "staging"))
    assert f'<a href="/deployments/{ids["staging"]}">→ staging</a>' in run
    assert f'<a href="/deployments/{ids["production"]}">→ production</a>' in run
    assert f'<a href="/deployments/{ids[None]}">the run</a>' in staging

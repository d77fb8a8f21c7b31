"""What waits for a person after it had begun: shown as waiting, found as waiting, never stale."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.extensions import db
from dashboard.maintenance.staleness import announce_stale
from tests.support.bodies import github, gitlab
from tests.support.delivery_orders import anonymise, deliver, list_orders, read_deployment, show
from tests.support.sender_deliveries import RUNS, Delivery, Json, Series, make_series
from tests.support.sender_series import clock

MAX_ORDERS = 24


def approve_on_github(run: int) -> list[Delivery]:
    """A run whose first job succeeded and whose second waits for an approval; its own status stays in_progress."""
    job: Json = {"run_id": run}
    build = github.make_job(
        "completed", "success", **job, id=run * 10 + 1, name="build", completed_at=clock("10:03:00")
    )
    waiting = github.make_job("waiting", **job, id=run * 10 + 2, name="deploy", started_at=clock("10:03:00"))
    whole = github.make_run("in_progress", id=run, updated_at=clock("10:00:01"))
    events = (("workflow_run", whole), ("workflow_job", build), ("workflow_job", waiting))
    return make_series("github", run, *events)


def approve_on_gitlab(run: int) -> list[Delivery]:
    """A pipeline that was running and says `manual` now."""

    def pipeline(status: str, unit: str, deploy: str, **times: str) -> tuple[str, Json]:
        builds = (
            gitlab.make_build(1, "unit", unit, started_at="2026-03-01 10:00:00 UTC", **times),
            gitlab.make_build(2, "deploy", deploy, stage="deploy"),
        )
        return "Pipeline Hook", gitlab.make_pipeline(status, *builds, id=run)

    ended = {"finished_at": "2026-03-01 10:01:00 UTC"}
    events = (pipeline("running", "running", "created"), pipeline("manual", "success", "manual", **ended))
    return make_series("gitlab", run, *events)


def report(run: int, time: str, **fields: Any) -> tuple[str, Json]:
    return "", {"project": "held", "run_id": str(run), "timestamp": clock(time), **fields}


def approve_native_run(run: int) -> list[Delivery]:
    """A native run that says itself that it waits, after it had begun."""
    events = (
        report(run, "10:00:00", status="running"),
        report(run, "10:01:00", step={"name": "Build", "status": "success"}),
        report(run, "10:02:00", status="waiting"),
    )
    return make_series("native", run, *events)


def approve_native_step(run: int) -> list[Delivery]:
    """A native run of which a step waits."""
    events = (
        report(run, "10:00:00", status="running"),
        report(run, "10:01:00", step={"name": "Build", "status": "success"}),
        report(run, "10:02:00", step={"name": "Approve", "status": "waiting"}),
    )
    return make_series("native", run, *events)


SERIES = [approve_on_github, approve_on_gitlab, approve_native_run, approve_native_step]


@pytest.mark.parametrize("series", SERIES)
def test_in_any_order_it_waits_and_keeps_its_start(shared_client: FlaskClient, series: Series) -> None:
    shown = []
    for places in list_orders(len(series(0)), MAX_ORDERS, seed=5):
        run = next(RUNS)
        view = show(shared_client, [series(run)[place] for place in (*places, places[0])])
        shown.append(anonymise(view, run))
    assert all(view == shown[0] for view in shown)
    assert (shown[0]["state"], shown[0]["started_at"]) == ("waiting", clock("10:00:00"))


@pytest.mark.parametrize("series", SERIES)
def test_it_is_found_as_waiting_and_never_becomes_stale(client: FlaskClient, series: Series) -> None:
    deployment_id = show(client, series(next(RUNS)))["id"]
    found = client.get("/api/deployments?state=waiting").get_json()["items"]
    assert [item["id"] for item in found] == [deployment_id]
    late = datetime.now(UTC) + timedelta(days=3)
    with client.application.app_context():
        assert announce_stale(db.engine, late, 600) == 0


@pytest.mark.parametrize(
    ("status", "state"),
    [("running", "running"), ("success", "success"), ("pending", "running"), ("strange", "waiting")],
)
def test_a_later_report_decides_whether_it_still_waits(shared_client: FlaskClient, status: str, state: str) -> None:
    run = next(RUNS)
    series = [*approve_native_run(run), *make_series("native", -run, report(run, "10:03:00", status=status))]
    answers = [deliver(shared_client, delivery) for delivery in series]
    assert read_deployment(shared_client, answers[-1]["deployment_id"])["state"] == state


def test_a_job_that_nobody_has_to_start_holds_nothing(shared_client: FlaskClient) -> None:
    run = next(RUNS)
    builds = (
        gitlab.make_build(1, "unit", "success", started_at="2026-03-01 10:00:00 UTC"),
        gitlab.make_build(2, "extra", "manual", allow_failure=True),
        gitlab.make_build(3, "next", "created"),
    )
    pipeline = gitlab.make_pipeline("running", *builds, id=run)
    view = show(shared_client, make_series("gitlab", run, ("Pipeline Hook", pipeline)))
    assert view["state"] == "running"
    assert {job["name"]: job["state"] for job in view["jobs"]} == {
        "unit": "success",
        "extra": "waiting",
        "next": "queued",
    }


def wait_an_hour(run: int) -> list[Delivery]:
    """A run that waited from 10:03 to 11:03 between two jobs, and two minutes for a runner before the first."""
    job: Json = {"run_id": run}
    build: Json = {**job, "id": run * 10 + 1, "name": "build", "started_at": clock("10:02:00")}
    deploy: Json = {**job, "id": run * 10 + 2, "name": "deploy"}
    ended, deployed = {"completed_at": clock("10:03:00")}, {"started_at": clock("11:03:00")}
    return make_series(
        "github",
        run,
        ("workflow_run", github.make_run("in_progress", id=run, updated_at=clock("10:00:01"))),
        ("workflow_job", github.make_job("completed", "success", **build, **ended)),
        ("workflow_job", github.make_job("waiting", **deploy, started_at=clock("10:03:00"))),
        (
            "workflow_job",
            github.make_job("completed", "success", **deploy, **deployed, completed_at=clock("11:05:00")),
        ),
        ("workflow_run", github.make_run("completed", "success", id=run, updated_at=clock("11:05:00"))),
    )


def test_the_time_waited_is_kept_apart_from_the_time_worked(client: FlaskClient) -> None:
    shown = []
    for places in list_orders(len(wait_an_hour(0)), MAX_ORDERS, seed=9):
        run = next(RUNS)
        view = show(client, [wait_an_hour(run)[place] for place in (*places, places[0])])
        shown.append(anonymise(view, run))
    assert all(view == shown[0] for view in shown)
    assert (shown[0]["started_at"], shown[0]["completed_at"]) == (clock("10:00:00"), clock("11:05:00"))
    assert (shown[0]["duration_s"], shown[0]["waited_s"]) == (180, 62 * 60)
    (project,) = client.get("/api/projects").get_json()["items"]
    assert {outcome["duration_s"] for outcome in project["outcomes"]} == {180}


def test_a_run_that_nobody_had_to_approve_lasts_from_start_to_end(shared_client: FlaskClient) -> None:
    run = next(RUNS)
    begun, build, _, deploy, ended = wait_an_hour(run)
    view = show(shared_client, [begun, build, deploy, ended])
    assert (view["duration_s"], view["waited_s"]) == (65 * 60, None)

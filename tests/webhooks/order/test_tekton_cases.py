"""Tekton's CDEvents, whose source is the path of the run or task itself: a task names its run only by id."""

from flask.testing import FlaskClient

from tests.support.bodies.cdevents import make_event
from tests.support.delivery_orders import show_in_any_order
from tests.support.sender_deliveries import Delivery, Json, make_series
from tests.support.sender_series import clock

NAMESPACE = "/apis/tekton.dev/v1beta1/namespaces/tea"


def make_cdevent(number: int, kind: str, name: str, at: str, **content: object) -> tuple[str, Json]:
    """Return an event on a run or task of this name."""
    source = f"{NAMESPACE}/{kind.partition('.')[0]}s/{name}"
    event = make_event(kind, name, dict(content), id=f"{name}-{number}", source=source, timestamp=clock(at))
    event["subject"]["source"] = source
    return kind, event


def test_tasks_are_jobs_of_their_run_and_no_projects(shared_client: FlaskClient) -> None:
    def series(run: int) -> list[Delivery]:
        name, of_run = f"ship-{run}", {"id": f"ship-{run}"}
        return make_series(
            "cdevents",
            run,
            make_cdevent(1, "taskrun.started", f"{name}-pack", "11:00:06", taskName="Pack", pipelineRun=of_run),
            make_cdevent(2, "pipelinerun.started", name, "11:00:05", pipelineName="ship"),
            make_cdevent(3, "taskrun.finished", f"{name}-pack", "11:01:00", pipelineRun=of_run, outcome="success"),
            make_cdevent(4, "pipelinerun.finished", name, "11:01:01", pipelineName="ship", outcome="success"),
        )

    view = show_in_any_order(shared_client, series)
    assert (view["state"], view["duration_s"], view["message"]) == ("success", 56, "ship")
    assert [(job["state"], job["duration_s"]) for job in view["jobs"]] == [("success", 54)]
    assert view["project"]["name"] == NAMESPACE[1:]
    projects = [item["name"] for item in shared_client.get("/api/projects").get_json()["items"]]
    assert [name for name in projects if "tekton.dev" in name] == [NAMESPACE[1:]]

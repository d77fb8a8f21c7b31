"""`dashboard projects allow-failure`: a failed job that may fail leaves its run a success."""

import itertools
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.applications import visit
from tests.support.bodies import github
from tests.support.command_line import Operator
from tests.support.databases import MakeDatabase
from tests.support.ingest import replay_events
from tests.support.rows import Rows
from tests.support.webhook_client import BEARER, apply, post, read

Json = dict[str, Any]
REPORTS: list[Json] = [
    {"status": "running"},
    {"jobs": [{"name": "Lint", "status": "failed"}]},
    {"jobs": [{"name": "build", "status": "success"}]},
    {"status": "success"},
]


@pytest.fixture
def database_url(make_database: MakeDatabase) -> str:
    return make_database()


@pytest.fixture
def operator(database_url: str, tmp_path: Path) -> Operator:
    return Operator("projects", database_url, tmp_path)


@pytest.fixture
def client(database_url: str, tmp_path: Path) -> Iterator[FlaskClient]:
    with visit(database_url, tmp_path) as client:
        yield client


def report(client: FlaskClient, run: str, *reports: Json) -> Json:
    """Post reports on a run; return its deployment."""
    return read(client, [apply(client, run_id=run, **each) for each in reports][-1])


def list_states(view: Json) -> tuple[str, dict[str, tuple[str, bool]]]:
    """Return the state of a deployment, and of each of its jobs with whether it may fail."""
    return view["state"], {job["name"]: (job["state"], job["allowed_to_fail"]) for job in view["jobs"]}


def assert_page_is_up_to_date(client: FlaskClient, view: Json) -> None:
    """Check that a page that received all events of a deployment shows the same as a fresh one."""
    seen = replay_events(client.get(f"/api/deployments/{view['id']}/events").get_json()["items"])
    fresh = client.get(f"/api/deployments/{view['id']}").get_json()
    names = ("state", "status", "conclusion", "completed_jobs", "total_jobs_visible", "run_progress_pct")
    assert {name: seen["deployment"][name] for name in names} == {name: fresh[name] for name in names}
    for job in fresh["jobs"]:
        shown = seen["jobs"][job["key"]]
        assert {name: shown[name] for name in ("state", "allowed_to_fail")} == {
            name: job[name] for name in ("state", "allowed_to_fail")
        }


def test_a_job_that_may_fail_leaves_existing_and_later_runs_a_success_until_the_rule_is_removed(
    client: FlaskClient, operator: Operator
) -> None:
    before = report(client, "1", *REPORTS)
    assert list_states(before) == ("partial", {"Lint": ("failed", False), "build": ("success", False)})
    assert operator.succeed("allow-failure", "shop", "lint") == "changed deployments: 1"
    after = client.get(f"/api/deployments/{before['id']}").get_json()
    assert list_states(after) == ("success", {"Lint": ("failed", True), "build": ("success", False)})
    assert after["seq"] == before["seq"] + 1
    assert list_states(report(client, "2", *REPORTS)) == list_states(after)
    listed = client.get("/api/deployments?project=shop&state=success").get_json()["items"]
    assert {each["run_id"] for each in listed} == {"1", "2"}
    operator.succeed("allow-failure", "shop", "LINT", "--remove")
    for view in (before, listed[0]):
        again = client.get(f"/api/deployments/{view['id']}").get_json()
        assert list_states(again) == list_states(before)
        assert_page_is_up_to_date(client, view)


def test_when_the_rule_is_made_does_not_matter(client: FlaskClient, operator: Operator) -> None:
    def make_rule() -> None:
        operator.succeed("allow-failure", "shop", "lint")

    for number, order in enumerate(itertools.permutations(range(len(REPORTS)))):
        if number % 6:
            continue
        for place in range(1, len(REPORTS) + 1):
            run = f"{number} {place}"
            actions: list[Callable[[], object]] = [partial(apply, client, run_id=run, **REPORTS[n]) for n in order]
            actions.insert(place, make_rule)
            for act in actions:
                act()
            view = report(client, run, REPORTS[0])
            assert list_states(view) == ("success", {"Lint": ("failed", True), "build": ("success", False)})
            assert_page_is_up_to_date(client, view)
            operator.succeed("allow-failure", "shop", "lint", "--remove")


def test_a_job_of_github_may_fail_and_jobs_of_other_projects_may_not(client: FlaskClient, operator: Operator) -> None:
    failed = github.make_job("completed", "failure", name="nightly")
    run = github.make_run("completed", "success")
    for body in (failed, run):
        event = "workflow_job" if "workflow_job" in body else "workflow_run"
        answer = post(client, body, {**BEARER, "X-GitHub-Event": event}).get_json()
    other = report(client, "1", {"status": "success", "jobs": [{"name": "nightly", "status": "failed"}]})
    slug = read(client, answer)["project"]["slug"]
    assert read(client, answer)["state"] == "partial"
    operator.succeed("allow-failure", slug, "nightly")
    assert read(client, answer)["state"] == "success"
    assert client.get(f"/api/deployments/{other['id']}").get_json()["state"] == "partial"


def test_a_job_known_only_by_its_steps_may_fail(client: FlaskClient, operator: Operator) -> None:
    view = report(client, "1", {"status": "success", "step_name": "a", "step_status": "failed", "job": "smoke"})
    assert view["state"] == "partial"
    operator.succeed("allow-failure", "shop", "smoke")
    assert client.get(f"/api/deployments/{view['id']}").get_json()["state"] == "success"
    assert report(client, "1", {"step_name": "b", "step_status": "failed", "job": "smoke"})["state"] == "success"
    assert report(client, "1", {"step_name": "b", "step_status": "failed", "job": "deploy"})["state"] == "partial"


def test_a_failed_run_stays_failed(client: FlaskClient, operator: Operator) -> None:
    view = report(client, "1", *REPORTS[:3], {"status": "failed"})
    operator.succeed("allow-failure", "shop", "lint")
    assert client.get(f"/api/deployments/{view['id']}").get_json()["state"] == "failed"


def test_a_rule_waits_for_a_delivery_that_may_have_read_the_earlier_ones(
    client: FlaskClient, operator: Operator, database_url: str
) -> None:
    report(client, "1", *REPORTS)
    rows = Rows(database_url)
    command = threading.Thread(target=operator.succeed, args=("allow-failure", "shop", "lint"))
    with rows.hold("SELECT FROM projects"):
        command.start()
        command.join(0.5)
        assert command.is_alive()
    command.join(30)
    assert not command.is_alive()
    rows.close()


def test_rules_are_listed(client: FlaskClient, operator: Operator) -> None:
    report(client, "1", *REPORTS)
    assert operator.succeed("allow-failure", "shop") == ""
    for job in ("Lint", "测试"):
        operator.succeed("allow-failure", "shop", job)
    assert operator.succeed("allow-failure", "shop").splitlines() == ["Lint", "测试"]
    for _ in range(2):
        operator.succeed("allow-failure", "shop", "LINT", "--remove")
    assert operator.succeed("allow-failure", "shop") == "测试"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none", "lint"], "project none does not exist"),
        (["none"], "project none does not exist"),
        (["none", "lint", "--remove"], "project none does not exist"),
    ],
)
def test_a_mistake_is_reported(client: FlaskClient, operator: Operator, arguments: list[str], words: str) -> None:
    report(client, "1", *REPORTS)
    assert words in operator.fail("allow-failure", *arguments)

"""Jobs of multibranch projects: one project, whose branch is the job's, whichever body reports the build."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.webhooks.dialects.jenkins import name_event, parse
from tests.support.bodies import jenkins
from tests.support.delivery_orders import show_in_any_order
from tests.support.parsed_reports import only, values
from tests.support.sender_deliveries import Delivery, Json, make_series

CHECKED_OUT = {"url": "https://git.example.org/octo/shop.git", "branch": "origin/release", "commit": jenkins.SHA}


def make_bodies(job: str, run: int = 12, branch: str | None = None) -> list[tuple[str, Json]]:
    """Return what both plugins and a pipeline's script post on a build of the job, whose URL contains `job`."""
    address: Json = {"url": f"{job}{run}/", "full_url": f"https://ci.example.org/{job}{run}/", "number": run}
    scm = {"scm": {**CHECKED_OUT, "branch": branch}} if branch else {"scm": {}}
    generic: Json = {**jenkins.make_run("started", number=run, id=f"e-{run}", actions=[]), "source": job}
    return [
        ("notification", jenkins.make_notification("QUEUED", after_ms=-9_000, **address, scm={})),
        ("generic", generic),
        ("stages", jenkins.make_stages("IN_PROGRESS", _links={"self": {"href": f"/{job}{run}/wfapi/describe"}})),
        ("notification", jenkins.make_notification("FINALIZED", "SUCCESS", after_ms=90_500, **address, **scm)),
    ]


@pytest.mark.parametrize(
    ("job", "project", "branch"),
    [
        ("job/Team/job/shop/job/feature%252F%25234/", "Team/shop", "feature/#4"),
        ("job/Team/job/shop/job/feature%2F%234/", "Team/shop", "feature/#4"),
        ("job/shop/job/%25E6%25B5%258B/", "shop", "测"),
        ("job/My%20Team/job/shop/job/main/", "My Team/shop", "main"),
        ("job/shop/job/PR-12/", "shop", "PR-12"),
        ("job/shop/job/MR-7-merge/", "shop", "MR-7-merge"),
        ("job/shop/job/SHOP-77-cards/", "shop", "SHOP-77-cards"),
        ("job/shop/job/release-1.x/", "shop", "release-1.x"),
        ("job/Team/job/shop/job/fix%250A%2500%25ED%25A0%2580/", "Team/shop", "fix" + "\ufffd" * 5),
    ],
)
def test_a_job_of_a_branch_belongs_to_its_project(job: str, project: str, branch: str) -> None:
    reports = [only(parse(name_event(None, body), body)) for _, body in make_bodies(job)]
    assert {report.project.value("name") for report in reports} == {project}
    assert {report.deployment.value("branch") for report in reports} == {branch}
    assert len({report.identity.digest for report in reports}) == 1


@pytest.mark.parametrize(
    "job", ["job/Team/job/deploy/", "job/main/", "job/Team/job/maintenance/", "job/Team/job/release-7/"]
)
def test_any_other_job_is_a_project(job: str) -> None:
    reports = [only(parse(name_event(None, body), body)) for _, body in make_bodies(job)]
    assert {report.project.value("name") for report in reports} == {job.removeprefix("job/").replace("/job", "")[:-1]}
    assert {report.deployment.value("branch") for report in reports} == {None}


@pytest.mark.parametrize(
    ("job", "expected"),
    [("job/Team/job/main/", "release"), ("job/shop/job/fix%252F4/", "fix/4"), ("job/Team/job/shop/", "release")],
    ids=["plain job named like a branch", "job of a branch", "plain job"],
)
def test_the_branch_checked_out_counts_unless_the_job_is_certainly_of_a_branch(
    shared_client: FlaskClient, job: str, expected: str
) -> None:
    def series(run: int) -> list[Delivery]:
        return make_series("jenkins", run, *make_bodies(job, run, "origin/release"))

    assert show_in_any_order(shared_client, series)["branch"] == expected


def test_builds_of_all_branches_are_in_one_project(shared_client: FlaskClient) -> None:
    def show(job: str) -> Any:
        return show_in_any_order(shared_client, lambda run: make_series("jenkins", run, *make_bodies(job, run)))

    shown = [show(f"job/multi/job/shop/job/{name}/") for name in ("main", "feature%252F%25234", "PR-3")]
    assert [view["branch"] for view in shown] == ["main", "feature/#4", "PR-3"]
    assert {view["project"]["name"] for view in shown} == {"multi/shop"}
    assert len({view["project"]["slug"] for view in shown}) == 1


def test_generic_event_names_the_branch_of_a_multibranch_project() -> None:
    body = jenkins.make_run("started", actions=[], _multiBranch=True, _projectName="hot%0Afix%2F4")
    assert values(only(parse("run.started", body)).deployment)["branch"] == "hot\ufffdfix/4"

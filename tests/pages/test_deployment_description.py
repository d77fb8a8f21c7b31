"""What the page of a deployment derives from its view: the same table that the scripts are tested against."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dashboard.core.estimate import count_ms
from dashboard.pages.deployment_description import DescribedDeployment, describe_deployment
from tests.pages.views import RELATED, make_deployment, make_job, make_step

TABLE = json.loads((Path(__file__).parents[1] / "js" / "deployment_description.json").read_text())
NOW_MS = count_ms(datetime.fromisoformat("2024-01-01T00:10:00Z"))


def describe(fields: dict[str, Any], jobs: list[dict[str, Any]]) -> DescribedDeployment:
    """Return what is shown of a deployment with these jobs, filled in from the table's defaults."""
    whole = []
    for job in jobs:
        steps = [make_step(**{**TABLE["step"], **step}) for step in job.get("steps", [])]
        whole.append(make_job(**{**TABLE["job"], **job, "steps": steps}))
    related = fields.get("related") and {**RELATED, **fields["related"]}
    return describe_deployment(make_deployment(*whole, **{**TABLE["deployment"], **fields, "related": related}), NOW_MS)


@pytest.mark.parametrize("case", TABLE["headlines"], ids=lambda case: case["case"])
def test_headlines_are_as_in_the_table(case: dict[str, Any]) -> None:
    assert describe(case["deployment"], case["jobs"])["headline"] == case["headline"]


@pytest.mark.parametrize("case", TABLE["inherited"], ids=lambda case: case["case"])
def test_inherited_jobs_are_as_in_the_table(case: dict[str, Any]) -> None:
    earlier = case["earlier"] and [{"name": name} for name in case["earlier"]]
    described = describe({"related": earlier and {"failures": {}, "earlier": earlier}}, case["jobs"])
    assert [job["name"] for job in described["inherited"]] == case["shown"]


@pytest.mark.parametrize("case", TABLE["grows"], ids=lambda case: case["case"])
def test_deployments_that_may_grow_are_as_in_the_table(case: dict[str, Any]) -> None:
    assert describe(case["deployment"], case["jobs"])["grows"] == case["grows"]


@pytest.mark.parametrize("case", TABLE["opened"], ids=lambda case: case["case"])
def test_opened_logs_are_as_in_the_table(case: dict[str, Any]) -> None:
    shown = describe({}, case["jobs"])
    jobs = [f"job {job['key']}" for job in shown["jobs"] if job["opens"]]
    steps = [f"step {step['key']}" for job in shown["jobs"] for step in job["steps"] if step["opens"]]
    assert ["deployment"] * shown["opens"] + jobs + steps == case["opened"]


@pytest.mark.parametrize("case", TABLE["times"], ids=lambda case: case["case"])
def test_durations_of_jobs_are_as_in_the_table(case: dict[str, Any]) -> None:
    times = {"started_at": "2024-01-01T00:01:00Z", "completed_at": "2024-01-01T00:05:00Z", "duration_s": 240}
    steps = [{"completed_at": "2024-01-01T00:02:20.500Z"}, {"completed_at": "2024-01-01T00:02:00Z"}]
    (job,) = describe({}, [{"status_raw": case["status_raw"], **times, "steps": steps}])["jobs"]
    assert (job["completed_at"], job["duration_s"]) == (case["completed_at"], case["duration_s"])


@pytest.mark.parametrize("case", TABLE["states"], ids=lambda case: case["case"])
def test_states_of_jobs_and_steps_are_as_in_the_table(case: dict[str, Any]) -> None:
    part = {"state": case["part"]}
    (job,) = describe({"state": case["deployment"]}, [{**part, "steps": [part]}])["jobs"]
    assert [job["state"], job["steps"][0]["state"]] == [case["shown"]] * 2

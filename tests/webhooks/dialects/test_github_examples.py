"""The example bodies of the npm package @octokit/webhooks-examples."""

import pytest

from dashboard.core.report import DEPLOYMENT_FIELDS, JOB_FIELDS, STEP_FIELDS
from dashboard.webhooks.dialects.github import EVENTS, name_event, parse
from dashboard.webhooks.dialects.payload import Ignored
from tests.support.bodies.github_examples import read_examples

REPORTING_EVENTS = ("workflow_run", "workflow_job", "deployment", "deployment_status", "check_run", "status")


def test_examples_of_reporting_events_make_reports_and_others_are_ignored() -> None:
    counted = dict.fromkeys(REPORTING_EVENTS, 0)
    for event, body in read_examples():
        parsed = parse(event, body)
        if isinstance(parsed, Ignored):
            assert event in EVENTS, event
        else:
            counted[event] += 1
    assert counted == {
        "workflow_run": 10,
        "workflow_job": 11,
        "deployment": 11,
        "deployment_status": 11,
        "check_run": 17,
        "status": 11,
    }


def test_examples_are_recognised_without_a_header() -> None:
    recognised = [*REPORTING_EVENTS, "check_suite"]
    assert all(name_event(None, body) == event for event, body in read_examples() if event in recognised)


def test_examples_claim_only_existing_fields() -> None:
    for event, body in read_examples():
        parsed = parse(event, body)
        for report in () if isinstance(parsed, Ignored) else parsed:
            assert set(report.deployment.fields) <= set(DEPLOYMENT_FIELDS)
            assert all(set(job.fields) <= set(JOB_FIELDS) for job in report.jobs.values())
            assert all(set(step.fields) <= set(STEP_FIELDS) for step in report.steps.values())
            assert {job_key for job_key, _ in report.steps} <= set(report.jobs)


@pytest.mark.parametrize("event", ["check_suite", "ping", "repository_dispatch", "installation", "organization"])
def test_examples_of_events_without_a_run_are_ignored(event: str) -> None:
    bodies = [body for name, body in read_examples() if name == event]
    assert bodies
    assert all(isinstance(parse(event, body), Ignored) for body in bodies)

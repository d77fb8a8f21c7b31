"""The bodies of GitLab and of Bitbucket that others publish, in the folder that CORPORA names."""

from types import ModuleType
from typing import Any

import pytest

from dashboard.core.report import DEPLOYMENT_FIELDS, JOB_FIELDS
from dashboard.webhooks.dialects import bitbucket, gitlab
from dashboard.webhooks.dialects.native import PAYLOAD_FIELDS
from dashboard.webhooks.dialects.payload import Ignored
from tests.support.bodies.corpora import needs_corpora, read_corpus

pytestmark = needs_corpora
HEADERS = {
    "repo-commit-status-created": "repo:commit_status_created",
    "repo-commit-status-updated": "repo:commit_status_updated",
    "repo-push": "repo:push",
}


def read_examples(dialect: ModuleType) -> dict[str, tuple[str, Any]]:
    """Return event and body by the name of the file."""
    bodies = read_corpus(dialect.__name__.rpartition(".")[2])
    return {name: (dialect.name_event(HEADERS.get(name), body), body) for name, body in bodies.items()}


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        (
            gitlab,
            {
                "build": 1,
                "build-event": 1,
                "deployment": 1,
                "deployment-event": 1,
                "job": 2,
                "job-event": 1,
                "pipeline": 5,
                "pipeline-event": 5,
                "push": 0,
            },
        ),
        (bitbucket, {"repo-commit-status-created": 1, "repo-commit-status-updated": 1, "repo-push": 0}),
    ],
)
def test_every_example_reports_jobs_or_is_ignored(dialect: ModuleType, expected: dict[str, int]) -> None:
    jobs = {}
    for name, (event, body) in read_examples(dialect).items():
        parsed = dialect.parse(event, body)
        assert event in dialect.EVENTS
        jobs[name] = 0 if isinstance(parsed, Ignored) else sum(len(report.jobs) for report in parsed)
    assert jobs == expected


@pytest.mark.parametrize("dialect", [gitlab, bitbucket])
def test_examples_claim_only_existing_fields(dialect: ModuleType) -> None:
    for event, body in read_examples(dialect).values():
        parsed = dialect.parse(event, body)
        for report in () if isinstance(parsed, Ignored) else parsed:
            assert set(report.project.fields) <= set(PAYLOAD_FIELDS)
            assert set(report.deployment.fields) <= set(DEPLOYMENT_FIELDS)
            assert all(set(job.fields) <= set(JOB_FIELDS) for job in report.jobs.values())

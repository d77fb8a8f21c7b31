"""For the body of every event of every dialect: the length of its texts, and the time of its claims."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from dashboard.core.registers import Node, make_stamp
from dashboard.core.report import Report
from dashboard.webhooks.dialects import bitbucket, buildbot, cdevents, gitea, github, gitlab, jenkins
from dashboard.webhooks.dialects.payload import Ignored, MalformedError
from tests.support.bodies.known import KNOWN_BODIES
from tests.support.parsed_reports import at

DIALECTS: dict[str, Any] = {
    "bitbucket": bitbucket, "buildbot": buildbot, "cdevents": cdevents, "gitea": gitea, "github": github,
    "gitlab": gitlab, "jenkins": jenkins,
}  # fmt: skip
MUCH = "x" * 70_000
LENGTHS = dict.fromkeys(("commit_message", "message", "error", "log"), 65536) | {"run_url": 2048, "test_url": 2048}
"""Characters that are kept of a text, where they are not 255."""
OTHER_LENGTHS = {
    ("gitlab", "build", "error"): 255,  # one word
    ("jenkins", "notification.started", "branch"): 255 - len("origin/"),
    ("jenkins", "notification.finalized", "branch"): 255 - len("origin/"),
    ("jenkins", "notification.finalized", "error"): 255,  # the names of tests
    ("jenkins", "run.started", "message"): 255,
    ("jenkins", "run.completed", "branch"): 255 - len("refs/remotes/origin/"),
    ("jenkins", "run.completed", "message"): 255,
    ("cdevents", "pipelinerun.finished", "message"): 255,  # the name of a pipeline
    ("cdevents", "taskrun.finished", "message"): 255,  # the name of a task
    ("cdevents", "service.deployed", "message"): 2048 + len("deployed "),  # the address of an artifact
    ("cdevents", "batch", "message"): 255,
}
TIMES = {
    "github": ["10:05:00", "10:01:03", "11:02:00", "11:02:00", "12:01:00", "13:00:00"],
    "gitea": ["10:05:00", "10:00:05", "13:00:00", "10:05:00", "10:04:00"],
    "gitlab": ["10:01:00", "10:02:00", "10:30:00"],
    "bitbucket": ["10:05:00", "10:05:00"],
    "jenkins": ["11:00:00", "11:00:00", "11:00:01", "11:00:01", "11:01:30.500"],
    "cdevents": ["11:00:00", "11:00:00", "11:00:00", "11:00:00", "11:00:00"],
    "buildbot": ["10:01:00"],
}
"""The time of each body, where it has one."""
BODIES = [(dialect, number) for dialect, bodies in KNOWN_BODIES.items() for number in range(len(bodies))]


def parse(dialect: str, event: str, body: Any) -> tuple[Report, ...]:
    """Return the reports of a body, none if it is ignored."""
    try:
        parsed = DIALECTS[dialect].parse(event, body)
    except MalformedError:
        return ()
    return () if isinstance(parsed, Ignored) else parsed


def list_nodes(report: Report) -> list[Node]:
    """Return all nodes of a report."""
    return [report.project, report.deployment, *report.jobs.values(), *report.steps.values()]


def lengthen(value: Any, whole: Any) -> Iterator[Any]:
    """Yield copies of the whole, in each of which another text within the value is very long."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in list(members):
        if isinstance(member, str):
            value[key] = member + MUCH
            yield copy.deepcopy(whole)
            value[key] = member
        else:
            yield from lengthen(member, whole)


@pytest.mark.parametrize(("dialect", "number"), BODIES)
def test_a_long_text_is_cut_at_the_length_of_its_field(dialect: str, number: int) -> None:
    event, body = copy.deepcopy(KNOWN_BODIES[dialect][number])
    lengths = {
        (name, len(claim[2]))
        for longer in lengthen(body, body)
        for report in parse(dialect, event, longer)
        for node in list_nodes(report)
        for name, claim in node.fields.items()
        if isinstance(claim[2], str) and MUCH[:200] in claim[2]
    }
    assert lengths
    assert lengths == {
        (name, OTHER_LENGTHS.get((dialect, event, name)) or LENGTHS.get(name, 255)) for name, _ in lengths
    }


@pytest.mark.parametrize(("dialect", "number"), BODIES)
def test_keys_of_jobs_and_steps_have_at_most_255_characters(dialect: str, number: int) -> None:
    event, body = copy.deepcopy(KNOWN_BODIES[dialect][number])
    for longer in lengthen(body, body):
        for report in parse(dialect, event, longer):
            assert all(len(key) <= 255 for key in (*report.jobs, *(part for step in report.steps for part in step)))


@pytest.mark.parametrize(("dialect", "number"), BODIES)
def test_every_claim_carries_the_time_of_its_report(dialect: str, number: int) -> None:
    event, body = KNOWN_BODIES[dialect][number]
    time = at(TIMES[dialect][number])
    nodes = [node for report in parse(dialect, event, body) for node in list_nodes(report)]
    stamps = {claim[0] for node in nodes for name, claim in node.fields.items()}
    # Who ran a job of GitLab again is not who started its pipeline: that is only a guess.
    guesses = {0} if (dialect, event) == ("gitlab", "build") else set()
    assert stamps == {make_stamp(time)} | guesses
    assert {outcome.reported_at for node in nodes for outcome in node.outcomes} <= {time, None}

"""Whatever is in a body, GitHub's and Gitea's parsers say something, ignore it or refuse it, and never fail."""

import copy
import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.core.report import merge_reports
from dashboard.webhooks.dialects import gitea, github
from dashboard.webhooks.dialects.payload import NAME_LENGTH, Ignored, MalformedError
from tests.webhooks.dialects import gitea_bodies, github_bodies

BODIES: list[tuple[ModuleType, str, Any]] = [
    (github, "workflow_run", github_bodies.make_run("completed", "success")),
    (github, "workflow_job", github_bodies.make_job(steps=[github_bodies.make_step(1), github_bodies.make_step(2)])),
    (github, "deployment_status", github_bodies.make_deployment("failure", description="No route to host")),
    (github, "deployment_status", {**github_bodies.make_deployment("success"), **github_bodies.make_run()}),
    (github, "check_run", github_bodies.make_check("completed", "failure")),
    (github, "status", github_bodies.make_status("error")),
    (gitea, "workflow_run", gitea_bodies.make_run("completed", "failure")),
    (gitea, "workflow_job", gitea_bodies.make_job("in_progress")),
    (gitea, "status", gitea_bodies.make_status("warning")),
    (gitea, "action_run_recover", gitea_bodies.make_forgejo_run()),
    (
        gitea,
        "workflow_job_running",
        gitea_bodies.make_forgejo_job("running", steps=[{"number": 0, "status": "running"}]),
    ),
]
odd_texts = ["", " ", "\x00", "\ud800", "ﷺ" * 255, "x" * 3000, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
urls = ["https://[::1", "http://a:99999/", "//", "https://git.example.org:3000/octo/shop/actions/runs/9/job"]
numbers = st.sampled_from([0, -1, 2**31, 2**63, 10**400, 1e308, float("inf"), float("nan")]) | st.integers()
texts = st.sampled_from([*odd_texts, *urls]) | st.text(max_size=10)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def list_places(body: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where each value stands in a body."""
    pairs = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in pairs:
        yield (*place, key)
        yield from list_places(value, (*place, key))


@st.composite
def mutated(draw: st.DrawFn) -> tuple[ModuleType, str, Any]:
    """A body with some of its values replaced by arbitrary ones."""
    dialect, event, original = draw(st.sampled_from(BODIES))
    body = copy.deepcopy(original)
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(list(list_places(body))))
        holder = body
        for key in way:
            holder = holder[key]
        holder[last] = draw(values)
    return dialect, event, body


def check(dialect: ModuleType, event: str, body: Any) -> None:
    """See that a body is taken, ignored or refused, and that what is taken can be stored and merged."""
    try:
        parsed = dialect.parse(event, body)
    except MalformedError:
        return
    for report in () if isinstance(parsed, Ignored) else parsed:
        keys = {*report.jobs, *(key for step_key in report.steps for key in step_key)}
        assert all(0 < len(key) <= NAME_LENGTH for key in keys)
        assert {job_key for job_key, _ in report.steps} <= set(report.jobs)
        assert merge_reports(report, report) == report
        nodes = [report.project, report.deployment, *report.jobs.values(), *report.steps.values()]
        said = json.dumps([[claim[2] for claim in node.fields.values()] for node in nodes], ensure_ascii=False)
        assert "\\u0000" not in said
        said.encode()


@settings(max_examples=100, deadline=None)
@given(mutated())
def test_a_body_with_odd_values_is_taken_or_refused(delivery: tuple[ModuleType, str, Any]) -> None:
    check(*delivery)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(BODIES), values)
def test_arbitrary_json_is_refused_or_ignored(known: tuple[ModuleType, str, Any], body: Any) -> None:
    dialect, event, _ = known
    check(dialect, event, body)
    assert isinstance(dialect.name_event(None, body), str)


@pytest.mark.parametrize(("dialect", "event", "body"), BODIES)
def test_the_bodies_that_are_mutated_say_something_as_they_are(dialect: ModuleType, event: str, body: Any) -> None:
    assert isinstance(dialect.parse(event, body), tuple)
    check(dialect, event, body)

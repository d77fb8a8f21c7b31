"""Whatever is in a body, GitLab's and Bitbucket's parsers say something, ignore it or refuse it, and never fail."""

import copy
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.webhooks.dialects import bitbucket, gitlab
from tests.webhooks.dialects import bitbucket_bodies, gitlab_bodies
from tests.webhooks.dialects.test_actions_arbitrary import check, list_places, values

BEGUN = {"started_at": "2026-03-01 10:01:00 UTC", "environment": {"name": "production", "action": "start"}}
BODIES: list[tuple[ModuleType, str, Any]] = [
    (gitlab, "pipeline", gitlab_bodies.make_pipeline("failed", gitlab_bodies.make_build(7, "unit", "failed", **BEGUN))),
    (gitlab, "build", gitlab_bodies.make_job(7, "unit", "failed", build_finished_at="2026-03-01T10:02:00Z")),
    (gitlab, "deployment", gitlab_bodies.make_deployment("running")),
    (bitbucket, "repo:commit_status_created", bitbucket_bodies.make_status("INPROGRESS")),
    (bitbucket, "repo:commit_status_updated", bitbucket_bodies.make_status("FAILED", commit=None)),
]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_body_with_odd_values_is_taken_or_refused(data: st.DataObject) -> None:
    dialect, event, original = data.draw(st.sampled_from(BODIES))
    body = copy.deepcopy(original)
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from(list(list_places(body))))
        holder = body
        for key in way:
            holder = holder[key]
        holder[last] = data.draw(values)
    check(dialect, event, body)


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

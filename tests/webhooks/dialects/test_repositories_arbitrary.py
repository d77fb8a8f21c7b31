"""The parsers of hosts of repositories accept, ignore or refuse any body, without an error."""

from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.webhooks.dialects import bitbucket, gitea, github, gitlab
from tests.support.arbitrary_bodies import check, json_values, mutated
from tests.support.bodies.known import KNOWN_BODIES

BODIES: list[tuple[ModuleType, str, Any]] = [
    (dialect, event, body)
    for dialect, name in ((github, "github"), (gitea, "gitea"), (gitlab, "gitlab"), (bitbucket, "bitbucket"))
    for event, body in KNOWN_BODIES[name]
]


@settings(max_examples=200)
@given(st.data(), st.sampled_from(BODIES))
def test_a_body_with_odd_values_is_accepted_or_refused(data: st.DataObject, known: tuple[ModuleType, str, Any]) -> None:
    dialect, event, body = known
    check(dialect, event, data.draw(mutated([body])))


@settings(max_examples=200)
@given(st.sampled_from(BODIES), json_values)
def test_arbitrary_json_is_refused_or_ignored(known: tuple[ModuleType, str, Any], body: Any) -> None:
    dialect, event, _ = known
    check(dialect, event, body)


@pytest.mark.parametrize(("dialect", "event", "body"), BODIES)
def test_the_unchanged_bodies_make_reports(dialect: ModuleType, event: str, body: Any) -> None:
    assert isinstance(dialect.parse(event, body), tuple)
    check(dialect, event, body)

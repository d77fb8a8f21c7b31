"""The parser of Jenkins accepts, ignores or refuses any body, without an error."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.webhooks.dialects import jenkins
from dashboard.webhooks.dialects.jenkins import EVENTS, name_event
from tests.support.arbitrary_bodies import check, json_values, mutated
from tests.support.bodies.known import KNOWN_BODIES

BODIES = [body for _, body in KNOWN_BODIES["jenkins"]]


@settings(max_examples=100)
@given(mutated(BODIES))
def test_a_body_with_odd_values_is_accepted_or_refused(body: Any) -> None:
    check(jenkins, name_event(None, body), body)


@settings(max_examples=100)
@given(st.sampled_from(list(EVENTS)), json_values)
def test_arbitrary_json_is_accepted_or_refused(event: str, body: Any) -> None:
    check(jenkins, event, body)
    check(jenkins, name_event(None, body), body)

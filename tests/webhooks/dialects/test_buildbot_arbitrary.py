"""The parser of Buildbot accepts, ignores or refuses any body, without an error."""

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.webhooks.dialects import buildbot
from dashboard.webhooks.dialects.buildbot import EVENTS
from tests.support.arbitrary_bodies import check, make_json, mutated, texts
from tests.support.bodies.buildbot import FAILED
from tests.support.parsed_reports import only

usual_names = st.sampled_from(list(FAILED))
anything = make_json(texts | usual_names)


@settings(max_examples=100)
@given(mutated([FAILED]))
def test_a_body_with_odd_values_is_accepted_or_refused(body: Any) -> None:
    check(buildbot, "build", body)


@settings(max_examples=100)
@given(usual_names, anything)
def test_a_field_with_any_value_is_accepted_or_refused(name: str, value: Any) -> None:
    check(buildbot, "build", {**copy.deepcopy(FAILED), name: value})


@settings(max_examples=100)
@given(st.sampled_from(list(EVENTS)), anything)
def test_arbitrary_json_is_accepted_or_refused(event: str, body: Any) -> None:
    check(buildbot, event, body)


def test_the_unchanged_body_makes_one_report() -> None:
    assert only(buildbot.parse("build", FAILED)).steps
    check(buildbot, "build", FAILED)

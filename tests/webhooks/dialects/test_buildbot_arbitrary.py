"""Whatever is in a body, the parser of Buildbot says something, ignores it or refuses it, and never fails."""

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.core.report import merge_reports
from dashboard.webhooks.dialects.buildbot import name_delivery, name_event, parse
from dashboard.webhooks.dialects.payload import NAME_LENGTH, MalformedError
from tests.webhooks.dialects.buildbot_bodies import FAILED
from tests.webhooks.dialects.reading import only, values

odd = st.sampled_from(["", "\x00", "\ud800", "ﷺ" * 255, "x" * 3000, "https://[::1", "0001-01-01T00:00:00+14:00"])
number = st.sampled_from([-1, 2**31, 2**63, 10**400, 1e308, float("inf"), float("nan")]) | st.integers()
anything = st.recursive(
    st.none() | st.booleans() | number | odd | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd | st.sampled_from(list(FAILED)), inner, max_size=3),
    max_leaves=8,
)


def check(body: Any) -> None:
    """See that a body is taken, ignored or refused, and that what is taken can be merged and stored."""
    assert isinstance(name_event(None, body), str)
    assert isinstance(name_delivery("build", body), str | None)
    try:
        report = only(parse("build", body))
    except MalformedError:
        return
    assert merge_reports(report, report) == report
    assert all(0 < len(key) <= NAME_LENGTH for step in report.steps for key in step)
    assert {job_key for job_key, _ in report.steps} <= set(report.jobs)
    nodes = [report.project, report.deployment, *report.jobs.values(), *report.steps.values()]
    said = json.dumps([values(node) for node in nodes], ensure_ascii=False)
    assert "\\u0000" not in said
    said.encode()


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_body_with_odd_values_is_taken_or_refused(data: st.DataObject) -> None:
    body = copy.deepcopy(FAILED)
    for _ in range(data.draw(st.integers(1, 3))):
        place: Any = body
        while isinstance(inner := place[(key := data.draw(st.sampled_from(list(_keys(place)))))], dict | list):
            if not inner or data.draw(st.booleans()):
                break
            place = inner
        place[key] = data.draw(anything)
    check(body)


def _keys(holder: Any) -> Any:
    return holder if isinstance(holder, dict) else range(len(holder))


@settings(max_examples=100, deadline=None)
@given(anything)
def test_arbitrary_json_is_taken_or_refused(body: Any) -> None:
    check(body)

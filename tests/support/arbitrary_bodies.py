"""Arbitrary JSON, known bodies with some values replaced, and checks that hold for every body."""

import copy
import json
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

from hypothesis import strategies as st

from dashboard.core.report import DEPLOYMENT_FIELDS, JOB_FIELDS, STEP_FIELDS, Report, merge_reports
from dashboard.webhooks.dialects.native import PAYLOAD_FIELDS
from dashboard.webhooks.dialects.payload import MAX_NAME_LENGTH, Ignored, MalformedError

numbers = st.sampled_from([0, -1, 2**31, 2**63, 10**400, 1e308, float("inf"), float("nan")]) | st.integers()
texts = st.sampled_from(
    [
        "",
        " ",
        "/",
        "\x00",
        "\ud800",
        "ﷺ" * 255,
        "x" * 3000,
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "https://[::1",
        "http://a:99999/",
        "//",
        "https://git.example.org:3000/octo/shop/actions/runs/9/job",
        "job/%00/job/%ED%A0%80/job/",
        "9" * 19,
    ]
) | st.text(max_size=10)


def make_json(names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Return arbitrary JSON in which names of fields are these."""
    return st.recursive(
        st.none() | st.booleans() | numbers | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
        max_leaves=8,
    )


json_values = make_json(texts)


@st.composite
def mutated(draw: st.DrawFn, bodies: Sequence[Any]) -> Any:
    """One of the bodies, with some of its values replaced by arbitrary ones."""
    body = copy.deepcopy(draw(st.sampled_from(bodies)))
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(list(list_places(body))))
        holder = body
        for key in way:
            holder = holder[key]
        holder[last] = draw(json_values)
    return body


def list_places(body: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where each value stands in a body."""
    pairs = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in pairs:
        yield (*place, key)
        yield from list_places(value, (*place, key))


def check(dialect: ModuleType, event: str, body: Any) -> None:
    """Check that a body is taken, ignored or refused, and that what is taken can be stored and merged."""
    assert isinstance(dialect.name_event(None, body), str)
    # Only senders without a header for it have one.
    name_delivery = getattr(dialect, "name_delivery", None)
    key = name_delivery and name_delivery(event, body)
    if key is not None:
        assert 0 < len(key) <= 3 * MAX_NAME_LENGTH
        key.encode()  # raises on a lone surrogate
    try:
        parsed = dialect.parse(event, body)
    except MalformedError:
        return
    assert isinstance(parsed, Ignored) or parsed
    for report in () if isinstance(parsed, Ignored) else parsed:
        check_report(report)


def check_report(report: Report) -> None:
    """Check that a report can be stored and merged, and claims only fields that there are."""
    keys = {*report.jobs, *(key for step_key in report.steps for key in step_key)}
    assert all(0 < len(key) <= MAX_NAME_LENGTH for key in keys)
    assert {job_key for job_key, _ in report.steps} <= set(report.jobs)
    assert merge_reports(report, report) == report
    assert set(report.project.fields) <= set(PAYLOAD_FIELDS)
    assert set(report.deployment.fields) <= set(DEPLOYMENT_FIELDS)
    assert all(set(job.fields) <= set(JOB_FIELDS) for job in report.jobs.values())
    assert all(set(step.fields) <= set(STEP_FIELDS) for step in report.steps.values())
    nodes = [report.project, report.deployment, *report.jobs.values(), *report.steps.values()]
    values: list[Any] = [[claim[2] for claim in node.fields.values()] for node in nodes]
    values += [[outcome.raw for outcome in node.outcomes] for node in nodes]
    text = json.dumps([values, list(keys), report.identity.project.path, report.identity.run_id], ensure_ascii=False)
    assert "\\u0000" not in text
    text.encode()

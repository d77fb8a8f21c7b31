"""CDEvents in a batch: invalid events do not prevent the others from being used."""

from typing import Any

import pytest

from dashboard.core.report import Report
from dashboard.webhooks.dialects.cdevents import name_delivery, name_event, parse
from dashboard.webhooks.dialects.payload import Ignored, MalformedError
from tests.support.bodies.cdevents import make_event, make_pipeline_run, make_service, make_task_run, wrap

NEWS = [wrap(make_pipeline_run("started")), wrap(make_task_run("started"))]
NO_NEWS = wrap(make_event("ticket.created", "SHOP-1", {}))
CUSTOM = {"type": "dev.cdeventsx.acme-build.started.0.1.0"}
MISSING = "Missing or of the wrong type."
FAULTY = wrap(make_event("pipelinerun.started", "", {}))


def read(*events: Any) -> tuple[Report, ...]:
    """Return the reports of a batch that must have some."""
    parsed = parse(name_event(None, list(events)), list(events))
    assert isinstance(parsed, tuple)
    return parsed


def test_a_batch_makes_the_reports_of_its_events() -> None:
    started, task = read(*NEWS)
    assert started.identity == task.identity
    assert (list(started.jobs), list(task.jobs)) == ([], ["ship-7-pack"])


@pytest.mark.parametrize("other", [FAULTY, NO_NEWS, CUSTOM, {}, [], None, "text", [NEWS], {"type": "batch"}])
def test_unusable_events_of_a_batch_are_skipped(other: Any) -> None:
    assert read(*NEWS, other) == read(other, *NEWS) == read(*NEWS)


@pytest.mark.parametrize("batch", [[], [NO_NEWS], [NO_NEWS, CUSTOM, {}]])
def test_a_batch_of_ignored_events_is_ignored(batch: list[Any]) -> None:
    reason = "no event of the batch is about a run or a service"
    assert parse("batch", batch) == Ignored(reason)


@pytest.mark.parametrize("batch", [[FAULTY], [None], [[]], [NO_NEWS, FAULTY], [{"type": "batch"}]])
def test_a_batch_without_a_usable_event_is_malformed(batch: list[Any]) -> None:
    with pytest.raises(MalformedError, match="First error"):
        parse("batch", batch)


def test_of_a_batch_of_too_many_events_the_first_are_taken() -> None:
    assert len(read(*[wrap(make_service("deployed"))] * 1001)) == 1000


def test_a_batch_is_named_by_all_of_its_events() -> None:
    name = name_delivery("batch", NEWS)
    assert len(name or "") == 64
    assert name == name_delivery("batch", [dict(event) for event in NEWS])
    assert name != name_delivery("batch", NEWS[::-1])


@pytest.mark.parametrize("batch", [[], [*NEWS, {}], [*NEWS, None], [NEWS], NEWS * 501])
def test_a_batch_with_a_nameless_event_or_too_many_has_no_name(batch: list[Any]) -> None:
    assert name_delivery("batch", batch) is None


@pytest.mark.parametrize(
    ("batch", "fault"),
    [
        ([None], "No valid event among 1. First error: batch: Not an event: NoneType."),
        ([NO_NEWS, [], FAULTY], "No valid event among 3. First error: batch: Not an event: list."),
        ([FAULTY, None], f"No valid event among 2. First error: subject.id: {MISSING}"),
        ({}, "Must be a list."),
    ],
)
def test_the_error_of_a_batch_has_the_number_of_events_and_the_first_fault(batch: Any, fault: str) -> None:
    with pytest.raises(MalformedError) as raised:
        parse("batch", batch)
    assert raised.value.errors == {"batch": [fault]}


def test_a_batch_of_the_maximum_size_has_a_name() -> None:
    assert len(name_delivery("batch", NEWS * 500) or "") == 64

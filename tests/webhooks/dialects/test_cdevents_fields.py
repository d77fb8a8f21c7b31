"""Which field of a CDEvent, or of the CloudEvent around it, each claim is read from, and how long its text may be."""

from typing import Any

import pytest

from dashboard.core.registers import make_stamp
from dashboard.webhooks.dialects.cdevents import name_delivery, name_event, parse
from dashboard.webhooks.dialects.payload import MAX_TEXT_LENGTH, MAX_URL_LENGTH
from tests.support.bodies.cdevents import make_event, make_pipeline_run, make_service, make_task_run, wrap
from tests.support.parsed_reports import at, find_stamps, only, values

STARTED = "dev.cdevents.pipelinerun.started.0.2.0"


def read(body: Any) -> Any:
    """Return the only report of a body, as the event that it is by its type."""
    return only(parse(name_event(None, body), body))


def change_subject(body: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return the body of an event with other fields in its subject; None removes one."""
    subject = {name: value for name, value in (body["subject"] | fields).items() if value is not None}
    return body | {"subject": subject}


def change_content(body: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return the body of an event with other fields in its subject's content."""
    return change_subject(body, content=body["subject"]["content"] | fields)


@pytest.mark.parametrize("data", [{"context": {"type": STARTED}}, {"context": {"type": STARTED}, "subject": {}}])
def test_data_with_a_context_is_the_event(data: dict[str, Any]) -> None:
    assert name_event(None, {"data": data}) == "pipelinerun.started"


def test_data_with_only_a_subject_is_the_event() -> None:
    body = wrap(make_pipeline_run("started"))
    del body["data"]["context"]
    assert read(body) == read(make_pipeline_run("started"))


def test_data_that_is_no_event_leaves_the_body_as_the_event() -> None:
    body = make_pipeline_run("started") | {"data": {"note": "for later"}}
    assert read(body) == read(make_pipeline_run("started"))


@pytest.mark.parametrize(
    ("subject_source", "context_source", "around", "expected"),
    [
        ("/tekton/red", "/tekton/green", "/tekton/blue", "/tekton/red"),
        (None, "/tekton/green", "/tekton/blue", "/tekton/green"),
        (None, "", "/tekton/blue", "/tekton/blue"),
    ],
)
def test_source_is_that_of_the_subject_then_the_context_then_the_event_around(
    subject_source: str | None, context_source: str, around: str, expected: str
) -> None:
    event = change_subject(make_pipeline_run("started", source=context_source), source=subject_source)
    assert read(wrap(event) | {"source": around}).identity.parts[1] == expected


def test_id_that_the_context_lacks_is_that_of_the_event_around() -> None:
    body = wrap(make_service("deployed"))
    del body["data"]["context"]["id"]
    assert read(body).identity == read(make_service("deployed")).identity


def test_long_source_is_cut_to_the_maximum_length() -> None:
    source = "/".ljust(3000, "x")
    report = read(change_subject(make_pipeline_run("started"), source=source))
    assert report.identity.parts[1] == source[:MAX_URL_LENGTH]


@pytest.mark.parametrize(("length", "count"), [(2000, 2), (3000, 1)])
def test_source_of_the_event_around_counts_to_its_maximum_length(length: int, count: int) -> None:
    bodies = [{"id": "1", "source": "/".ljust(length, "x") + end, "type": STARTED, "data": {}} for end in "ab"]
    assert len({name_delivery("pipelinerun.started", body) for body in bodies}) == count


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("https://tekton.example.org/blue", "tekton.example.org/blue"),
        ("https://tekton.example.org/?of=https://shop", "tekton.example.org/?of=https://shop"),
        ("//tekton/blue//", "tekton/blue"),
        ("XL/MAX", "XL/MAX"),
        ("job/shop/ship-7", "job/shop"),
        ("job/shop//ship-7", "job/shop"),
        ("/job/MAX/ship-7", "job/MAX"),
        ("job/airship-7", "job/airship-7"),
        ("ship-7/ship-7", "ship-7"),
    ],
)
def test_project_is_named_after_the_source_without_scheme_and_run(source: str, name: str) -> None:
    report = read(change_subject(make_pipeline_run("started"), source=source))
    assert values(report.project) == {"name": name}


@pytest.mark.parametrize(
    ("urls", "expected"),
    [
        ({"url": "http://tekton.example.org/7"}, "http://tekton.example.org/7"),
        ({"url": "https://tekton.example.org/7"}, "https://tekton.example.org/7"),
        ({"uri": "http://tekton.example.org/8"}, "http://tekton.example.org/8"),
        ({"uri": "ship-7", "url": "http://tekton.example.org/7"}, "http://tekton.example.org/7"),
        ({"url": "ftp://tekton.example.org/7"}, None),
    ],
)
def test_url_of_a_run_is_absolute(urls: dict[str, str], expected: str | None) -> None:
    assert values(read(change_content(make_pipeline_run("started"), **urls)).deployment).get("run_url") == expected


def test_errors_of_a_run_are_cut_to_the_maximum_length() -> None:
    errors = "No space left ".ljust(MAX_TEXT_LENGTH + 1, "x")
    report = read(change_content(make_pipeline_run("finished", "failure"), errors=errors))
    assert values(report.deployment)["error"] == errors[:MAX_TEXT_LENGTH]


@pytest.mark.parametrize(
    "body",
    [
        make_pipeline_run("queued"),
        make_pipeline_run("started"),
        make_task_run("started"),
        make_event("taskrun.queued", "pack-1", {"task": "pack"}),
        make_event("taskrun.started", "pack-1", {"task": "pack"}),
        make_service("removed"),
    ],
    ids=lambda body: body["context"]["type"],
)
def test_every_claim_has_the_time_of_the_event(body: dict[str, Any]) -> None:
    assert find_stamps(read(body)) == {make_stamp(at("11:00:00"))}


@pytest.mark.parametrize("predicate", ["queued", "started"])
def test_run_that_has_not_finished_has_no_end(predicate: str) -> None:
    run, task = read(make_pipeline_run(predicate)).deployment, read(make_task_run(predicate)).jobs["ship-7-pack"]
    assert run.outcomes[0].completed_at is task.outcomes[0].completed_at is None

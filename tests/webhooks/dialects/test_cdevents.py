"""Reports from CDEvents in every transport, and which events are ignored."""

from typing import Any

import pytest

from dashboard.webhooks.dialects.cdevents import EVENTS, WORDS, name_event, parse
from dashboard.webhooks.dialects.payload import Ignored, MalformedError
from tests.support.bodies.cdevents import (
    ARTIFACT,
    make_event,
    make_pipeline_run,
    make_service,
    make_task_run,
    wrap,
)
from tests.support.bodies.corpora import needs_corpora, read_corpus
from tests.support.parsed_reports import at, make_identity, merge_in_any_order, only, outcome, read_errors, values

RUN = make_identity("cdevents", "tekton/blue", ("", "/tekton/blue", "run", "ship-7"), "ship-7")


def read(body: Any) -> Any:
    """Return the only report of a body, as the event that it is by its type."""
    return only(parse(name_event(None, body), body))


@pytest.mark.parametrize("carry", [dict, wrap])
def test_a_pipeline_run_reports_its_identity_and_outcome(carry: Any) -> None:
    body = make_pipeline_run("finished", "failure")
    body["subject"]["content"]["errors"] = "No space left\nin the registry"
    report = read(carry(body))
    assert report.identity == RUN
    assert values(report.project) == {"name": "tekton/blue"}
    assert values(report.deployment) == {
        "message": "ship",
        "run_url": "https://tekton.example.org/ship-7",
        "error": "No space left\nin the registry",
    }
    assert outcome(report.deployment) == ("completed", "failure", "failure")
    assert report.deployment.outcomes[0].completed_at == report.deployment.outcomes[0].reported_at == at("11:00:00")
    assert (report.jobs, report.steps) == ({}, {})


@pytest.mark.parametrize(
    ("predicate", "value", "expected"),
    [
        ("queued", None, ("queued", None, "queued")),
        ("started", None, ("in_progress", None, "started")),
        ("started", "success", ("in_progress", None, "started")),
        ("finished", "success", ("completed", "success", "success")),
        ("finished", "failure", ("completed", "failure", "failure")),
        ("finished", "error", ("completed", "failure", "error")),
        ("finished", "cancel", ("completed", "cancelled", "cancel")),
        ("finished", "Success", ("completed", "success", "Success")),
        ("finished", "melted", ("completed", "unknown", "melted")),
        ("finished", None, ("completed", "unknown", "finished")),
    ],
)
def test_every_predicate_and_outcome_of_a_run(predicate: str, value: str | None, expected: tuple[str, ...]) -> None:
    assert outcome(read(make_pipeline_run(predicate, value)).deployment) == expected
    assert outcome(read(make_task_run(predicate, value)).jobs["ship-7-pack"]) == expected


def test_a_task_is_a_job_of_its_pipeline_run() -> None:
    report = read(make_task_run("started"))
    assert report.identity == RUN
    assert values(report.project) == {"name": "tekton/blue"}
    assert values(report.jobs["ship-7-pack"]) == {"name": "Pack"}
    assert report.jobs["ship-7-pack"].started_at == at("11:00:00")
    assert report.deployment.fields == {}
    assert report.deployment.outcome is None


def test_the_run_of_a_task_may_come_from_another_source() -> None:
    body = make_task_run("started")
    body["subject"]["content"]["pipelineRun"]["source"] = "/tekton/green"
    assert read(body).identity.parts == ("", "/tekton/green", "run", "ship-7")


def test_a_task_without_a_pipeline_is_a_deployment_of_its_own() -> None:
    content = {
        "task": "pack",
        "uri": "https://tekton.example.org/pack-1",
        "outcome": "error",
        "errors": "Out of memory",
    }
    report = read(make_event("taskrun.finished", "pack-1", content))
    assert report.identity == make_identity("cdevents", "tekton/blue", ("", "/tekton/blue", "task", "pack-1"), "pack-1")
    assert values(report.deployment) == {
        "message": "pack",
        "run_url": "https://tekton.example.org/pack-1",
        "error": "Out of memory",
    }
    assert values(report.jobs["pack-1"]) == {"name": "pack", "error": "Out of memory"}
    assert outcome(report.deployment) == outcome(report.jobs["pack-1"]) == ("completed", "failure", "error")


@pytest.mark.parametrize(
    ("predicate", "expected", "status", "message"),
    [
        ("deployed", ("completed", "success", "deployed"), "running", f"deployed {ARTIFACT}"),
        ("upgraded", ("completed", "success", "upgraded"), "running", f"upgraded {ARTIFACT}"),
        ("rolledback", ("completed", "success", "rolledback"), "running", f"rolledback {ARTIFACT}"),
        ("removed", ("completed", "neutral", "removed"), "stopped", "removed"),
    ],
)
def test_a_change_of_a_service_is_a_deployment(
    predicate: str, expected: tuple[str, ...], status: str, message: str
) -> None:
    report = read(make_service(predicate))
    parts = ("", "/tekton/blue", "service", "service/shop", "blue", "f1b2", predicate)
    assert report.identity == make_identity("cdevents", "service/shop", parts)
    assert values(report.project) == {"name": "service/shop", "service_status": status}
    assert values(report.deployment) == {"environment": "blue", "service_status": status, "message": message}
    assert outcome(report.deployment) == expected
    assert report.deployment.outcomes[0].completed_at == at("11:00:00")


def test_a_service_removed_later_is_stopped_in_any_order() -> None:
    deployed = read(make_service("deployed")).project
    removed = read(make_service("removed", timestamp="2026-03-01T12:00:00Z")).project
    assert max(deployed.fields["service_status"], removed.fields["service_status"])[2] == "stopped"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-01T11:00:00Z", "11:00:00"),
        ("2026-03-01T12:00:00.25+01:00", "11:00:00.250"),
        ("2026-03-01T11:00:00", None),
        ("yesterday", None),
    ],
)
def test_every_format_of_time(value: str, expected: str | None) -> None:
    started_at = read(make_pipeline_run("started", timestamp=value)).deployment.started_at
    assert started_at == (expected and at(expected))


def test_fields_missing_from_the_context_come_from_the_cloud_event() -> None:
    body = wrap(make_pipeline_run("started"))
    body["data"]["context"] = {}
    body["data"]["subject"].pop("source")
    report = read(body)
    assert (report.identity, report.deployment.started_at) == (RUN, at("11:00:00"))


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("/tekton/blue", "tekton/blue"),
        ("https://tekton.example.org/blue/", "tekton.example.org/blue"),
        ("job/shop/ship-7/", "job/shop"),
        ("ship-7", "ship-7"),
        ("/ship-7", "ship-7"),
    ],
)
def test_a_project_is_its_source_without_the_trailing_run(source: str, path: str) -> None:
    body = make_pipeline_run("started")
    body["subject"]["source"] = source
    assert read(body).identity.project.path == path


@pytest.mark.parametrize("url", ["/apis/tekton/ship-7", "javascript:alert(1)", "", 7])
def test_a_url_that_is_not_absolute_is_dropped(url: Any) -> None:
    body = make_pipeline_run("started")
    body["subject"]["content"]["url"] = url
    assert "run_url" not in values(read(body).deployment)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("dev.cdevents.pipelinerun.started.0.2.0", "pipelinerun.started"),
        ("dev.cdevents.taskrun.finished.12.0.0-draft", "taskrun.finished"),
        ("dev.cdevents.taskRun.Finished", "taskrun.finished"),
        ("dev.cdeventsx.acme-build.started.0.1.0", "custom"),
        ("dev.cdevents.pipelinerun", "dev.cdevents.pipelinerun"),
        ("com.example.Thing", "com.example.Thing"),
        (None, "unknown"),
    ],
)
def test_an_event_is_named_by_subject_and_predicate(kind: str | None, expected: str) -> None:
    whole = {"context": {"type": kind}, "subject": {}}
    assert name_event(None, whole) == name_event(None, {"type": kind, "data": {}}) == expected
    assert name_event(kind, {}) == expected


@pytest.mark.parametrize("event", [event for event, known in EVENTS.items() if isinstance(known, Ignored)])
def test_events_without_a_run_are_ignored_with_a_reason(event: str) -> None:
    assert parse(event, {}) == EVENTS[event]


def test_an_unknown_event_is_ignored() -> None:
    assert parse("com.example.Thing", {}) == Ignored("unknown event 'com.example.Thing'")


@pytest.mark.parametrize("event", ["pipelinerun.started", "taskrun.finished", "service.deployed", "batch"])
@pytest.mark.parametrize("body", [None, 7, "text", {}, {"context": [], "subject": 1}, {"data": "text"}])
def test_a_body_of_another_shape_is_malformed(event: str, body: Any) -> None:
    with pytest.raises(MalformedError):
        parse(event, body)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (make_event("pipelinerun.started", "", {}), "subject.id"),
        (make_event("taskrun.started", " ", {}), "subject.id"),
        (make_event("service.deployed", "", {}), "subject.id"),
        (make_service("deployed", id=None), "context.id"),
        ({**make_pipeline_run("started", source=""), "subject": {"id": "ship-7"}}, "context.source"),
    ],
)
def test_an_event_without_a_subject_is_malformed(body: Any, field: str) -> None:
    assert list(read_errors(parse, name_event(None, body), body)) == [field]


def test_an_event_without_a_type_is_malformed() -> None:
    assert list(read_errors(parse, "pipelinerun.started", make_pipeline_run("started", type=None))) == ["context.type"]


def test_a_run_and_its_tasks_merge_in_any_order() -> None:
    bodies = [
        make_pipeline_run("queued", timestamp="2026-03-01T11:00:00Z"),
        make_pipeline_run("started", timestamp="2026-03-01T11:00:05Z"),
        make_task_run("started", timestamp="2026-03-01T11:00:06Z"),
        make_task_run("finished", "success", timestamp="2026-03-01T11:01:00Z"),
        wrap(make_pipeline_run("finished", "success", timestamp="2026-03-01T11:01:01Z")),
    ]
    merged = merge_in_any_order([read(body) for body in bodies])
    assert outcome(merged.deployment) == ("completed", "success", "success")
    assert (merged.deployment.started_at, merged.deployment.outcomes[0].completed_at) == (
        at("11:00:05"),
        at("11:01:01"),
    )
    assert outcome(merged.jobs["ship-7-pack"]) == ("completed", "success", "success")
    assert merged.jobs["ship-7-pack"].started_at == at("11:00:06")


def test_an_end_before_the_start_is_kept_as_sent() -> None:
    bodies = [make_task_run("started"), make_task_run("finished", "cancel", timestamp="2026-03-01T10:59:59Z")]
    job = merge_in_any_order([read(body) for body in bodies]).jobs["ship-7-pack"]
    assert (job.started_at, job.outcomes[0].completed_at) == (at("11:00:00"), at("10:59:59"))


def test_status_words_are_case_insensitive() -> None:
    assert all(word == word.casefold() for word in WORDS)


@needs_corpora
def test_real_bodies_are_reports_or_ignored_with_a_reason() -> None:
    parsed = {name: parse(name_event(None, body), body) for name, body in read_corpus("cdevents-0.4.1").items()}
    ignored = {name for name, reports in parsed.items() if isinstance(reports, Ignored)}
    assert ignored == {"environment_created", "environment_deleted", "environment_modified", "service_published"}
    runs = {only(reports).identity for name, reports in parsed.items() if "run_" in name}
    assert [run.parts for run in runs] == [("", "/event/source/123", "run", "mySubject123")]
    services = {
        only(reports).identity for name, reports in parsed.items() if "service_" in name and name not in ignored
    }
    assert len(services) == 4


NAMESPACE = "/apis/tekton.dev/v1beta1/namespaces/blue"


def make_tekton(kind: str, name: str, at_clock: str, content: dict[str, Any], plural: str) -> Any:
    """Return the report of an event whose source is the path of the object itself, as Tekton sends it."""
    source = f"{NAMESPACE}/{plural}/{name}"
    body = make_event(kind, name, content, source=source, timestamp=f"2026-03-01T{at_clock}Z")
    body["subject"]["source"] = source
    return read(body)


@pytest.mark.parametrize("run", [{"id": "ship-7"}, "ship-7"])
@pytest.mark.parametrize(("runs", "tasks"), [("pipelineruns", "taskruns"), ("PipelineRun", "TaskRun")])
def test_a_task_that_names_its_run_only_by_id_is_a_job_of_it(run: Any, runs: str, tasks: str) -> None:
    merged = merge_in_any_order(
        [
            make_tekton("taskrun.started", "ship-7-pack", "11:00:06", {"taskName": "Pack", "pipelineRun": run}, tasks),
            make_tekton("pipelinerun.started", "ship-7", "11:00:05", {"pipelineName": "ship"}, runs),
            make_tekton(
                "taskrun.finished", "ship-7-pack", "11:01:00",
                {"taskName": "Pack", "pipelineRun": run, "outcome": "success"}, tasks,
            ),
            make_tekton("pipelinerun.finished", "ship-7", "11:01:01", {"outcome": "success"}, runs),
        ]
    )  # fmt: skip
    assert merged.identity.parts == ("", NAMESPACE, "run", "ship-7")
    assert values(merged.project) == {"name": NAMESPACE[1:]}
    assert {key: outcome(job)[1] for key, job in merged.jobs.items()} == {"ship-7-pack": "success"}
    assert outcome(merged.deployment) == ("completed", "success", "success")


def test_a_task_without_a_run_belongs_to_its_namespace() -> None:
    report = make_tekton("taskrun.started", "lint-1", "11:00:00", {"taskName": "Lint"}, "taskruns")
    assert report.identity.parts == ("", NAMESPACE, "task", "lint-1")
    assert values(report.project) == {"name": NAMESPACE[1:]}


@pytest.mark.parametrize("source", ["/tekton/blue/ship-7", "/tekton/blue/ship-7/", "/tekton/blue"])
def test_the_run_at_the_end_of_a_source_is_no_part_of_it(source: str) -> None:
    run, task = make_pipeline_run("started"), make_task_run("started")
    run["subject"]["source"] = task["subject"]["source"] = source
    assert read(run).identity == read(task).identity
    assert read(run).identity.parts[1] == "/tekton/blue"


def test_the_name_of_a_pipeline_is_decoded() -> None:
    body = make_pipeline_run("started")
    body["subject"]["content"]["pipelineName"] = "Team/shop/feature%2F%234"
    assert values(read(body).deployment)["message"] == "Team/shop/feature/#4"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("https://ci.example.org/job/shop/job/feature%252F%25234/", "ci.example.org/job/shop/job/feature/#4"),
        ("/my%20team%0A/shop", "my team\ufffd/shop"),
        ("https://%00%0A", "\ufffd\ufffd"),
    ],
)
def test_the_name_of_a_project_is_decoded(source: str, name: str) -> None:
    body = make_pipeline_run("started")
    body["subject"]["source"] = source
    assert values(read(body).project)["name"] == name

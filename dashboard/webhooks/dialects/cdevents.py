"""The dialect of CDEvents, plain or in CloudEvents: runs of pipelines and tasks, and services in environments. Pure.

Source: https://github.com/cdevents/spec (0.4, 0.5 and the draft of 0.6); any version of an event is accepted.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from dashboard.core.registers import Node, Outcome, claim_node
from dashboard.core.report import Identity, Report
from dashboard.core.words import Conclusion, Meaning, Status
from dashboard.webhooks.dialects.payload import (
    MAX_JOBS,
    MAX_NAME_LENGTH,
    MAX_TEXT_LENGTH,
    MAX_URL_LENGTH,
    Body,
    Events,
    Ignored,
    MalformedError,
    Parsed,
    decode_name,
    identify,
    parse_event,
    read_meaning,
    read_object,
    read_text,
    read_time,
    require,
)

WORDS: Mapping[str, Meaning] = {
    "queued": (Status.QUEUED, None),
    "started": (Status.IN_PROGRESS, None),
    "finished": (Status.COMPLETED, Conclusion.UNKNOWN),
    "success": (Status.COMPLETED, Conclusion.SUCCESS),
    "failure": (Status.COMPLETED, Conclusion.FAILURE),
    "error": (Status.COMPLETED, Conclusion.FAILURE),
    "cancel": (Status.COMPLETED, Conclusion.CANCELLED),
    "deployed": (Status.COMPLETED, Conclusion.SUCCESS),
    "upgraded": (Status.COMPLETED, Conclusion.SUCCESS),
    "rolledback": (Status.COMPLETED, Conclusion.SUCCESS),
    # A removal deploys nothing, and nothing failed.
    "removed": (Status.COMPLETED, Conclusion.NEUTRAL),
}
"""The predicates of runs and services, and the outcomes of runs."""
BATCH, CUSTOM, UNKNOWN = "batch", "custom", "unknown"
REMOVED = "removed"
OBJECT = re.compile(r"(.+?)/(?:pipelineruns?|taskruns?)(?:/[^/]+)?/*", re.IGNORECASE)
"""Tekton's source: the path of the run or task itself, after that of its namespace."""


class CDEvent(NamedTuple):
    """One event: its subject, predicate and time."""

    subject: Body
    content: Body
    source: str
    """The subject's source, by default the context's."""
    predicate: str
    stamp: datetime | None
    context_id: str | None


def name_event(header_event: str | None, body: Any) -> str:  # noqa: ANN401
    """Return subject and predicate (`pipelinerun.started`), `batch` for a list; the header is `ce-type`."""
    if isinstance(body, list):
        return BATCH
    return _name_type(_read_type(body) or header_event or UNKNOWN)


def name_delivery(event: str, body: Any) -> str | None:  # noqa: ANN401
    """Return a key that is the same when the sender sends the same event again, None if the event has no id.

    The type is part of it: some senders give several events one id.
    """
    if event != BATCH or not isinstance(body, list):
        names = _name_parts(body)
        key = " ".join(names)
        return (key if len(key) <= MAX_NAME_LENGTH else _digest(names)) if names else None
    several = [_name_parts(item) for item in body] if len(body) <= MAX_JOBS else []
    return _digest(several) if several and all(several) else None


def parse(event: str, body: Any) -> Parsed:  # noqa: ANN401
    """Return the reports in the body of an event, or why it is ignored; raise MalformedError."""
    return parse_event(EVENTS, event, body)


def _read_type(body: Any) -> str | None:  # noqa: ANN401
    return read_text(_unwrap(body), "context", "type") or read_text(body, "type")


def _name_type(kind: str) -> str:
    """Return subject and predicate of a type like `dev.cdevents.taskrun.started.0.2.0`, any other type unchanged."""
    parts = kind.casefold().split(".")
    if parts[:2] == ["dev", "cdeventsx"]:
        return CUSTOM
    return ".".join(parts[2:4]) if parts[:2] == ["dev", "cdevents"] and len(parts) >= 4 else kind


def _unwrap(body: Any) -> Body:  # noqa: ANN401
    """Return the CDEvent: the data of a CloudEvent, or the body itself."""
    data = read_object(body, "data")
    return data if "context" in data or "subject" in data else read_object(body)


def _name_parts(body: Any) -> list[str]:  # noqa: ANN401
    """Return source, id and type; an empty list if one is missing."""
    context = read_object(_unwrap(body), "context")
    parts = [
        read_text(context, name, limit=MAX_URL_LENGTH) or read_text(body, name, limit=MAX_URL_LENGTH)
        for name in ("source", "id", "type")
    ]
    return [part for part in parts if part] if all(parts) else []


def _digest(value: Any) -> str:  # noqa: ANN401
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def _parse_batch(body: Any) -> Parsed:  # noqa: ANN401
    """Return the reports of the first MAX_JOBS events of a batch.

    Invalid events are skipped; MalformedError is raised if no other event reports.
    """
    if not isinstance(body, list):
        raise MalformedError({BATCH: ["Must be a list."]})
    reports: list[Report] = []
    faults: list[MalformedError] = []
    for item in body[:MAX_JOBS]:
        try:
            parsed = parse(name_event(None, item), item) if isinstance(item, Mapping) else _reject_item(item)
        except MalformedError as fault:
            faults.append(fault)
        else:
            reports += () if isinstance(parsed, Ignored) else parsed
    if not reports and faults:
        raise MalformedError({BATCH: [f"No valid event among {len(body)}. First error: {faults[0]}"]})
    return tuple(reports) or Ignored("no event of the batch is about a run or a service")


def _reject_item(item: Any) -> Parsed:  # noqa: ANN401
    raise MalformedError({BATCH: [f"Not an event: {type(item).__name__}."]})


def _read_event(body: Any) -> CDEvent:  # noqa: ANN401
    """Return the event in a body; fields that its context lacks are taken from a CloudEvent around it."""
    unwrapped = _unwrap(body)
    context, subject = read_object(unwrapped, "context"), read_object(unwrapped, "subject")
    source = _read_source(subject) or _read_source(context) or _read_source(body)
    return CDEvent(
        subject,
        read_object(subject, "content"),
        require("context.source", source),
        _name_type(require("context.type", _read_type(body))).rpartition(".")[2],
        read_time(context, "timestamp") or read_time(body, "time"),
        read_text(context, "id") or read_text(body, "id"),
    )


def _read_source(body: Any) -> str | None:  # noqa: ANN401
    return read_text(body, "source", limit=MAX_URL_LENGTH)


def _parse_pipeline_run(body: Any) -> Parsed:  # noqa: ANN401
    event = _read_event(body)
    identity, project = _identify_run("run", event.source, require("subject.id", read_text(event.subject, "id")), event)
    values = {
        # Jenkins sends the full name of its job, in which the branch of a multibranch project is encoded.
        "message": decode_name(read_text(event.content, "pipelineName") or "") or None,
        "run_url": _read_url(event.content),
        "error": read_text(event.content, "errors", limit=MAX_TEXT_LENGTH),
    }
    return (Report(identity, project, claim_node(values, outcome=_read_outcome(event), stamp=event.stamp)),)


def _parse_task_run(body: Any) -> Parsed:  # noqa: ANN401
    """Return the report of a task run: a job of its pipeline's run, or without a pipeline its own deployment."""
    event = _read_event(body)
    key = require("subject.id", read_text(event.subject, "id"))
    error = read_text(event.content, "errors", limit=MAX_TEXT_LENGTH)
    name = read_text(event.content, "taskName") or read_text(event.content, "task")
    outcome = _read_outcome(event)
    job = claim_node({"name": name or key, "error": error}, outcome=outcome, stamp=event.stamp)
    if run_id := read_text(event.content, "pipelineRun", "id") or read_text(event.content, "pipelineRun"):
        source = _read_source(read_object(event.content, "pipelineRun")) or event.source
        identity, project = _identify_run("run", source, run_id, event)
        return (Report(identity, project, jobs={key: job}),)
    identity, project = _identify_run("task", event.source, key, event)
    values = {"message": name, "run_url": _read_url(event.content), "error": error}
    return (Report(identity, project, claim_node(values, outcome=outcome, stamp=event.stamp), {key: job}),)


def _identify_run(kind: str, source: str, run_id: str, event: CDEvent) -> tuple[Identity, Node]:
    """Return the identity of a run and the node of its project, which is the source.

    The project cannot be the pipeline's name, which a task run does not contain: its events would go to another one.
    A task run that names its run only by id gets the same source as the run, even if that is the path of the task.
    """
    place = _shorten_source(source, run_id)
    project = _name_project(place)
    identity = identify("cdevents", project, ("", place, kind, run_id), run_id)
    return identity, claim_node({"name": project}, stamp=event.stamp)


def _shorten_source(source: str, run_id: str) -> str:
    """Return the source without the run or task, which some senders append."""
    if match := OBJECT.fullmatch(source):
        return match[1]
    text = source.rstrip("/")
    shorter = text.removesuffix("/" + run_id).rstrip("/")
    return shorter if shorter != text and _strip_scheme(shorter) else source


def _name_project(place: str) -> str:
    """Return the source without its scheme, decoded; Jenkins encodes the names of branches in the names of its jobs."""
    name = decode_name(_strip_scheme(place))
    decoded = decode_name(name) if "job/" in name else name
    return (decoded or place)[:MAX_NAME_LENGTH]


def _strip_scheme(source: str) -> str:
    return (source.partition("://")[2] or source).strip("/")


def _read_outcome(event: CDEvent) -> Outcome:
    """Return the outcome by the predicate, for a finished run by its field `outcome`; an unknown one is `unknown`."""
    word, (rank, conclusion) = event.predicate, read_meaning(WORDS, event.predicate)
    outcome = read_text(event.content, "outcome")
    if rank == Status.COMPLETED and outcome:
        word, conclusion = outcome, read_meaning(WORDS, outcome)[1] or Conclusion.UNKNOWN
    return Outcome(rank, word, conclusion, event.stamp if rank == Status.COMPLETED else None, reported_at=event.stamp)


def _read_url(content: Body) -> str | None:
    """Return the URL of a page if it is absolute, else None; drafts of the specification called it `uri`."""
    urls = (read_text(content, name, limit=MAX_URL_LENGTH) for name in ("uri", "url"))
    return next((url for url in urls if url and url.startswith(("https://", "http://"))), None)


def _parse_service(body: Any) -> Parsed:  # noqa: ANN401
    """Return the report of a service in an environment: each event is a deployment that has ended.

    A removal, too: it is neither a success nor a failure, and it leaves the service stopped.
    """
    event = _read_event(body)
    name = require("subject.id", read_text(event.subject, "id"))
    environment = read_text(event.content, "environment", "id")
    # The predicate is included because some senders give several events one id.
    parts = ("", event.source, "service", name, environment, require("context.id", event.context_id), event.predicate)
    status = "stopped" if event.predicate == REMOVED else "running"
    artifact = read_text(event.content, "artifactId", limit=MAX_URL_LENGTH)
    values = {
        "environment": environment,
        "service_status": status,
        "message": " ".join(filter(None, (event.predicate, artifact))),
    }
    project = claim_node({"name": name, "service_status": status}, stamp=event.stamp)
    deployment = claim_node(values, outcome=_read_outcome(event), stamp=event.stamp)
    return (Report(identify("cdevents", name, parts), project, deployment),)


UNRELATED = Ignored("not about a pipeline run or a deployed service")
DRAFT_EVENT = Ignored("draft event of the specification")
EVENTS: Events = {
    BATCH: _parse_batch,
    "pipelinerun.queued": _parse_pipeline_run,
    "pipelinerun.started": _parse_pipeline_run,
    "pipelinerun.finished": _parse_pipeline_run,
    "taskrun.queued": _parse_task_run,
    "taskrun.started": _parse_task_run,
    "taskrun.finished": _parse_task_run,
    "service.deployed": _parse_service,
    "service.upgraded": _parse_service,
    "service.rolledback": _parse_service,
    "service.removed": _parse_service,
    "service.published": Ignored("only says that the service can be reached"),
    "environment.created": Ignored("environment event, not a deployment"),
    "environment.modified": Ignored("environment event, not a deployment"),
    "environment.deleted": Ignored("environment event, not a deployment"),
    **{f"repository.{predicate}": UNRELATED for predicate in ("created", "modified", "deleted")},
    **{f"branch.{predicate}": UNRELATED for predicate in ("created", "deleted")},
    **{f"change.{predicate}": UNRELATED for predicate in ("created", "reviewed", "updated", "merged", "abandoned")},
    **{f"build.{predicate}": UNRELATED for predicate in ("queued", "started", "finished")},
    **{
        f"artifact.{predicate}": UNRELATED for predicate in ("packaged", "signed", "published", "downloaded", "deleted")
    },
    **{f"testcaserun.{predicate}": UNRELATED for predicate in ("queued", "started", "finished", "skipped")},
    **{f"testsuiterun.{predicate}": UNRELATED for predicate in ("queued", "started", "finished")},
    "testoutput.published": UNRELATED,
    **{f"incident.{predicate}": UNRELATED for predicate in ("detected", "reported", "resolved")},
    **{f"ticket.{predicate}": UNRELATED for predicate in ("created", "updated", "closed")},
    **{f"approval.{predicate}": UNRELATED for predicate in ("created", "updated", "closed")},
    **{f"deployment.{predicate}": DRAFT_EVENT for predicate in ("queued", "started", "finished")},
    **{f"targetrollout.{predicate}": DRAFT_EVENT for predicate in ("queued", "started", "finished")},
    **{f"migration.{predicate}": DRAFT_EVENT for predicate in ("queued", "started", "finished")},
    **{f"reconciliation.{predicate}": DRAFT_EVENT for predicate in ("started", "finished")},
    CUSTOM: Ignored("custom event, its meaning is not specified"),
}

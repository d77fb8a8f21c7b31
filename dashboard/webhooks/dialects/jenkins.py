"""The dialect of Jenkins: bodies of its Notification and Generic Event plugins, and the stages of a pipeline. Pure.

All three identify a build by the path of a URL, so that their reports reach the same deployment.
Stages are the answer of `wfapi/describe` for a build, which the pipeline itself can post.
Sources: https://github.com/jenkinsci/notification-plugin, https://github.com/jenkinsci/generic-event-plugin,
https://github.com/jenkinsci/pipeline-stage-view-plugin.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from dashboard.core.registers import Node, Outcome, Scalar, claim_node
from dashboard.core.report import StepKey
from dashboard.core.steps import make_step_keys, normalise_name
from dashboard.core.words import Conclusion, Meaning, Status
from dashboard.webhooks.dialects.jenkins_build import (
    JOB,
    Build,
    Times,
    add_seconds,
    locate_build,
    read_duration,
    read_log,
    report_build,
    shorten_branch,
)
from dashboard.webhooks.dialects.payload import (
    MAX_STEPS,
    MAX_TEXT_LENGTH,
    MAX_URL_LENGTH,
    Body,
    Events,
    Ignored,
    Parsed,
    decode_name,
    parse_event,
    read_flag,
    read_int,
    read_meaning,
    read_object,
    read_objects,
    read_repository_path,
    read_text,
    read_time,
    read_value,
    require,
)

WORDS: Mapping[str, Meaning] = {
    "queued": (Status.QUEUED, None),
    "initialize": (Status.QUEUED, None),
    "started": (Status.IN_PROGRESS, None),
    # A pipeline's step can notify without naming a phase: the build is running then.
    "none": (Status.IN_PROGRESS, None),
    "in_progress": (Status.IN_PROGRESS, None),
    "paused_pending_input": (Status.IN_PROGRESS, None),
    "completed": (Status.COMPLETED, Conclusion.UNKNOWN),
    "finalized": (Status.COMPLETED, Conclusion.UNKNOWN),
    "success": (Status.COMPLETED, Conclusion.SUCCESS),
    "failure": (Status.COMPLETED, Conclusion.FAILURE),
    "failed": (Status.COMPLETED, Conclusion.FAILURE),
    "unstable": (Status.COMPLETED, Conclusion.FAILURE),
    "aborted": (Status.COMPLETED, Conclusion.CANCELLED),
    "not_built": (Status.COMPLETED, Conclusion.SKIPPED),
    "not_executed": (Status.COMPLETED, Conclusion.SKIPPED),
}
"""Phases of the Notification plugin, last parts of the Generic Event plugin's types, results, and states of stages."""
MAX_STEP_KEY_LENGTH = 240
"""Leaves room for the suffix that distinguishes steps with the same name."""
UNKNOWN = "unknown"


def name_event(header_event: str | None, body: Any) -> str:  # noqa: ANN401
    """Return the event of a delivery by the fields of its body: Jenkins has no header for it."""
    if phase := read_text(body, "build", "phase"):
        return f"notification.{phase.casefold()}"
    if isinstance(read_value(body, "data"), Mapping) and (kind := read_text(body, "type")):
        return kind
    if isinstance(read_value(body, "stages"), list):
        return "wfapi.describe"
    return header_event or UNKNOWN


def name_delivery(event: str, body: Any) -> str | None:  # noqa: ANN401
    """Return a key that is the same when Jenkins sends the same delivery again, None if the body has none."""
    if not event.startswith("notification."):
        return read_text(body, "id") if isinstance(read_value(body, "data"), Mapping) else None
    parts = (read_text(body, "url"), read_text(body, "build", "number"), read_text(body, "build", "phase"))
    return " ".join(part for part in parts if part) if all(parts) else None


def parse(event: str, body: Any) -> Parsed:  # noqa: ANN401
    """Return the reports in the body of an event, or why it is ignored; raise MalformedError."""
    return parse_event(EVENTS, event, read_object(body))


def _parse_notification(body: Body) -> Parsed:
    """Return the report of a body of the Notification plugin.

    The meaning of its timestamp depends on the phase: when the build was queued, when it started, its start plus its
    duration (completed), when the body was sent (finalized).
    """
    build = read_object(body, "build")
    phase = require("build.phase", read_text(build, "phase"))
    ended = read_meaning(WORDS, phase)[0] == Status.COMPLETED
    stamp, duration_s = read_time(build, "timestamp"), read_duration(build) if ended else None
    # Of a build that has begun without having ended, claim_node takes the stamp for the start.
    started_at = add_seconds(stamp, -duration_s if duration_s else None)
    outcome = _read_outcome(phase, read_text(build, "status"), stamp, stamp)
    values: dict[str, Scalar | None] = {
        "repository": read_repository_path(build, "scm", "url"),
        "branch": shorten_branch(read_text(build, "scm", "branch")),
        "commit_hash": read_text(build, "scm", "commit"),
        "run_url": read_text(build, "full_url", limit=MAX_URL_LENGTH),
        "message": read_text(build, "notes", limit=MAX_TEXT_LENGTH),
        "error": _list_failed_tests(build) if ended else None,
        "log": read_log(build),
    }
    return (report_build(_locate_notified(body, build), outcome, Times(stamp, started_at, duration_s), values),)


def _locate_notified(body: Body, build: Body) -> Build:
    """Return the build that a notification is about: the first of its URLs that names the job counts."""
    addresses = (read_text(where, name, limit=MAX_URL_LENGTH) for where, name in ((build, "url"), (body, "url")))
    located = [locate_build(address) for address in (*addresses, read_text(build, "full_url", limit=MAX_URL_LENGTH))]
    job = next((job for job, _ in located if job), None) or read_text(body, "name")
    number = read_int(build, "number") or next((number for _, number in located if number), None)
    return Build(require("url", job), str(require("build.number", number)))


def _parse_run(body: Body) -> Parsed:
    """Return the report of a Generic Event plugin body on a build; the timestamp in its data is the build's start."""
    data = read_object(body, "data")
    phase = require("type", read_text(body, "type")).rpartition(".")[2]
    ended = read_meaning(WORDS, phase)[0] == Status.COMPLETED
    stamp, started_at = read_time(body, "time"), read_time(data, "timestamp")
    duration_s = read_duration(data) if ended else None
    ended_at = add_seconds(started_at, duration_s) or stamp
    outcome = _read_outcome(phase, read_text(data, "result"), stamp, ended_at)
    job, _ = locate_build(read_text(body, "source", limit=MAX_URL_LENGTH))
    number = require("data.number", read_int(data, "number"))
    causes = [cause for action in read_objects(data, "actions") for cause in read_objects(action, "causes")]
    messages = [
        read_text(data, "description", limit=MAX_TEXT_LENGTH),
        *(read_text(c, "shortDescription") for c in causes),
    ]
    users = [read_text(cause, "userName") or read_text(cause, "userId") for cause in causes]
    values = {**_read_revision(data), "triggered_by": _find_first(users), "message": _find_first(messages)}
    build = Build(require("source", job), str(number))
    return (report_build(build, outcome, Times(stamp, started_at, duration_s), values),)


def _read_revision(data: Body) -> dict[str, Scalar | None]:
    """Return the revision that the Git plugin checked out.

    If there are several checkouts (libraries are checked out, too), none is used: nothing shows which is the project's.
    """
    checkouts = [a for a in read_objects(data, "actions") if read_text(a, "lastBuiltRevision", "SHA1")]
    checkout = checkouts[0] if len(checkouts) == 1 else {}
    branches = [read_text(branch, "name") for branch in read_objects(checkout, "lastBuiltRevision", "branch")]
    own = read_text(data, "_projectName") if read_flag(data, "_multiBranch") else None
    remotes = read_value(checkout, "remoteUrls")
    remote = {"url": remotes[0]} if isinstance(remotes, list) and remotes else None
    return {
        "repository": read_repository_path(remote, "url"),
        "branch": decode_name(own) if own else shorten_branch(_find_first(branches)),
        "commit_hash": read_text(checkout, "lastBuiltRevision", "SHA1"),
    }


def _parse_stages(body: Body) -> Parsed:
    """Return the report of a `wfapi/describe` body on a build; its duration grows while the build runs."""
    job, number = locate_build(read_text(body, "_links", "self", "href", limit=MAX_URL_LENGTH))
    if not (job and number):
        return Ignored("stages without a link to their build")
    started_at, duration_s = read_time(body, "startTimeMillis"), read_duration(body, "durationMillis")
    stamp = read_time(body, "endTimeMillis") or add_seconds(started_at, duration_s) or started_at
    status = read_text(body, "status") or ""
    # For a whole build not_executed can also mean that it has not begun: then nothing is claimed.
    is_stated = status.casefold() not in {"", "not_executed"}
    outcome = _read_outcome(status, None, stamp, stamp) if is_stated else None
    ended = outcome is not None and outcome.status == Status.COMPLETED
    times = Times(stamp, started_at, duration_s if ended else None)
    return (report_build(Build(job, number), outcome, times, {}, _parse_steps(body, stamp)),)


def _parse_steps(body: Body, stamp: datetime | None) -> dict[StepKey, Node]:
    stages = [stage for stage in read_objects(body, "stages") if read_text(stage, "name")][:MAX_STEPS]
    keys = make_step_keys(normalise_name(read_text(stage, "name") or "")[:MAX_STEP_KEY_LENGTH] for stage in stages)
    return {
        (JOB, key): _claim_stage(stage, place, stamp)
        for place, (key, stage) in enumerate(zip(keys, stages, strict=True), start=1)
    }


def _claim_stage(stage: Body, place: int, stamp: datetime | None) -> Node:
    word, started_at = read_text(stage, "status"), read_time(stage, "startTimeMillis")
    ended_at = add_seconds(started_at, read_duration(stage, "durationMillis")) or started_at
    outcome = _read_outcome(word, None, stamp, ended_at) if word else None
    error = read_text(stage, "error", "message", limit=MAX_TEXT_LENGTH)
    values = {"name": read_text(stage, "name"), "number": place, "error": error}
    return claim_node(values, outcome=outcome, stamp=stamp, started_at=started_at)


def _read_outcome(phase: str, result: str | None, stamp: datetime | None, completed_at: datetime | None) -> Outcome:
    """Return the outcome of a phase, or of a state of `wfapi/describe`, which has no separate result.

    In a final phase the result decides, if there is one; an unknown result counts as `unknown`.
    """
    rank, conclusion = read_meaning(WORDS, phase)
    if rank != Status.COMPLETED:
        return Outcome(rank, phase, reported_at=stamp)
    if result:
        conclusion = read_meaning(WORDS, result)[1] or Conclusion.UNKNOWN
    return Outcome(rank, result or phase, conclusion, completed_at, reported_at=stamp)


def _list_failed_tests(build: Body) -> str | None:
    names = read_value(build, "test_summary", "failed_tests")
    return "\n".join(filter(None, map(read_text, names)))[:MAX_TEXT_LENGTH] or None if isinstance(names, list) else None


def _find_first(texts: Iterable[str | None]) -> str | None:
    return next(filter(None, texts), None)


EVENTS: Events = {
    "notification.queued": _parse_notification,
    "notification.started": _parse_notification,
    "notification.completed": _parse_notification,
    "notification.finalized": _parse_notification,
    "notification.none": _parse_notification,
    "run.initialize": _parse_run,
    "run.started": _parse_run,
    "run.completed": _parse_run,
    "run.finalized": _parse_run,
    "run.deleted": Ignored("builds deleted in Jenkins stay in the history here"),
    "item.created": Ignored("not about a build"),
    "item.updated": Ignored("not about a build"),
    "item.deleted": Ignored("not about a build"),
    "item.locationChanged": Ignored("not about a build"),
    "wfapi.describe": _parse_stages,
    UNKNOWN: Ignored("unknown body: neither from the Notification or Generic Event plugin, nor the stages of a build"),
}

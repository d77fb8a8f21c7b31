"""The dialect of Buildbot's HttpStatusPush: each delivery is a whole build, with its steps if it is set to send them.

Pure. A build is one job. Buildbot adds its steps one by one as they begin, so their number is never known in advance.
Bodies are as https://docs.buildbot.net/latest/developer/rtype-build.html describes them, with what
buildbot/reporters/utils.py of https://github.com/buildbot/buildbot adds: builder, buildset, url, steps. Times are whole
seconds since 1970.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dashboard.core.registers import Node, Outcome, claim_node
from dashboard.core.report import Identity, Report, StepKey
from dashboard.core.steps import make_step_keys, normalise_name
from dashboard.core.storable import MAX_INT
from dashboard.core.words import Conclusion, Meaning, Status
from dashboard.webhooks.dialects.branches import name_fork_branch
from dashboard.webhooks.dialects.payload import (
    MAX_NAME_LENGTH,
    MAX_STEPS,
    MAX_TEXT_LENGTH,
    MAX_URL_LENGTH,
    Body,
    Events,
    Ignored,
    Parsed,
    find_latest,
    identify,
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

RESULTS = ("success", "warnings", "failure", "skipped", "exception", "retry", "cancelled")
"""Buildbot's names for its result codes: the code is the position."""
WORDS: Mapping[str, Meaning] = {
    "pending": (Status.QUEUED, None),
    "started": (Status.IN_PROGRESS, None),
    "success": (Status.COMPLETED, Conclusion.SUCCESS),
    "warnings": (Status.COMPLETED, Conclusion.SUCCESS),
    "failure": (Status.COMPLETED, Conclusion.FAILURE),
    "skipped": (Status.COMPLETED, Conclusion.SKIPPED),
    "exception": (Status.COMPLETED, Conclusion.FAILURE),
    "retry": (Status.COMPLETED, Conclusion.CANCELLED),
    "cancelled": (Status.COMPLETED, Conclusion.CANCELLED),
}
"""A build to be retried is over: its successor has its own id."""
TIMES = ("started_at", "locks_acquired_at", "complete_at")
SUBJECTS = {"build": "buildid", "buildset": "builds", "buildrequest": "buildrequest"}
"""The field by which a body of each event is recognised; a build has its id only once a worker has started it."""


def name_event(header_event: str | None, body: Any) -> str:  # noqa: ANN401
    """Return the event of a delivery by the fields of its body: Buildbot has no header for it."""
    if header_event or isinstance(body, str):
        return header_event or "text"
    return next((event for event, field in SUBJECTS.items() if read_value(body, field) is not None), "unnamed")


def name_delivery(event: str, body: Any) -> str | None:  # noqa: ANN401
    """Return the id of the build and its status word, None for other events."""
    build_id = read_text(body, "buildid")
    return f"{build_id} {_read_word(read_object(body))}" if event == "build" and build_id else None


def parse(event: str, body: Any) -> Parsed:  # noqa: ANN401
    """Return the reports in the body of an event, or why it is ignored; raise MalformedError."""
    return parse_event(EVENTS, event, body)


def _parse_build(body: Any) -> Parsed:  # noqa: ANN401
    build = read_object(body)
    builder: str = require("builder.name", read_text(build, "builder", "name"))
    repository = _read_repository(build)
    project = _read_source(build, "project") or repository or builder
    steps = _read_steps(build)
    # The latest time of the build and its steps stands for the time of the report.
    stamp = find_latest(*(read_time(thing, name) for thing in (build, *steps) for name in TIMES))
    job_key = normalise_name(builder)[:MAX_NAME_LENGTH]
    outcome = _read_outcome(build, stamp)
    return (
        Report(
            _identify(build, builder, project),
            claim_node({"name": project, "repository": repository}, stamp=stamp),
            _claim(build, _describe(build) | {"repository": repository} | _read_summary(build, outcome), outcome),
            {job_key: _claim(build, {"name": builder}, outcome)},
            _claim_steps(job_key, steps[:MAX_STEPS], stamp),
        ),
    )


def _identify(build: Body, builder: str, project: str) -> Identity:
    """Return the identity of a build: its id is unique only within its master, and several masters can share a host."""
    build_id = require("buildid", read_text(build, "buildid"))
    master = (read_text(build, "url", limit=MAX_URL_LENGTH) or "").partition("#")[0]
    return identify("buildbot", project, (master, builder.lower(), "run", build_id, 1), build_id)


def _describe(build: Body) -> dict[str, str | None]:
    revision = _read_property(build, "got_revision")
    # For a build from several codebases it maps each codebase to its revision.
    got = read_text(revision) or read_text(revision, _read_source(build, "codebase") or "")
    return {
        "branch": _read_branch(build),
        "commit_hash": got or _read_source(build, "revision"),
        "triggered_by": _name_owner(build),
        "trigger_type": read_text(_read_property(build, "scheduler")),
        "run_url": read_text(build, "url", limit=MAX_URL_LENGTH),
    }


def _read_branch(build: Body) -> str | None:
    """Return the branch of a build, with its owner if GitLab's hook started it for a merge request from a fork.

    That hook has the target's branch in the source stamp, and describes the source in properties.
    """
    names = ("source_project_id", "target_project_id")
    source, target = (read_int({name: _read_property(build, name)}, name) for name in names)
    if not (source and target) or source == target:
        return _read_source(build, "branch")
    path = read_repository_path({"url": _read_property(build, "source_repository")}, "url") or ""
    return name_fork_branch(path.rpartition("/")[0], read_text(_read_property(build, "source_branch")))


def _read_property(build: Body, name: str) -> Any:  # noqa: ANN401
    """Return the value of a property, which Buildbot sends as a pair of value and source."""
    pair = read_value(build, "properties", name)
    return pair[0] if isinstance(pair, list) and pair else None


def _find_source(build: Body) -> Body | None:
    """Return a build's source stamp, that of the first codebase if there are several."""
    return next(iter(read_objects(build, "buildset", "sourcestamps")), None)


def _read_source(build: Body, name: str) -> str | None:
    return read_text(_find_source(build), name)


def _read_repository(build: Body) -> str | None:
    """Return the path in the repository's URL, without `.git`; the name of its codebase if it has no URL."""
    return read_repository_path(_find_source(build), "repository") or _read_source(build, "codebase")


def _name_owner(build: Body) -> str | None:
    """Return the names of those who requested the build, without their email addresses."""
    owners = _read_property(build, "owners")
    texts = [read_text(owner) for owner in (owners if isinstance(owners, list) else [_read_property(build, "owner")])]
    names = (text.partition(" <")[0] for text in texts if text)
    return read_text(", ".join(names))


def _read_steps(build: Body) -> Sequence[Body]:
    """Return the steps that have a name, in order of their numbers; names are unique within a build."""
    named = (step for step in read_objects(build, "steps") if read_text(step, "name"))
    return sorted(named, key=lambda step: _read_number(step) or 0)


def _claim_steps(job_key: str, steps: Sequence[Body], stamp: datetime | None) -> Mapping[StepKey, Node]:
    keys = make_step_keys(read_text(step, "name") or "" for step in steps)
    return {
        (job_key, key[:MAX_NAME_LENGTH]): _claim_step(step, _read_outcome(step, stamp))
        for key, step in zip(keys, steps, strict=True)
    }


def _claim_step(step: Body, outcome: Outcome) -> Node:
    values = {"name": read_text(step, "name"), "number": _read_number(step), "log": _read_log(step)}
    return _claim(step, values | _read_summary(step, outcome), outcome)


def _read_log(step: Body) -> str | None:
    """Return the end of the output of the step's commands, None if Buildbot is not set to send logs.

    Each line begins with a letter for its stream. Lines of the worker itself, `h`, contain its environment: left out.
    """
    streams = (read_value(log, "content", "content") for log in read_objects(step, "logs") if log.get("type") == "s")
    lines = (line for text in streams if isinstance(text, str) for line in text.split("\n"))
    written = "\n".join(line[1:] for line in lines if line.startswith(("o", "e")))
    return read_text(written[-MAX_TEXT_LENGTH:], limit=MAX_TEXT_LENGTH)


def _read_number(step: Body) -> int | None:
    return read_int(step, "number", maximum=MAX_INT)


def _claim(thing: Body, values: Mapping[str, str | int | None], outcome: Outcome) -> Node:
    return claim_node(values, outcome=outcome, stamp=outcome.reported_at, started_at=read_time(thing, "started_at"))


def _read_summary(thing: Body, outcome: Outcome) -> dict[str, str | None]:
    """Return the sender's summary of what has ended: as `error` if it failed, else as `message`."""
    if outcome.status != Status.COMPLETED:
        return {}
    field = "error" if outcome.conclusion == Conclusion.FAILURE else "message"
    return {field: read_text(thing, "state_string", limit=MAX_TEXT_LENGTH)}


def _read_outcome(thing: Body, stamp: datetime | None) -> Outcome:
    word = _read_word(thing)
    status, conclusion = read_meaning(WORDS, word)
    if status != Status.COMPLETED and read_flag(thing, "complete"):
        status, conclusion = Status.COMPLETED, Conclusion.UNKNOWN
    completed_at = read_time(thing, "complete_at") if status == Status.COMPLETED else None
    return Outcome(status, word, conclusion, completed_at, reported_at=stamp)


def _read_word(thing: Body) -> str:
    """Return the status word of a build or step, the digits of a result code without a name."""
    results = read_int(thing, "results")
    if results is not None:
        return RESULTS[results] if results < len(RESULTS) else str(results)
    if read_flag(thing, "complete"):
        return "finished"
    return "pending" if read_value(thing, "started_at") is None else "started"


EVENTS: Events = {
    "build": _parse_build,
    "buildrequest": Ignored("build request; the build is reported when it starts"),
    "buildset": Ignored("build set; its builds are reported separately"),
    "text": Ignored("plain text; the generator needs a MessageFormatterFunction that returns the build"),
}

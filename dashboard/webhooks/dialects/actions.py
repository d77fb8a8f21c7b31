"""Parsers of bodies that GitHub, Gitea and Forgejo share: workflow runs, jobs with steps, commit statuses. Pure.

Nothing here depends on the sender: the dialect's name and its table of status words are arguments.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dashboard.core.registers import Node, Outcome, claim_node
from dashboard.core.report import Identity, Report, StepKey
from dashboard.core.steps import normalise_name
from dashboard.core.storable import MAX_INT
from dashboard.core.words import Conclusion, Meaning, Status
from dashboard.webhooks.dialects.branches import read_head_branch
from dashboard.webhooks.dialects.payload import (
    MAX_NAME_LENGTH,
    MAX_STEPS,
    MAX_TEXT_LENGTH,
    MAX_URL_LENGTH,
    Body,
    Parsed,
    count_milliseconds,
    find_latest,
    identify,
    read_host,
    read_int,
    read_meaning,
    read_object,
    read_objects,
    read_text,
    read_time,
    read_value,
    require,
)

Words = Mapping[str, Meaning]
STARTED = ("run_started_at", "started_at", "started")
ENDED = ("completed_at", "stopped")
UPDATED = ("updated_at", "updated")
CREATED = ("created_at", "created")
"""The senders' names for the times of a run, job, step or status; the short ones are Forgejo's."""
STATUS_FIELDS = ("sha", "context", "state")
"""The fields that a commit status always has."""


def guess_event(header_event: str | None, body: Any, subjects: Sequence[str]) -> str:  # noqa: ANN401
    """Return the event that the header names, else the first subject that the body contains, else `unnamed`."""
    if header_event:
        return header_event
    if any(read_value(body, field) is None for field in STATUS_FIELDS):
        return next((subject for subject in subjects if read_object(body, subject)), "unnamed")
    return "status"


def parse_run(dialect: str, words: Words, body: Body, *, numbers_runs: bool = True) -> Parsed:
    """Return the report of a `workflow_run` body on a run as a whole.

    If the sender does not number the attempts of runs, all of them are one deployment.
    """
    run = read_object(body, "workflow_run")
    attempt = read_attempt(run) if numbers_runs else None
    identity = identify_run(dialect, body, read_text(run, "id"), attempt)
    actor = read_text(run, "triggering_actor", "login") or read_text(run, "trigger_actor", "login")
    values = {
        "branch": read_head_branch(body, run),
        "commit_hash": read_text(run, "head_sha"),
        "commit_message": read_text(run, "head_commit", "message", limit=MAX_TEXT_LENGTH),
        "triggered_by": actor or read_text(run, "actor", "login"),
        "trigger_type": read_text(run, "event"),
        "run_url": read_text(run, "html_url", limit=MAX_URL_LENGTH),
        "message": read_text(run, "display_title", limit=MAX_TEXT_LENGTH) or read_text(run, "name"),
    }
    node = claim_run(words, body, run, values, generation=0 if attempt else count_start(run))
    return (Report(identity, claim_project(body, read_stamp(run)), node),)


def claim_run(words: Words, body: Body, run: Body, values: dict[str, str | None], *, generation: int) -> Node:
    """Return the node of a run, with these values and the outcome that its status states."""
    stamp = read_stamp(run)
    outcome = read_outcome(words, run, stamp, generation=generation)
    repository = {"repository": read_text(body, "repository", "full_name")}
    return claim_node(values | repository, outcome=outcome, stamp=stamp, started_at=read_first(run, STARTED))


def parse_job(
    dialect: str, words: Words, body: Body, *, branch: str | None = None, numbers_runs: bool = True
) -> Parsed:
    """Return the report of a `workflow_job` body: one job with its steps, and the fields that describe its run.

    `branch` is that of the run, None if the body does not show whether it is a fork's. If the sender does not number
    the attempts of runs, the attempt that the body names is only the job's own.
    """
    job = read_object(body, "workflow_job")
    attempt = read_attempt(job)
    identity = identify_run(dialect, body, read_text(job, "run_id"), attempt if numbers_runs else None)
    steps = read_steps(job)
    stamp = find_latest(read_stamp(job), *map(read_stamp, steps))
    values = {
        "repository": read_text(body, "repository", "full_name"),
        "branch": branch,
        "commit_hash": read_text(job, "head_sha"),
        "run_url": find_run_url(read_text(job, "html_url", limit=MAX_URL_LENGTH)),
    }
    key, node = claim_job(words, job, stamp, generation=0 if numbers_runs else attempt or 0)
    step_nodes = claim_steps(words, key, steps, stamp)
    return (Report(identity, claim_project(body, stamp), claim_node(values, stamp=stamp), {key: node}, step_nodes),)


def claim_job(words: Words, job: Body, stamp: datetime | None, *, generation: int = 0) -> tuple[str, Node]:
    """Return the key of a job and its node."""
    name = read_text(job, "name")
    key: str = require("job.id", read_text(job, "id") or (name and normalise_name(name)[:MAX_NAME_LENGTH]))
    outcome = read_outcome(words, job, stamp, generation=generation)
    return key, claim_node({"name": name}, outcome=outcome, stamp=stamp, started_at=read_first(job, STARTED))


def read_steps(job: Body) -> Sequence[Body]:
    """Return the steps of a job that have a number; the number is their key."""
    return [step for step in read_objects(job, "steps") if read_number(step) is not None]


def read_number(step: Body) -> int | None:
    """Return the number of a step; Gitea counts from 0."""
    return read_int(step, "number", maximum=MAX_INT)


def claim_steps(words: Words, job_key: str, steps: Sequence[Body], stamp: datetime | None) -> Mapping[StepKey, Node]:
    """Return the nodes of the first MAX_STEPS steps; their generation is 0 even if the job runs again, see Report."""
    return {
        (job_key, str(read_number(step))): claim_node(
            {"name": read_text(step, "name"), "number": read_number(step)},
            outcome=read_outcome(words, step, stamp),
            stamp=stamp,
            started_at=read_first(step, STARTED),
        )
        for step in steps[:MAX_STEPS]
    }


def parse_commit_status(dialect: str, words: Words, body: Body) -> Parsed:
    """Return the report of a `status` body, in which another CI server states the outcome of a commit.

    The target is no part of the identity: a status can be pending with one address and end with another. When that
    server runs again, it reports the same context: the later status is a new generation.
    """
    sha: str = require("sha", read_text(body, "sha"))
    word: str = require("state", read_text(body, "state"))
    context = read_text(body, "context") or "default"
    identity = identify_in_repository(dialect, body, "status", sha, context)
    stamp = read_stamp(body)
    status, conclusion = read_meaning(words, word)
    ended_at = stamp if status == Status.COMPLETED else None
    # Statuses have ids, which also order those of one second.
    generation = read_int(body, "id", minimum=1) or count_milliseconds(stamp)
    outcome = Outcome(status, word, conclusion, ended_at, generation, stamp)
    message = read_text(body, "description", limit=MAX_TEXT_LENGTH)
    node = claim_node(_describe_status(body) | {"message": message}, outcome=outcome, stamp=stamp)
    job = claim_node({"name": context, "message": message}, outcome=outcome, stamp=stamp)
    return (Report(identity, claim_project(body, stamp), node, {normalise_name(context)[:MAX_NAME_LENGTH]: job}),)


def _describe_status(body: Body) -> dict[str, str | None]:
    # GitHub nests the commit's message as in its API, Gitea has it as in its push event.
    branches = read_objects(body, "branches")
    message = read_text(body, "commit", "commit", "message", limit=MAX_TEXT_LENGTH)
    return {
        "repository": read_text(body, "repository", "full_name"),
        "branch": read_text(branches[0], "name") if len(branches) == 1 else None,
        "commit_hash": read_text(body, "sha"),
        "commit_message": message or read_text(body, "commit", "message", limit=MAX_TEXT_LENGTH),
        "triggered_by": read_text(body, "sender", "login"),
        "run_url": read_text(body, "target_url", limit=MAX_URL_LENGTH),
    }


def identify_run(dialect: str, body: Body, run_id: str | None, attempt: int | None) -> Identity:
    """Return the identity of an attempt of a run; without an attempt number it is the first."""
    run_id = require("run id", run_id)
    attempt = attempt or 1
    return identify_in_repository(dialect, body, "run", run_id, attempt, run_id=run_id, attempt=attempt)


def identify_in_repository(
    dialect: str, body: Body, *parts: str | int | None, run_id: str | None = None, attempt: int = 1
) -> Identity:
    """Return the identity of something in the body's repository; raise MalformedError if the body names none."""
    repository = read_object(body, "repository")
    name: str = require("repository.full_name", read_text(repository, "full_name"))
    host = read_host(*(read_text(repository, field, limit=MAX_URL_LENGTH) for field in ("html_url", "clone_url")))
    sender_id = read_int(repository, "id", minimum=1)
    return identify(dialect, name, (host, sender_id or name.lower(), *parts), run_id, attempt, sender_id=sender_id)


def claim_project(body: Body, stamp: datetime | None) -> Node:
    """Return the node of the project, which is the repository."""
    name = read_text(body, "repository", "full_name")
    return claim_node({"name": name, "repository": name}, stamp=stamp)


def read_outcome(words: Words, thing: Body, stamp: datetime | None, *, generation: int = 0) -> Outcome | None:
    """Return the outcome of a run, job or step, None without a status; an unknown conclusion counts as `unknown`.

    It follows the status and not the action of the delivery, which can disagree.
    """
    word = read_text(thing, "status")
    if word is None:
        return None
    status, conclusion = read_meaning(words, word)
    if status != Status.COMPLETED:
        return Outcome(status, word, None, None, generation, stamp)
    if stated := read_text(thing, "conclusion"):
        word, conclusion = stated, read_meaning(words, stated)[1] or Conclusion.UNKNOWN
    return Outcome(status, word, conclusion, read_first(thing, ENDED + UPDATED), generation, stamp)


def read_attempt(thing: Body) -> int | None:
    """Return the number of the attempt, 0 (which Gitea sends) or None if the sender does not count attempts."""
    return read_int(thing, "run_attempt", maximum=MAX_INT)


def count_start(run: Body) -> int:
    """Return the generation of a run without attempts: its start, the only field that changes when it runs again."""
    return count_milliseconds(read_first(run, STARTED))


def read_stamp(thing: Body) -> datetime | None:
    """Return the latest time in a run, job, step or status: the stamp of its report."""
    return find_latest(*(read_time(thing, name) for name in STARTED + ENDED + UPDATED + CREATED))


def read_first(thing: Body, names: Sequence[str]) -> datetime | None:
    """Return the first time found under these names, None if there is none."""
    return next((moment for name in names if (moment := read_time(thing, name))), None)


def find_run_url(url: str | None) -> str | None:
    """Return the URL of the run that a job's URL begins with, None if it is not the URL of a job."""
    run_url = (url or "").rpartition("/job")[0]
    return run_url if "/actions/runs/" in run_url else None

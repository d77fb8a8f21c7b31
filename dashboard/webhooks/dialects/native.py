"""The native dialect: reports that a CI script posts itself. Pure; webhooks.schemas checks types and limits."""

import functools
import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from dashboard.core.project_identity import identify_native
from dashboard.core.registers import Node, Outcome, claim_node, merge_nodes
from dashboard.core.report import DEPLOYMENT_FIELDS, JOB_FIELDS, STEP_FIELDS, Identity, Report, StepKey
from dashboard.core.slug import MAX_SLUG_LENGTH, make_slug
from dashboard.core.steps import make_step_keys, normalise_name
from dashboard.core.words import NATIVE, NATIVE_WORDS, Conclusion, Meaning, Status, fold_word
from dashboard.webhooks.dialects.payload import DEFAULT_JOB, MAX_NAME_LENGTH, Body, MalformedError

DEFAULT_ENVIRONMENT = "production"
PAYLOAD_FIELDS = {
    "name": "project",
    "repository": "repository",
    "kind": "deploy_type",
    "url": "test_url",
    "port": "port",
    "service_status": "service_status",
}
"""The field of the payload by field of the project."""


STATUS_PLACES = (
    "status", "jobs.[].status", "jobs.[].steps.[].status", "step_details.{}", "step_details.{}.status",
    "steps.[].status", "step.status", "step_status",
)  # fmt: skip
"""Where status words are in a payload, see webhooks.unread."""


def parse(body: Body) -> Report:
    """Return the report of a loaded payload (schemas.DeploymentPayload); raise MalformedError."""
    body = {**body, "environment": body.get("environment") or DEFAULT_ENVIRONMENT}
    stamp: datetime | None = body.get("timestamp")
    jobs, steps = _parse_children(body, stamp)
    # Checked again, because normalising can make a name many times longer.
    if any(len(key) > MAX_NAME_LENGTH for key in itertools.chain(jobs, *steps)):
        raise MalformedError({"steps": [f"Names of jobs and steps must be at most {MAX_NAME_LENGTH} characters."]})
    values = {name: body.get(name) for name in DEPLOYMENT_FIELDS}
    project_values = {name: body.get(field) for name, field in PAYLOAD_FIELDS.items()}
    return Report(identify(body), _claim(body, project_values, stamp), _claim(body, values, stamp), jobs, steps)


def identify(body: Body) -> Identity:
    """Return the identity of the payload's deployment; raise MalformedError if there is none.

    With a run_id it is (project, environment, run_id, attempt). A payload without one must be the summary of a
    deployment that has ended: its revision and its timestamp identify it, so that a retry is recognised.
    """
    slug = make_slug(body["project"] or "")
    if not any(map(str.isalnum, slug)):
        raise MalformedError({"project": ["Must contain a letter or a digit."]})
    if len(slug) > MAX_SLUG_LENGTH:
        raise MalformedError({"project": [f"Must be at most {MAX_SLUG_LENGTH} characters as part of a URL."]})
    project = identify_native(body["project"])
    attempt = body.get("run_attempt") or 1
    if run_id := body.get("run_id"):
        return Identity(NATIVE, project, (body["environment"], run_id, attempt), run_id, attempt)
    stamp: datetime | None = body.get("timestamp")
    if stamp is None or read_word(body.get("status") or "")[0] != Status.COMPLETED:
        advice = "Required, unless the delivery has a final status and a timestamp."
        raise MalformedError({"run_id": [advice]})
    about = (body.get(name) for name in ("repository", "environment", "branch", "commit_hash"))
    return Identity(NATIVE, project, (*about, stamp.isoformat()))


def read_word(word: str) -> Meaning:
    """Return the meaning of a status word; an unknown word counts as queued.

    Several final words separated by |, as in documentation, mean that it has ended with an unknown conclusion.
    """
    meanings = [NATIVE_WORDS.get(fold_word(each), (Status.QUEUED, None)) for each in word.split("|")]
    if len(meanings) == 1:
        return meanings[0]
    ended = all(status == Status.COMPLETED for status, _ in meanings)
    return (Status.COMPLETED, Conclusion.UNKNOWN) if ended else (Status.QUEUED, None)


def knows_word(word: str) -> bool:
    """Return whether a status word is in the table; several words separated by | are not."""
    return fold_word(word) in NATIVE_WORDS


def _claim(body: Body, values: Mapping[str, Any], stamp: datetime | None) -> Node:
    word = body.get("status")
    outcome = None if word is None else _read_outcome(word, body.get("completed_at"), stamp)
    return claim_node(values, outcome=outcome, stamp=stamp, started_at=body.get("started_at"))


@functools.lru_cache(maxsize=1024)
def _read_outcome(word: str, completed_at: datetime | None, stamp: datetime | None) -> Outcome:
    """Return the outcome that a status word states; an unknown word is kept, and shown as it is."""
    status, conclusion = read_word(word)
    return Outcome(status, word, conclusion, completed_at if status == Status.COMPLETED else None, reported_at=stamp)


def _parse_children(body: Body, stamp: datetime | None) -> tuple[Mapping[str, Node], Mapping[StepKey, Node]]:
    default = body.get("job") or DEFAULT_JOB
    jobs: dict[str, Node] = {}
    steps: dict[StepKey, Node] = {}
    for job in body.get("jobs") or ():
        key, values = normalise_name(job["name"] or DEFAULT_JOB), {name: job.get(name) for name in JOB_FIELDS}
        _put(jobs, key, _claim(job, values, stamp))
        for step_key, node in _parse_list(job.get("steps") or (), job["name"] or DEFAULT_JOB, stamp):
            _put(steps, step_key, node)
    for several in _list_steps(body):
        for step_key, node in _parse_list(several, default, stamp):
            _put(steps, step_key, node)
        for name in {step.get("job") or default for step in several if step["name"]}:
            _put(jobs, normalise_name(name), claim_node({"name": name}, stamp=stamp))
    return jobs, steps


def _list_steps(body: Body) -> Iterable[Sequence[Body]]:
    """Return the lists of steps in a payload, each in its order."""
    yield body.get("step_details") or ()
    yield body.get("steps") or ()
    if body.get("step"):
        yield (body["step"],)
    if body.get("step_name"):
        yield ({"name": body["step_name"], "status": body.get("step_status")},)


def _parse_list(steps: Sequence[Body], default_job: str, stamp: datetime | None) -> Iterable[tuple[StepKey, Node]]:
    by_job: dict[str, list[Body]] = {}
    for step in steps:
        if step["name"]:
            by_job.setdefault(normalise_name(step.get("job") or default_job), []).append(step)
    for job_key, members in by_job.items():
        # The sender's list defines the order of the steps; a single step has no position.
        ordered = len(members) > 1 and all(step.get("number") is None for step in members)
        keys = make_step_keys(step["name"] for step in members)
        for place, (key, step) in enumerate(zip(keys, members, strict=True), start=1):
            values = {name: step[name] for name in STEP_FIELDS if name in step}
            if ordered:
                values["number"] = place
            yield (job_key, key), _claim(step, values, stamp)


def _put(nodes: dict[Any, Node], key: Any, node: Node) -> None:  # noqa: ANN401
    nodes[key] = merge_nodes(nodes[key], node) if key in nodes else node

"""Folding a report into the rows of its deployment: what they become, and what of it people can see.

Works on rows as dictionaries and leaves the given ones alone; reads and writes nothing.
"""

import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from dashboard.core.registers import Node, merge_nodes
from dashboard.core.report import JOB_FIELDS, STEP_FIELDS, Report, StepKey
from dashboard.core.state import UNHEARD, Standing, add_to_tally, classify_job
from dashboard.core.steps import Category, categorise
from dashboard.core.view import (
    Watch,
    format_time,
    read_status,
    stand_deployment,
    stand_job,
    tell_row_state,
    view_deployment,
    view_job,
    view_project,
    view_step,
)
from dashboard.core.words import State, Status
from dashboard.ingest.rows import EMPTY_NODE, Row, read_node, write_node

UNSEEN = frozenset({"id", "seq"})
"""Parts of a deployment's view that are not changes of it."""
UNTOLD = UNSEEN | {
    "project", "sorted_at", "links", "usual", "estimate", "related", "current", "started_observed", "is_current",
    "is_done", "shown_pct",
}  # fmt: skip
"""Parts of views that follow from others: a list of changes for people would only be longer with them."""
MOST_TOLD, LONGEST_TOLD = 100, 200
"""Changes, and characters of a value, that are kept with a delivery."""


Views = tuple[dict[str, Any], dict[str, dict[str, Any]], dict[StepKey, dict[str, Any]]]


@dataclass(slots=True)
class Tree:
    """A deployment's rows, as far as a report touches them; a job or step that does not exist yet is missing."""

    project: Row
    deployment: Row
    jobs: dict[str, Row] = field(default_factory=dict)
    steps: dict[StepKey, Row] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        """Whether nobody has heard of the deployment before."""
        return bool(self.deployment["seq"] == 0)


def fold_report(
    before: Tree, project: Row, report: Report, received_at: datetime, patterns: Mapping[str, Category]
) -> Tree:
    """Return what the rows become; `project` is the project's row after the report."""
    number = before.deployment["id"]
    after = Tree(project, _fold_node(before.deployment, report.deployment))
    job_keys = {*report.jobs, *(job for job, _ in report.steps)}
    for key in sorted(job_keys):
        old_job = before.jobs.get(key) or make_job(number, key)
        after.jobs[key] = _fold_node(old_job, report.jobs.get(key, Node()))
    for (job_key, key), node in report.steps.items():
        old_step = before.steps.get((job_key, key)) or make_step(number, job_key, key, patterns)
        after.steps[job_key, key] = _fold_node(old_step, node)
    _count_steps(before, after)
    _count_jobs(before, after)
    _observe(after, received_at)
    _place(after.deployment, received_at)
    _measure_silence(before.deployment, after.deployment)
    return after


def make_job(deployment_id: int, key: str) -> Row:
    """Return the row of a job of which nothing is known."""
    row = {"deployment_id": deployment_id, "key": key, "step_tally": {}, "first_step_at": None}
    return {**EMPTY_NODE, **dict.fromkeys(JOB_FIELDS), **row}


def make_step(deployment_id: int, job_key: str, key: str, patterns: Mapping[str, Category]) -> Row:
    """Return the row of a step of which nothing is known."""
    row = {"deployment_id": deployment_id, "job_key": job_key, "key": key, "category": categorise(key, patterns).value}
    return {**EMPTY_NODE, **dict.fromkeys(STEP_FIELDS), **row}


def _fold_node(row: Row, node: Node) -> Row:
    return {**row, **write_node(merge_nodes(read_node(row), node))}


def _count_steps(before: Tree, after: Tree) -> None:
    """Bring the tallies of steps, and the earliest start among them, up to date."""
    for (job_key, key), step in after.steps.items():
        old = before.steps.get((job_key, key))
        was, now = (kind_of(old) if old else None), kind_of(step)
        for parent in (after.jobs[job_key], after.deployment):
            if was != now:
                parent["step_tally"] = add_to_tally(parent["step_tally"], was, now)
            parent["first_step_at"] = _earliest(parent["first_step_at"], step["started_at"])


def _count_jobs(before: Tree, after: Tree) -> None:
    for key, job in after.jobs.items():
        old = before.jobs.get(key)
        was = _classify(old) if old else None
        now = _classify(job)
        if was != now:
            after.deployment["job_tally"] = add_to_tally(after.deployment["job_tally"], was, now)


def _classify(job: Row) -> str:
    return classify_job(*read_status(job), job["step_tally"], allowed_to_fail=bool(job["allowed_to_fail"]))


def _observe(after: Tree, received_at: datetime) -> None:
    """Note the receipt on everything that has begun: it stands in where no sender ever tells a time."""
    # Whether a job has begun must not depend on whether its deployment ended before or after.
    jobs = [(job, stand_job(job, UNHEARD)) for job in after.jobs.values()]
    for row, standing in [(after.deployment, stand_deployment(after.deployment)), *jobs]:
        if standing.status != Status.QUEUED:
            row["observed_at"] = _earliest(row["observed_at"], received_at)
    for step in after.steps.values():
        if step["status"] not in {None, Status.QUEUED.word}:
            step["observed_at"] = _earliest(step["observed_at"], received_at)


def _place(deployment: Row, received_at: datetime) -> None:
    """Set the deployment's place in lists; a sender's clock that is ahead does not keep it on top."""
    told = (deployment["started_at"], deployment["first_step_at"], deployment["completed_at"], deployment["said_at"])
    known = next((moment for moment in told if moment), deployment["created_at"])
    deployment["sorted_at"] = min(known, deployment["created_at"])
    deployment["run_key"] = make_run_key(deployment)
    deployment["last_report_at"] = max(deployment["last_report_at"], received_at)


def _measure_silence(before: Row, after: Row) -> None:
    """Note for how long an open deployment kept silent: what is usual for its project is learnt from that."""
    if before["seq"] and before["status"] != Status.COMPLETED.word:
        gap_s = (after["last_report_at"] - before["last_report_at"]).total_seconds()
        after["longest_gap_s"] = max(before["longest_gap_s"], gap_s)


def make_run_key(row: Mapping[str, Any]) -> str | None:
    """Return a digest of host, lower-cased repository, run id and attempt; None while one of them is unknown.

    Reports of a run in different dialects give the same: it links their deployments.
    """
    repository = row["repository"] or ""
    host = _read_host(row["run_url"]) or _read_host(repository)
    path = re.sub(r"\A\w+://[^/]*", "", repository).strip("/").removesuffix(".git").lower()
    if not (host and path and row["run_id"]):
        return None
    return hashlib.sha256(json.dumps([host, path, row["run_id"], row["attempt"]]).encode()).hexdigest()


def _read_host(url: str | None) -> str | None:
    try:
        return urlsplit(url or "").hostname
    except ValueError:
        return None


def kind_of(step: Mapping[str, Any]) -> str:
    """Return what tallies count a step as."""
    return str(step["conclusion"] or step["status"] or Status.QUEUED.word)


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)


def find_affected(before: Tree, after: Tree) -> tuple[bool, set[str]]:
    """Return what else looks different now: whether all jobs do, and the keys of jobs whose open steps do.

    With the former, the open steps of all jobs are affected too if the deployment ended or began again.
    """
    was, now = stand_deployment(before.deployment), stand_deployment(after.deployment)
    ended = ("completed_at", "said_at")
    all_jobs = was != now or (now.is_done and any(before.deployment[n] != after.deployment[n] for n in ended))
    flipped = {
        key
        for key, job in after.jobs.items()
        if key in before.jobs and stand_job(before.jobs[key], was).is_done != stand_job(job, now).is_done
    }
    return all_jobs, flipped


def add_untouched(before: Tree, after: Tree, jobs: Iterable[Row], steps: Iterable[Row]) -> None:
    """Put rows that the report did not touch on both sides, so that their change of looks is seen."""
    for job in jobs:
        if job["key"] not in after.jobs:
            before.jobs[job["key"]] = after.jobs[job["key"]] = job
    for step in steps:
        key = (step["job_key"], step["key"])
        if key not in after.steps:
            before.steps[key] = after.steps[key] = step


class Difference(NamedTuple):
    """What people see differently after a report than before."""

    event: dict[str, Any]
    """The new values in the shape of an event; empty if there are none."""
    told: list[dict[str, Any]]
    """The same as `{"what": "deployment", "job" or "step", "name", "field", "before", "after"}`, the first of them."""


def describe_changes(before: Tree, after: Tree, watch: Watch) -> Difference:
    """Return what the report changed."""
    old_views: Views = ({}, {}, {}) if before.is_new else _view_tree(before, watch)
    new_views = _view_tree(after, watch)
    if before.deployment["state"] == State.STALE:
        # Announced while this report was on its way: so pages show it, whatever the report's own time makes of it.
        silent_since = format_time(before.deployment["last_report_at"])
        old_views[0].update(state=State.STALE.value, stale_since=silent_since)
    deployment = _diff(old_views[0], new_views[0])
    changes = {
        "deployment": {name: value for name, value in deployment.items() if name not in UNSEEN},
        "jobs": [
            {"key": key, **diff} for key, view in new_views[1].items() if (diff := _diff(old_views[1].get(key), view))
        ],
        "steps": [
            {"job": key[0], "key": key[1], **diff}
            for key, view in new_views[2].items()
            if (diff := _diff(old_views[2].get(key), view))
        ],
    }
    if not any(changes.values()):
        return Difference({}, [])
    return Difference(changes, _tell_changes(old_views, new_views))


def name_event(before: Tree, after: Tree) -> str:
    """Return the kind of the event: `step.updated` if the report only spoke of steps."""
    if before.is_new:
        return "deployment.created"
    if stand_deployment(after.deployment).is_done and not stand_deployment(before.deployment).is_done:
        return "deployment.completed"
    parents = [(before.deployment, after.deployment), *((before.jobs.get(k), job) for k, job in after.jobs.items())]
    same = all(old is not None and read_node(old) == read_node(new) for old, new in parents)
    return "step.updated" if same else "deployment.updated"


def announce_state(deployment: Row, watch: Watch) -> str:
    """Return the state to store with the row."""
    return tell_row_state(deployment, watch).value


def _view_tree(tree: Tree, watch: Watch) -> Views:
    deployment = stand_deployment(tree.deployment)
    standings: dict[str, Standing] = {key: stand_job(job, deployment) for key, job in tree.jobs.items()}
    return (
        view_deployment(tree.deployment, view_project(tree.project), watch),
        {key: view_job(job, tree.deployment) for key, job in tree.jobs.items()},
        {key: view_step(step, standings[key[0]], deployment) for key, step in tree.steps.items()},
    )


def _tell_changes(old_views: Views, new_views: Views) -> list[dict[str, Any]]:
    pairs: Iterable[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = (
        ("deployment", old_views[0], new_views[0]),
        *(("job", old_views[1].get(key, {}), view) for key, view in new_views[1].items()),
        *(("step", old_views[2].get(key, {}), view) for key, view in new_views[2].items()),
    )
    told = (
        {"what": what, "name": new.get("name"), "field": field, "before": old.get(field), "after": value}
        for what, old, new in pairs
        # Of what was not there before the state is enough: all else of it is new, too.
        for field, value in (new.items() if old else [("state", new["state"])])
        if field not in UNTOLD and old.get(field) != value
    )
    return [
        {**change, "before": _shorten(change["before"]), "after": _shorten(change["after"])}
        for change in itertools.islice(told, MOST_TOLD)
    ]


def _shorten(value: Any) -> Any:  # noqa: ANN401
    """Return a value that is short whatever a sender wrote: a scalar, cut if it is a long text."""
    if not isinstance(value, str | dict | list):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_TOLD else text[:LONGEST_TOLD] + "…"


def _diff(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in new.items() if old is None or name not in old or old[name] != value}

"""Folds a report into the rows of its deployment.

Works on rows as dictionaries, without changing those passed in. No I/O.
"""

import functools
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from dashboard.core.registers import EPOCH, Node, merge_nodes
from dashboard.core.report import JOB_FIELDS, STEP_FIELDS, Report, StepKey
from dashboard.core.state import UNREPORTED, WAITING, Standing, add_to_tally, classify_job
from dashboard.core.steps import Patterns, categorise_step, normalise_name
from dashboard.core.view import format_time, read_deployment_standing, read_job_standing, read_status
from dashboard.core.words import Status, is_waiting_word
from dashboard.database.rows import Row
from dashboard.ingest.rows import EMPTY_NODE, read_first_start, read_node, write_node

EMPTY_JOB: Row = {
    **EMPTY_NODE, **dict.fromkeys(JOB_FIELDS), "allowed_by_project": False, "step_tally": {}, "first_step_at": None
}  # fmt: skip
EMPTY_STEP: Row = {**EMPTY_NODE, **dict.fromkeys(STEP_FIELDS)}
NO_CLAIMS = Node()
UNSTARTED_STATUSES = frozenset({None, Status.QUEUED.word})
"""Statuses of a step that has not started."""


@dataclass(slots=True)
class Tree:
    """The rows of a deployment that a report touches. Jobs and steps that do not exist yet are missing."""

    project: Row
    deployment: Row
    standing: Standing = UNREPORTED
    """The standing of the deployment, read once from its row, which must have its final job tally by then."""
    jobs: dict[str, Row] = field(default_factory=dict)
    steps: dict[StepKey, Row] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        """Whether no report on the deployment was applied before."""
        return bool(self.deployment["seq"] == 0)


def fold_report(before: Tree, project: Row, report: Report, received_at: datetime, patterns: Patterns) -> Tree:
    """Return the rows with the report folded in; `project` is the project's row after the report."""
    deployment_id = before.deployment["id"]
    deployment, node = before.deployment, report.deployment
    # Merging a node with a row without claims gives the node itself.
    after = Tree(project, {**deployment, **write_node(node)} if before.is_new else _fold_node(deployment, node))
    for key in sorted({*report.jobs, *(job for job, _ in report.steps)}):
        node = report.jobs.get(key, NO_CLAIMS)
        old = before.jobs.get(key)
        job = _fold_node(old, node) if old else make_job(deployment_id, key, node)
        after.jobs[key] = {**job, "allowed_by_project": is_allowed_by(project, job)}
    for (job_key, key), node in report.steps.items():
        old = before.steps.get((job_key, key))
        after.steps[job_key, key] = (
            _fold_node(old, node) if old else make_step(deployment_id, job_key, key, node, patterns)
        )
    _update_step_tallies(before, after)
    _update_job_tally(before, after)
    after.standing = read_deployment_standing(after.deployment)
    _set_observed_at(after, received_at)
    _derive_columns(after.deployment, received_at)
    _update_longest_gap(before.deployment, after.deployment)
    return after


def refold_jobs(before: Tree) -> Tree:
    """Return the rows after the rules of the project on its jobs changed; `before` has the project's new row."""
    project = before.project
    jobs = {key: {**job, "allowed_by_project": is_allowed_by(project, job)} for key, job in before.jobs.items()}
    after = Tree(project, dict(before.deployment), jobs=jobs)
    _update_job_tally(before, after)
    after.standing = read_deployment_standing(after.deployment)
    return after


def is_allowed_by(project: Row, job: Row) -> bool:
    """Return whether a project allows a job of this name to fail."""
    rules = project["allowed_to_fail"]
    return bool(rules) and normalise_name(job["name"] or job["key"]) in rules


def make_job(deployment_id: int, key: str, node: Node) -> Row:
    """Return the row of a new job with these claims."""
    return {**EMPTY_JOB, "deployment_id": deployment_id, "key": key, **write_node(node)}


def make_step(deployment_id: int, job_key: str, key: str, node: Node, patterns: Patterns) -> Row:
    """Return the row of a new step with these claims."""
    row = {**EMPTY_STEP, **write_node(node)}
    row["deployment_id"], row["job_key"], row["key"] = deployment_id, job_key, key
    row["category"] = str(categorise_step(key, patterns))
    return row


def _fold_node(row: Row, node: Node) -> Row:
    return {**row, **write_node(merge_nodes(read_node(row), node))}


def _update_step_tallies(before: Tree, after: Tree) -> None:
    """Update step_tally and first_step_at of the deployment and its jobs."""
    moves: dict[str, list[tuple[str | None, str]]] = {}
    starts: dict[str, list[datetime | None]] = {}
    for (job_key, key), step in after.steps.items():
        old = before.steps.get((job_key, key))
        was, now = (_classify_step(old) if old else None), _classify_step(step)
        if was != now:
            moves.setdefault(job_key, []).append((was, now))
        if started := read_first_start(step):
            starts.setdefault(job_key, []).append(started)
    for row, of_row in ((after.deployment, list(after.jobs)), *((job, [key]) for key, job in after.jobs.items())):
        moved = [move for key in of_row for move in moves.get(key, ())]
        row["step_tally"] = add_to_tally(row["step_tally"], moved) if moved else row["step_tally"]
        row["first_step_at"] = _find_earliest(
            row["first_step_at"], *(at for key in of_row for at in starts.get(key, ()))
        )


def _update_job_tally(before: Tree, after: Tree) -> None:
    moved: list[tuple[str | None, str]] = []
    for key, job in after.jobs.items():
        was, now = (_classify_job_row(before.jobs[key]) if key in before.jobs else None), _classify_job_row(job)
        if was != now:
            moved.append((was, now))
    after.deployment["job_tally"] = add_to_tally(after.deployment["job_tally"], moved)


def _classify_job_row(job: Row) -> str:
    allowed = bool(job["allowed_to_fail"] or job["allowed_by_project"])
    return classify_job(*read_status(job), job["status_raw"], job["step_tally"], allowed_to_fail=allowed)


def _set_observed_at(after: Tree, received_at: datetime) -> None:
    """Set observed_at on all nodes that have started; it replaces their start if none is ever reported."""
    # Whether a job has started must not depend on whether its deployment ended before or after.
    jobs = [(job, read_job_standing(job, UNREPORTED)) for job in after.jobs.values()]
    for row, standing in [(after.deployment, after.standing), *jobs]:
        if standing.status != Status.QUEUED:
            _set_row_observed_at(row, received_at)
    for step in after.steps.values():
        if step["status"] not in UNSTARTED_STATUSES:
            _set_row_observed_at(step, received_at)


def _set_row_observed_at(row: Row, received_at: datetime) -> None:
    if row["observed_at"] is None or received_at < row["observed_at"]:
        row["observed_at"] = received_at


def _derive_columns(deployment: Row, received_at: datetime) -> None:
    """Set sorted_at, run_key and last_report_at of the deployment."""
    # The receipt bounds sorted_at, so that a sender's fast clock does not keep the deployment at the top of lists.
    times = (deployment[name] for name in ("started_at", "first_step_at", "completed_at", "reported_at"))
    known = next((moment for moment in times if moment), deployment["created_at"])
    deployment["sorted_at"] = min(known, deployment["created_at"])
    deployment["run_key"] = make_run_key(deployment)
    deployment["last_report_at"] = max(deployment["last_report_at"], received_at)


def _update_longest_gap(before: Row, after: Row) -> None:
    """Update the longest silence of an open deployment; the usual silence of its project is computed from these."""
    if before["seq"] and before["status"] != Status.COMPLETED.word:
        gap_s = (after["last_report_at"] - before["last_report_at"]).total_seconds()
        after["longest_gap_s"] = max(before["longest_gap_s"], gap_s)


def make_run_key(row: Mapping[str, Any]) -> str | None:
    """Return a digest of host, lower-cased repository, run id and attempt; None while one of them is unknown.

    It is the same for reports on a run in different dialects, and for what the run deploys, and so links them.
    """
    host, path = locate_repository(row["run_url"], row["repository"])
    run = (row["run_id"], row["attempt"]) if row["run_id"] else (row["of_run"], row["of_attempt"] or 1)
    if not (host and path and run[0]):
        return None
    return hashlib.sha256(json.dumps([host, path, *run]).encode()).hexdigest()


def _read_host(url: str | None) -> str | None:
    try:
        return urlsplit(url or "").hostname
    except ValueError:
        return None


@functools.lru_cache(maxsize=1024)
def locate_repository(run_url: str | None, repository: str | None) -> tuple[str | None, str]:
    """Return host and lower-cased path of a repository: None and an empty text if they are unknown."""
    host = _read_host(run_url) or _read_host(repository)
    return host, re.sub(r"\A\w+://[^/]*", "", repository or "").strip("/").removesuffix(".git").lower()


def _classify_step(step: Mapping[str, Any]) -> str:
    """Return the kind that a tally counts a step under."""
    if step["status"] == Status.QUEUED.word and is_waiting_word(step["status_raw"]):
        return WAITING
    return str(step["conclusion"] or step["status"] or Status.QUEUED.word)


def _find_earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)


def find_current_step(tree: Tree) -> Row | None:
    """Return the first step in progress of a deployment whose rows are all in the tree; see read_current_steps."""
    ended = Status.COMPLETED.word
    running = [
        (tree.jobs[job_key], step)
        for (job_key, _), step in tree.steps.items()
        if step["status"] == Status.IN_PROGRESS.word and tree.jobs[job_key]["status"] != ended
    ]
    if not running:
        return None
    job, step = min(
        running, key=lambda pair: (*_make_job_sort_key(pair[0]), *_make_sort_key(pair[1], pair[1]["started_at"]))
    )
    names = {"job_name": job["name"] or job["key"], "name": step["name"] or step["key"]}
    started = format_time(step["started_at"] or step["observed_at"])
    return {"job": job["key"], "key": step["key"], **names, "started_at": started}


def _make_job_sort_key(job: Row) -> tuple[Any, ...]:
    return _make_sort_key(job, job["started_at"] or job["first_step_at"])


def _make_sort_key(row: Row, started_at: datetime | None) -> tuple[Any, ...]:
    """Return the sort key of a row: number, start, key, with nulls last."""
    return (row["number"] is None, row["number"] or 0, started_at is None, started_at or EPOCH, row["key"])


def find_affected(before: Tree, after: Tree) -> tuple[bool, set[str]]:
    """Return which other rows may have a changed view.

    The first value is whether all jobs and their open steps may; the second has the keys of jobs whose open steps may.
    """
    was, now = before.standing, after.standing
    ended = ("completed_at", "reported_at") if now.is_done else ()
    begun_again = ("started_at", "rounds") if after.deployment["rounds"] else ()
    all_jobs = was != now or any(before.deployment[name] != after.deployment[name] for name in (*ended, *begun_again))
    all_jobs |= now.is_done and (before.deployment["waited_s"] is not None or _has_waited(after))
    ended_or_reopened = {
        key
        for key, job in after.jobs.items()
        if key in before.jobs
        and read_job_standing(before.jobs[key], was).is_done != read_job_standing(job, now).is_done
    }
    return all_jobs, ended_or_reopened


def _has_waited(tree: Tree) -> bool:
    return any(job["has_waited"] for job in tree.jobs.values())


def measure_waiting(tree: Tree) -> float | None:
    """Return for how many seconds no job ran between the start and the end of a deployment whose jobs are all there.

    None if it has not ended, none of its jobs waited for a person, or a time is unknown.
    """
    whole, jobs = tree.deployment, tree.jobs.values()
    started, ended = whole["started_at"], whole["completed_at"] or whole["reported_at"]
    if not (tree.standing.is_done and started and ended and _has_waited(tree)):
        return None
    ran = [(job["started_at"], job["completed_at"] or job["reported_at"]) for job in jobs if job["started_at"]]
    if any(job["status"] is None for job in jobs) or any(end is None for _, end in ran):
        return None
    waited, until = timedelta(), started
    for start, end in sorted(ran):
        waited += max(min(start, ended) - until, timedelta())
        until = max(until, min(end, ended))
    return float((waited + max(ended - until, timedelta())).total_seconds())


def add_untouched(before: Tree, after: Tree, jobs: Iterable[Row], steps: Iterable[Row]) -> None:
    """Add rows that the report did not touch to both trees, so that changes of their views are found."""
    for job in jobs:
        if job["key"] not in after.jobs:
            before.jobs[job["key"]] = after.jobs[job["key"]] = job
    for step in steps:
        key = (step["job_key"], step["key"])
        if key not in after.steps:
            before.steps[key] = after.steps[key] = step

"""Folding a report into the rows of its deployment: what they become.

Works on rows as dictionaries and leaves the given ones alone; reads and writes nothing.
"""

import functools
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from dashboard.core.registers import EPOCH, Node, merge_nodes
from dashboard.core.report import JOB_FIELDS, STEP_FIELDS, Report, StepKey
from dashboard.core.state import UNREPORTED, add_to_tally, classify_job
from dashboard.core.steps import Patterns, categorise_step
from dashboard.core.view import format_time, read_deployment_standing, read_job_standing, read_status
from dashboard.core.words import Status
from dashboard.ingest.rows import EMPTY_NODE, Row, read_node, write_node

EMPTY_JOB: Row = {**EMPTY_NODE, **dict.fromkeys(JOB_FIELDS), "step_tally": {}, "first_step_at": None}
EMPTY_STEP: Row = {**EMPTY_NODE, **dict.fromkeys(STEP_FIELDS)}
UNSAID = Node()
UNSTARTED_STATUSES = frozenset({None, Status.QUEUED.word})
"""Statuses of a step that has not begun."""


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


def fold_report(before: Tree, project: Row, report: Report, received_at: datetime, patterns: Patterns) -> Tree:
    """Return what the rows become; `project` is the project's row after the report."""
    number = before.deployment["id"]
    deployment, node = before.deployment, report.deployment
    # Merged with a row that nobody has spoken of, a node is itself.
    after = Tree(project, {**deployment, **write_node(node)} if before.is_new else _fold_node(deployment, node))
    for key in sorted({*report.jobs, *(job for job, _ in report.steps)}):
        node = report.jobs.get(key, UNSAID)
        old = before.jobs.get(key)
        after.jobs[key] = _fold_node(old, node) if old else make_job(number, key, node)
    for (job_key, key), node in report.steps.items():
        old = before.steps.get((job_key, key))
        after.steps[job_key, key] = _fold_node(old, node) if old else make_step(number, job_key, key, node, patterns)
    _count_steps(before, after)
    _count_jobs(before, after)
    _observe(after, received_at)
    _place(after.deployment, received_at)
    _measure_silence(before.deployment, after.deployment)
    return after


def make_job(deployment_id: int, key: str, node: Node) -> Row:
    """Return the row of a job of which nothing is known but these claims."""
    return {**EMPTY_JOB, "deployment_id": deployment_id, "key": key, **write_node(node)}


def make_step(deployment_id: int, job_key: str, key: str, node: Node, patterns: Patterns) -> Row:
    """Return the row of a step of which nothing is known but these claims."""
    row = {**EMPTY_STEP, **write_node(node)}
    row["deployment_id"], row["job_key"], row["key"] = deployment_id, job_key, key
    row["category"] = str(categorise_step(key, patterns))
    return row


def _fold_node(row: Row, node: Node) -> Row:
    return {**row, **write_node(merge_nodes(read_node(row), node))}


def _count_steps(before: Tree, after: Tree) -> None:
    """Bring the tallies of steps, and the earliest start among them, up to date."""
    moves: dict[str, list[tuple[str | None, str]]] = {}
    starts: dict[str, list[datetime | None]] = {}
    for (job_key, key), step in after.steps.items():
        old = before.steps.get((job_key, key))
        was, now = (kind_of(old) if old else None), kind_of(step)
        if was != now:
            moves.setdefault(job_key, []).append((was, now))
        if step["started_at"]:
            starts.setdefault(job_key, []).append(step["started_at"])
    for row, of_row in ((after.deployment, list(after.jobs)), *((job, [key]) for key, job in after.jobs.items())):
        moved = [move for key in of_row for move in moves.get(key, ())]
        row["step_tally"] = add_to_tally(row["step_tally"], moved) if moved else row["step_tally"]
        row["first_step_at"] = _earliest(row["first_step_at"], *(at for key in of_row for at in starts.get(key, ())))


def _count_jobs(before: Tree, after: Tree) -> None:
    moved: list[tuple[str | None, str]] = []
    for key, job in after.jobs.items():
        was, now = (_classify(before.jobs[key]) if key in before.jobs else None), _classify(job)
        if was != now:
            moved.append((was, now))
    after.deployment["job_tally"] = add_to_tally(after.deployment["job_tally"], moved)


def _classify(job: Row) -> str:
    return classify_job(*read_status(job), job["step_tally"], allowed_to_fail=bool(job["allowed_to_fail"]))


def _observe(after: Tree, received_at: datetime) -> None:
    """Note the receipt on everything that has begun: it stands in where no sender ever tells a time."""
    # Whether a job has begun must not depend on whether its deployment ended before or after.
    jobs = [(job, read_job_standing(job, UNREPORTED)) for job in after.jobs.values()]
    for row, standing in [(after.deployment, read_deployment_standing(after.deployment)), *jobs]:
        if standing.status != Status.QUEUED:
            _observe_row(row, received_at)
    for step in after.steps.values():
        if step["status"] not in UNSTARTED_STATUSES:
            _observe_row(step, received_at)


def _observe_row(row: Row, received_at: datetime) -> None:
    if row["observed_at"] is None or received_at < row["observed_at"]:
        row["observed_at"] = received_at


def _place(deployment: Row, received_at: datetime) -> None:
    """Set the deployment's place in lists; a sender's clock that is ahead does not keep it on top."""
    times = (deployment[name] for name in ("started_at", "first_step_at", "completed_at", "reported_at"))
    known = next((moment for moment in times if moment), deployment["created_at"])
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
    place = _read_place(row["run_url"], row["repository"])
    if not (place and row["run_id"]):
        return None
    return hashlib.sha256(json.dumps([*place, row["run_id"], row["attempt"]]).encode()).hexdigest()


def _read_host(url: str | None) -> str | None:
    try:
        return urlsplit(url or "").hostname
    except ValueError:
        return None


@functools.lru_cache(maxsize=1024)
def _read_place(run_url: str | None, repository: str | None) -> tuple[str, str] | None:
    """Return host and lower-cased path of a repository."""
    host = _read_host(run_url) or _read_host(repository)
    path = re.sub(r"\A\w+://[^/]*", "", repository or "").strip("/").removesuffix(".git").lower()
    return (host, path) if host and path else None


def kind_of(step: Mapping[str, Any]) -> str:
    """Return what tallies count a step as."""
    return str(step["conclusion"] or step["status"] or Status.QUEUED.word)


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)


def find_current_step(tree: Tree) -> Row | None:
    """Return the first step in progress of a deployment whose rows are all here: see store.READ_CURRENT_STEPS."""
    ended = Status.COMPLETED.word
    running = [
        (tree.jobs[job_key], step)
        for (job_key, _), step in tree.steps.items()
        if step["status"] == Status.IN_PROGRESS.word and tree.jobs[job_key]["status"] != ended
    ]
    if not running:
        return None
    job, step = min(running, key=lambda pair: (*_order_job(pair[0]), *_order(pair[1], pair[1]["started_at"])))
    names = {"job_name": job["name"] or job["key"], "name": step["name"] or step["key"]}
    started = format_time(step["started_at"] or step["observed_at"])
    return {"job": job["key"], "key": step["key"], **names, "started_at": started}


def _order_job(job: Row) -> tuple[Any, ...]:
    return _order(job, job["started_at"] or job["first_step_at"])


def _order(row: Row, started_at: datetime | None) -> tuple[Any, ...]:
    """Sort key, nulls last."""
    return (row["number"] is None, row["number"] or 0, started_at is None, started_at or EPOCH, row["key"])


def find_affected(before: Tree, after: Tree) -> tuple[bool, set[str]]:
    """Return what else looks different now: whether all jobs do, and the keys of jobs whose open steps do.

    With the former, the open steps of all jobs are affected too if the deployment ended or began again.
    """
    was, now = read_deployment_standing(before.deployment), read_deployment_standing(after.deployment)
    ended = ("completed_at", "reported_at")
    all_jobs = was != now or (now.is_done and any(before.deployment[n] != after.deployment[n] for n in ended))
    flipped = {
        key
        for key, job in after.jobs.items()
        if key in before.jobs
        and read_job_standing(before.jobs[key], was).is_done != read_job_standing(job, now).is_done
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

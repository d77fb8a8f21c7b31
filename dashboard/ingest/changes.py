"""What a report changed in views: the changes of an event, and the field changes kept with a delivery.

Compares the views of rows before and after. No I/O.
"""

import itertools
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dashboard.core.registers import Node
from dashboard.core.report import StepKey
from dashboard.core.state import Standing
from dashboard.core.view import (
    StalenessRule,
    format_time,
    read_job_standing,
    view_deployment,
    view_job,
    view_listed_deployment,
    view_project,
    view_step,
)
from dashboard.core.view_types.deliveries import FieldChange
from dashboard.core.view_types.deployments import JobSummary, NewDeployment, ReportedDeployment, StepView
from dashboard.core.view_types.events import ChangedFields, Changes
from dashboard.core.words import EventKind, State
from dashboard.database.rows import Row
from dashboard.ingest.fold import Tree
from dashboard.ingest.rows import read_node

EXCLUDED_FIELDS = frozenset({"id", "seq"})
"""Fields of a deployment's view that are never part of its changes."""
DERIVED_FIELDS = EXCLUDED_FIELDS | {
    "project", "sorted_at", "links", "current", "started_observed", "is_current", "is_done", "shown_pct",
}  # fmt: skip
"""Fields that follow from others, and are left out of the field changes of a delivery."""
MAX_FIELD_CHANGES, MAX_VALUE_LENGTH = 100, 200
"""Field changes kept with a delivery, and characters kept of each value."""
LONG_TYPES = (str, dict, list)
"""Types of values that can be long."""

View = NewDeployment | ReportedDeployment | JobSummary | StepView


class TreeView(NamedTuple):
    """The views of a deployment's rows."""

    deployment: ReportedDeployment
    jobs: Mapping[str, JobSummary]
    steps: Mapping[StepKey, StepView]


class TreeChanges(NamedTuple):
    """What a report changed in the views of a deployment."""

    state: str
    """The state that the deployment has now."""
    views: Changes | None
    """The changed fields of the views, with their new values; None if nothing changed."""
    fields: list[FieldChange]
    """The first MAX_FIELD_CHANGES changes of fields that do not follow from others."""


def describe_changes(before: Tree, after: Tree, staleness: StalenessRule) -> TreeChanges:
    """Return what a report changed; the changes of a new deployment are its whole view."""
    old = None if before.is_new else _view_known_tree(before, staleness)
    new = _view_tree(after, staleness)
    old_jobs, old_steps = (old.jobs, old.steps) if old else ({}, {})
    deployment = _diff(old.deployment, new.deployment) if old else _diff(None, _describe_new(new.deployment))
    views: Changes = {
        "deployment": {name: value for name, value in deployment.items() if name not in EXCLUDED_FIELDS},
        "jobs": [
            _add_keys(diff, key=key) for key, view in new.jobs.items() if (diff := _diff(old_jobs.get(key), view))
        ],
        "steps": [
            _add_keys(diff, job=job, key=key)
            for (job, key), view in new.steps.items()
            if (diff := _diff(old_steps.get((job, key)), view))
        ],
    }
    state = new.deployment["state"]
    if not any(views.values()):
        return TreeChanges(state, None, [])
    return TreeChanges(state, views, _list_field_changes(old, new))


def decide_event_kind(before: Tree, after: Tree) -> EventKind:
    """Return the kind of the event; STEP_UPDATED if the report changed only steps."""
    if before.is_new:
        return EventKind.DEPLOYMENT_CREATED
    if after.standing.is_done and not before.standing.is_done:
        return EventKind.DEPLOYMENT_COMPLETED
    parents = [(before.deployment, after.deployment), *((before.jobs.get(k), job) for k, job in after.jobs.items())]
    same = all(old is not None and _read_own(old) == _read_own(new) for old, new in parents)
    return EventKind.STEP_UPDATED if same else EventKind.DEPLOYMENT_UPDATED


def _read_own(row: Row) -> tuple[Node, bool | None]:
    """Return what the view of a deployment or job has of its own, apart from its children."""
    return read_node(row), row.get("allowed_by_project")


def _view_tree(tree: Tree, staleness: StalenessRule) -> TreeView:
    row, deployment = tree.deployment, tree.standing
    standings: dict[str, Standing] = {key: read_job_standing(job, deployment) for key, job in tree.jobs.items()}
    return TreeView(
        {**view_deployment(row, view_project(tree.project), deployment, staleness), "log": row["log"]},
        {key: view_job(job, standings[key], row, deployment) for key, job in tree.jobs.items()},
        {key: view_step(step, standings[key[0]], deployment) for key, step in tree.steps.items()},
    )


def _view_known_tree(before: Tree, staleness: StalenessRule) -> TreeView:
    """Return the views that pages show before the report."""
    view, row = _view_tree(before, staleness), before.deployment
    if row["state"] != State.STALE:
        return view
    # It was announced as stale, so pages show that, even if this report was received before the announcement.
    silent_since = format_time(row["last_report_at"])
    return view._replace(deployment={**view.deployment, "state": State.STALE.value, "stale_since": silent_since})


def _describe_new(view: ReportedDeployment) -> NewDeployment:
    """Return a new deployment as lists show it without its past, and its log."""
    return {**view_listed_deployment(view), "log": view["log"]}


def _list_field_changes(old: TreeView | None, new: TreeView) -> list[FieldChange]:
    old_jobs, old_steps = (old.jobs, old.steps) if old else ({}, {})
    pairs: Iterable[tuple[str, str | None, View | None, View]] = (
        ("deployment", None, old.deployment if old else None, new.deployment),
        *(("job", view["name"], old_jobs.get(key), view) for key, view in new.jobs.items()),
        *(("step", view["name"], old_steps.get(key), view) for key, view in new.steps.items()),
    )
    listed: Iterable[FieldChange] = (
        {
            "deployment_id": new.deployment["id"],
            "what": what,
            "name": name,
            "field": field,
            "before": _shorten(before.get(field)) if before else None,
            "after": _shorten(value),
        }
        for what, name, before, after in pairs
        # For a new node the state is enough, because all its fields are new.
        for field, value in (after.items() if before else [("state", after["state"])])
        if field not in DERIVED_FIELDS and not (before and before.get(field) == value)
    )
    return list(itertools.islice(listed, MAX_FIELD_CHANGES))


def _shorten(value: Any) -> Any:  # noqa: ANN401
    """Return the value; long types as text, cut after MAX_VALUE_LENGTH characters."""
    if not isinstance(value, LONG_TYPES):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_VALUE_LENGTH else text[:MAX_VALUE_LENGTH] + "…"


def _diff(old: View | None, new: View) -> ChangedFields:
    """Return the fields that differ between two views of one node, which have the same fields; all of a new node."""
    if old is None:
        return {**new}
    return {name: value for name, value in new.items() if old.get(name) != value}


def _add_keys(diff: ChangedFields, **keys: str) -> ChangedFields:
    """Return the changes of a node with its keys; the view of a new node already has them."""
    return diff if "key" in diff else {**keys, **diff}

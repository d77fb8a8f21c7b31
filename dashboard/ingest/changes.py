"""What a report changed in views: the changes of an event, and the field changes kept with a delivery.

Compares the views of rows before and after. No I/O.
"""

import itertools
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dashboard.core.report import StepKey
from dashboard.core.state import Standing
from dashboard.core.view import (
    StalenessRule,
    format_time,
    read_deployment_standing,
    read_job_standing,
    view_deployment,
    view_job,
    view_project,
    view_step,
)
from dashboard.core.view_types.deployments import JobSummary, StepView
from dashboard.core.view_types.events import Changes
from dashboard.core.words import State
from dashboard.ingest.fold import Tree
from dashboard.ingest.rows import read_node

EXCLUDED_FIELDS = frozenset({"id", "seq"})
"""Fields of a deployment's view that are never part of its changes."""
DERIVED_FIELDS = EXCLUDED_FIELDS | {
    "project", "sorted_at", "links", "usual", "estimate", "related", "current", "started_observed", "is_current",
    "is_done", "shown_pct",
}  # fmt: skip
"""Fields that follow from others, and are left out of the field changes of a delivery."""
NO_HISTORY: Mapping[str, Any] = {"usual": None, "estimate": None, "related": None}
"""Fields of a new deployment that need its history, which ingest does not read."""
MAX_FIELD_CHANGES, MAX_VALUE_LENGTH = 100, 200
"""Field changes kept with a delivery, and characters kept of each value."""
LONG_TYPES = (str, dict, list)
"""Types of values that can be long."""

View = Mapping[str, Any]


class TreeView(NamedTuple):
    """The views of a deployment's rows."""

    deployment: View
    jobs: Mapping[str, JobSummary]
    steps: Mapping[StepKey, StepView]


EMPTY_VIEW = TreeView({}, {}, {})


class Difference(NamedTuple):
    """What a report changed in the views of a deployment."""

    changes: Changes | None
    """The new values; None if nothing changed."""
    fields: list[dict[str, Any]]
    """The first MAX_FIELD_CHANGES of `{"what": "deployment", "job" or "step", "name", "field", "before", "after"}`."""


def describe_changes(before: Tree, after: Tree, staleness: StalenessRule) -> Difference:
    """Return what a report changed; the changes of a new deployment are its whole view."""
    old = EMPTY_VIEW if before.is_new else _view_tree(before, staleness)
    new = _view_tree(after, staleness)
    if before.deployment["state"] == State.STALE:
        # It was announced as stale, so pages show that, even if this report was received before the announcement.
        silent_since = format_time(before.deployment["last_report_at"])
        old = old._replace(deployment={**old.deployment, "state": State.STALE.value, "stale_since": silent_since})
    if before.is_new:
        new = new._replace(deployment={**new.deployment, **NO_HISTORY})
    deployment = _diff(old.deployment, new.deployment)
    changes: Changes = {
        "deployment": {name: value for name, value in deployment.items() if name not in EXCLUDED_FIELDS},
        "jobs": [
            _add_keys(diff, key=key) for key, view in new.jobs.items() if (diff := _diff(old.jobs.get(key), view))
        ],
        "steps": [
            _add_keys(diff, job=job, key=key)
            for (job, key), view in new.steps.items()
            if (diff := _diff(old.steps.get((job, key)), view))
        ],
    }
    if not any(changes.values()):
        return Difference(None, [])
    return Difference(changes, _list_field_changes(old, new))


def decide_event_kind(before: Tree, after: Tree) -> str:
    """Return the kind of the event; `step.updated` if the report changed only steps."""
    if before.is_new:
        return "deployment.created"
    if read_deployment_standing(after.deployment).is_done and not read_deployment_standing(before.deployment).is_done:
        return "deployment.completed"
    parents = [(before.deployment, after.deployment), *((before.jobs.get(k), job) for k, job in after.jobs.items())]
    same = all(old is not None and read_node(old) == read_node(new) for old, new in parents)
    return "step.updated" if same else "deployment.updated"


def _view_tree(tree: Tree, staleness: StalenessRule) -> TreeView:
    row = tree.deployment
    deployment = read_deployment_standing(row)
    standings: dict[str, Standing] = {key: read_job_standing(job, deployment) for key, job in tree.jobs.items()}
    return TreeView(
        {**view_deployment(row, view_project(tree.project), deployment, staleness), "log": row["log"]},
        {key: view_job(job, standings[key], row, deployment) for key, job in tree.jobs.items()},
        {key: view_step(step, standings[key[0]], deployment) for key, step in tree.steps.items()},
    )


def _list_field_changes(old: TreeView, new: TreeView) -> list[dict[str, Any]]:
    pairs: Iterable[tuple[str, View, View]] = (
        ("deployment", old.deployment, new.deployment),
        *(("job", old.jobs.get(key, {}), view) for key, view in new.jobs.items()),
        *(("step", old.steps.get(key, {}), view) for key, view in new.steps.items()),
    )
    listed = (
        {
            "what": what,
            "name": after.get("name"),
            "field": field,
            "before": _shorten(before.get(field)),
            "after": _shorten(value),
        }
        for what, before, after in pairs
        # For a new node the state is enough, because all its fields are new.
        for field, value in (after.items() if before else [("state", after["state"])])
        if field not in DERIVED_FIELDS and before.get(field) != value
    )
    return list(itertools.islice(listed, MAX_FIELD_CHANGES))


def _shorten(value: Any) -> Any:  # noqa: ANN401
    """Return the value; long types as text, cut after MAX_VALUE_LENGTH characters."""
    if not isinstance(value, LONG_TYPES):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_VALUE_LENGTH else text[:MAX_VALUE_LENGTH] + "…"


def _diff(old: View | None, new: View) -> dict[str, Any]:
    if not old:
        return dict(new)
    return {name: value for name, value in new.items() if name not in old or old[name] != value}


def _add_keys(diff: dict[str, Any], **keys: str) -> dict[str, Any]:
    """Return the changes of a node with its keys; the view of a new node already has them."""
    return diff if "key" in diff else {**keys, **diff}

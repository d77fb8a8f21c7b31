"""What people see differently after a report: the changes of an event, and the field changes kept with a delivery.

Compares views of the rows before and after; reads and writes nothing.
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
from dashboard.core.view_types import Changes, JobSummary, StepView
from dashboard.core.words import State
from dashboard.ingest.fold import Tree
from dashboard.ingest.rows import read_node

NOT_CHANGES = frozenset({"id", "seq"})
"""Fields of a deployment's view that are not part of its changes."""
DERIVED = NOT_CHANGES | {
    "project", "sorted_at", "links", "usual", "estimate", "related", "current", "started_observed", "is_current",
    "is_done", "shown_pct",
}  # fmt: skip
"""Fields that follow from others: a list of field changes for people leaves them out."""
UNKNOWN_YET: Mapping[str, Any] = {"usual": None, "estimate": None, "related": None}
"""What a new deployment's history says is not looked up while it is ingested."""
MAX_FIELD_CHANGES, MAX_VALUE_LENGTH = 100, 200
"""Field changes, and characters of a value, that are kept with a delivery."""
LONG_TYPES = (str, dict, list)
"""Types of values that can be long."""

View = Mapping[str, Any]


class TreeView(NamedTuple):
    """The views of a deployment's rows."""

    deployment: View
    jobs: Mapping[str, JobSummary]
    steps: Mapping[StepKey, StepView]


NOTHING = TreeView({}, {}, {})


class Difference(NamedTuple):
    """What people see differently after a report than before."""

    changes: Changes | None
    """The new values; None if there are none."""
    fields: list[dict[str, Any]]
    """The first of them, as `{"what": "deployment", "job" or "step", "name", "field", "before", "after"}`."""


def describe_changes(before: Tree, after: Tree, staleness: StalenessRule) -> Difference:
    """Return what the report changed; a new deployment's changes are its whole view."""
    old = NOTHING if before.is_new else _view_tree(before, staleness)
    new = _view_tree(after, staleness)
    if before.deployment["state"] == State.STALE:
        # It was announced as stale while this report was on its way, so pages show that, whatever the report's time.
        silent_since = format_time(before.deployment["last_report_at"])
        old = old._replace(deployment={**old.deployment, "state": State.STALE.value, "stale_since": silent_since})
    if before.is_new:
        new = new._replace(deployment={**new.deployment, **UNKNOWN_YET})
    deployment = _diff(old.deployment, new.deployment)
    changes: Changes = {
        "deployment": {name: value for name, value in deployment.items() if name not in NOT_CHANGES},
        "jobs": [_label(diff, key=key) for key, view in new.jobs.items() if (diff := _diff(old.jobs.get(key), view))],
        "steps": [
            _label(diff, job=job, key=key)
            for (job, key), view in new.steps.items()
            if (diff := _diff(old.steps.get((job, key)), view))
        ],
    }
    if not any(changes.values()):
        return Difference(None, [])
    return Difference(changes, _list_field_changes(old, new))


def name_event(before: Tree, after: Tree) -> str:
    """Return the kind of the event: `step.updated` if the report changed nothing but steps."""
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
        # Of something new the state is enough: all its other fields are new, too.
        for field, value in (after.items() if before else [("state", after["state"])])
        if field not in DERIVED and before.get(field) != value
    )
    return list(itertools.islice(listed, MAX_FIELD_CHANGES))


def _shorten(value: Any) -> Any:  # noqa: ANN401
    """Return a scalar; what can be long becomes a text, cut after MAX_VALUE_LENGTH characters."""
    if not isinstance(value, LONG_TYPES):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_VALUE_LENGTH else text[:MAX_VALUE_LENGTH] + "…"


def _diff(old: View | None, new: View) -> dict[str, Any]:
    if not old:
        return dict(new)
    return {name: value for name, value in new.items() if name not in old or old[name] != value}


def _label(diff: dict[str, Any], **keys: str) -> dict[str, Any]:
    """Return the changes of a node with its keys, which only the view of a new one has already."""
    return diff if "key" in diff else {**keys, **diff}

"""What of folded rows people can see: the changes that go into events, and those told of a delivery.

Compares views of the rows before and after; reads and writes nothing.
"""

import itertools
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dashboard.core.report import StepKey
from dashboard.core.state import Standing
from dashboard.core.view import (
    Watch,
    format_time,
    stand_deployment,
    stand_job,
    tell_row_state,
    view_deployment,
    view_job,
    view_project,
    view_step,
)
from dashboard.core.words import State
from dashboard.ingest.fold import Tree
from dashboard.ingest.rows import Row, read_node

UNSEEN = frozenset({"id", "seq"})
"""Parts of a deployment's view that are not changes of it."""
UNTOLD = UNSEEN | {
    "project", "sorted_at", "links", "usual", "estimate", "related", "current", "started_observed", "is_current",
    "is_done", "shown_pct",
}  # fmt: skip
"""Parts of views that follow from others: a list of changes for people would only be longer with them."""
MOST_TOLD, LONGEST_TOLD = 100, 200
"""Changes, and characters of a value, that are kept with a delivery."""


LONG = (str, dict, list)
"""Types of values that can be long."""

Views = tuple[dict[str, Any], dict[str, dict[str, Any]], dict[StepKey, dict[str, Any]]]


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
            _label(diff, key=key) for key, view in new_views[1].items() if (diff := _diff(old_views[1].get(key), view))
        ],
        "steps": [
            _label(diff, job=job, key=key)
            for (job, key), view in new_views[2].items()
            if (diff := _diff(old_views[2].get((job, key)), view))
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
        {
            "what": what,
            "name": new.get("name"),
            "field": field,
            "before": _shorten(old.get(field)),
            "after": _shorten(value),
        }
        for what, old, new in pairs
        # Of what was not there before the state is enough: all else of it is new, too.
        for field, value in (new.items() if old else [("state", new["state"])])
        if field not in UNTOLD and old.get(field) != value
    )
    return list(itertools.islice(told, MOST_TOLD))


def _shorten(value: Any) -> Any:  # noqa: ANN401
    """Return a value that is short whatever a sender wrote: a scalar, cut if it is a long text."""
    if not isinstance(value, LONG):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_TOLD else text[:LONGEST_TOLD] + "…"


def _diff(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> Mapping[str, Any]:
    if not old:
        return new
    return {name: value for name, value in new.items() if name not in old or old[name] != value}


def _label(diff: Mapping[str, Any], **keys: str) -> Mapping[str, Any]:
    """Return what changed of a node, with the keys that say of which: only the view of a new one has them."""
    return diff if "key" in diff else {**keys, **diff}

"""Frames: what a browser is told about one deployment at a time.

Pure functions over rows of `deployment_events`. Nothing here knows Socket.IO, the database or the clock.
"""

from collections.abc import Sequence
from typing import Any

from dashboard.database.listener import Event

Fields = dict[str, Any]

CREATED = "deployment.created"
KINDS = ("step.updated", "deployment.updated", "deployment.completed", CREATED)
"""Names of events, the one that wins when several are folded last."""


def fold_events(events: Sequence[Event]) -> tuple[str, Fields]:
    """Return name and frame for the events of one deployment, at least one, in order of seq.

    A frame holds every field that changed after `prev_seq`, as it is at `seq`. So it is right for everyone who is at
    `prev_seq` or later and before `seq`; whoever is at `seq` or later has all of it.
    """
    first, last = events[0], events[-1]
    deployment: Fields = {}
    jobs: dict[str, Fields] = {}
    steps: dict[tuple[str, str], Fields] = {}
    for event in events:
        deployment.update(event.changes.get("deployment", {}))
        for job in event.changes.get("jobs", ()):
            jobs.setdefault(job["key"], {}).update(job)
        for step in event.changes.get("steps", ()):
            steps.setdefault((step["job"], step["key"]), {}).update(step)
    return max((event.kind for event in events), key=KINDS.index), {
        "deployment_id": first.deployment_id,
        "prev_seq": first.seq - 1,
        "seq": last.seq,
        "deployment": deployment,
        "jobs": list(jobs.values()),
        "steps": list(steps.values()),
    }

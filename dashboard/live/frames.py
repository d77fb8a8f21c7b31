"""Frames: the changes of one deployment that a browser receives in one message.

Pure functions over rows of `deployment_events`, without Socket.IO, database or clock.
"""

from collections.abc import Sequence
from typing import Any

from dashboard.core.view_types.events import Frame
from dashboard.database.listener import Event

CREATED = "deployment.created"
KINDS = ("step.updated", "deployment.updated", "deployment.completed", CREATED)
"""Names of events; the last one in this order wins when several are folded."""


def fold_events(events: Sequence[Event]) -> tuple[str, Frame]:
    """Return name and frame for at least one event of one deployment, in order of seq.

    A frame contains every field that changed after `prev_seq`, with its value at `seq`. It applies to a client whose
    seq is at least `prev_seq` and less than `seq`; a client at `seq` or later has all of it.
    """
    first, last = events[0], events[-1]
    deployment: dict[str, Any] = {}
    jobs: dict[str, dict[str, Any]] = {}
    steps: dict[tuple[str, str], dict[str, Any]] = {}
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

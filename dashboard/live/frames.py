"""Frames: the changes of one deployment that a browser receives in one message.

Pure functions over rows of `deployment_events`, without Socket.IO, database or clock.
"""

from collections.abc import Sequence

from dashboard.core.report import StepKey
from dashboard.core.view_types.events import ChangedFields, Frame
from dashboard.core.words import EventKind
from dashboard.database.listener import Event

KINDS = tuple(EventKind)


def fold_events(events: Sequence[Event]) -> tuple[EventKind, Frame]:
    """Return name and frame for at least one event of one deployment, in order of seq.

    A frame contains every field that changed after `prev_seq`, with its value at `seq`. It applies to a client whose
    seq is at least `prev_seq` and less than `seq`; a client at `seq` or later has all of it.
    """
    first, last = events[0], events[-1]
    deployment: ChangedFields = {}
    jobs: dict[str, ChangedFields] = {}
    steps: dict[StepKey, ChangedFields] = {}
    for event in events:
        deployment.update(event.changes["deployment"])
        for job in event.changes["jobs"]:
            jobs.setdefault(job["key"], {}).update(job)
        for step in event.changes["steps"]:
            steps.setdefault((step["job"], step["key"]), {}).update(step)
    return max((EventKind(event.kind) for event in events), key=KINDS.index), {
        "deployment_id": first.deployment_id,
        "prev_seq": first.seq - 1,
        "seq": last.seq,
        "deployment": deployment,
        "jobs": list(jobs.values()),
        "steps": list(steps.values()),
    }

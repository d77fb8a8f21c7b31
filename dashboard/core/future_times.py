"""Times in the future: a report of something that has happened cannot state one, so its sender's clock is wrong."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from dashboard.core.registers import (
    NO_TIME,
    End,
    Node,
    Outcome,
    Stamp,
    Start,
    make_stamp,
    merge_ends,
    merge_starts,
)
from dashboard.core.report import Report

MAX_LEAD = timedelta(minutes=10)
"""How far a sender's clock may be ahead of ours before its times count as unknown."""


def drop_future_times(report: Report, received_at: datetime) -> Report:
    """Return the report with every time more than MAX_LEAD after its receipt unknown.

    The identity is unchanged: the same delivery sent again still belongs to the same deployment.
    """
    limit = make_stamp(received_at + MAX_LEAD)
    nodes = (report.project, report.deployment, *report.jobs.values(), *report.steps.values())
    if not any(_is_ahead(node, limit) for node in nodes):
        return report
    return replace(
        report,
        project=_correct_node(report.project, limit),
        deployment=_correct_node(report.deployment, limit),
        jobs={key: _correct_node(node, limit) for key, node in report.jobs.items()},
        steps={key: _correct_node(node, limit) for key, node in report.steps.items()},
    )


def _is_ahead(node: Node, limit: Stamp) -> bool:
    """Return whether any time of a node is after the limit. Plain loops: nearly every report is only checked."""
    for claim in node.fields.values():
        if claim[0] > limit:
            return True
    for generation, stamp in (claim.position for claim in node.starts):
        if stamp > limit or _read_generation(generation) > limit:
            return True
    outcomes = [end.outcome for end in node.ends]
    if node.queued:
        outcomes.append(node.queued)
    for outcome in outcomes:
        times = (make_stamp(outcome.completed_at), make_stamp(outcome.reported_at))
        if max(*times, _read_generation(outcome.generation)) > limit:
            return True
    return False


def _correct_node(node: Node, limit: Stamp) -> Node:
    """Return the node without future times. Its claims then have the latest time of the node that is left, if any."""
    stamps = [
        *(at for at, _, _ in node.fields.values()),
        *(start.position[1] for start in node.starts),
        *(end.position[1] for end in node.ends),
        *(make_stamp(time) for end in node.ends for time in (end.outcome.completed_at, end.outcome.reported_at)),
    ]
    left = max((stamp for stamp in stamps if stamp <= limit), default=NO_TIME)
    starts = merge_starts(filter(None, (_correct_start(start, limit, left) for start in node.starts)))
    return replace(
        node,
        fields={name: (at if at <= limit else left, rank, value) for name, (at, rank, value) in node.fields.items()},
        starts=starts,
        ends=merge_ends(_correct_end(end, limit, starts) for end in node.ends),
        queued=node.queued and _correct_outcome(node.queued, limit),
    )


def _correct_start(start: Start, limit: Stamp, left: Stamp) -> Start | None:
    """Return the start; of a running node with a future start, when it was reported, as in claim_node; else None."""
    generation, stamp = start.position
    generation = _correct_generation(generation, limit)
    if stamp <= limit:
        return start._replace(position=(generation, stamp))
    return Start((generation, left), is_reported=False, raw=start.raw) if start.raw else None


def _correct_end(end: End, limit: Stamp, starts: Sequence[Start]) -> End:
    """Return the end; one without a time that is left is no earlier than its start, as in claim_node."""
    outcome = _correct_outcome(end.outcome, limit)
    if end.position[1] <= limit:
        return End((outcome.generation, end.position[1]), outcome)
    return End(max([outcome.position, *(start.position for start in starts[-1:])]), outcome)


def _correct_outcome(outcome: Outcome, limit: Stamp) -> Outcome:
    return replace(
        outcome,
        completed_at=_forget(outcome.completed_at, limit),
        reported_at=_forget(outcome.reported_at, limit),
        generation=_correct_generation(outcome.generation, limit),
    )


def _correct_generation(generation: int, limit: Stamp) -> int:
    return generation if _read_generation(generation) <= limit else 0


def _read_generation(generation: int) -> Stamp:
    """Return a generation as a time: it is one, in milliseconds, where a sender numbers nothing.

    Elsewhere it is an id, which as a time lies in the seventies, never in the future.
    """
    return generation * 1000


def _forget(time: datetime | None, limit: Stamp) -> datetime | None:
    return time if make_stamp(time) <= limit else None

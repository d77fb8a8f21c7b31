"""Conversion between rows and nodes: the columns that hold the registers of a project, deployment, job or step."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dashboard.core.registers import (
    NO_TIME,
    Claim,
    End,
    Node,
    Outcome,
    Progress,
    Start,
    make_stamp,
    merge_nodes,
    read_stamp,
)
from dashboard.core.report import DEPLOYMENT_FIELDS, Identity
from dashboard.core.view import format_time
from dashboard.core.words import CONCLUSION_OF_WORD, STATUS_OF_WORD, Status
from dashboard.database.rows import Row

PROJECT_RESOLUTION_US = 1_000_000
"""Precision of the stamps of a project, in microseconds."""

EMPTY_NODE: Mapping[str, Any] = {
    "status": None,
    "conclusion": None,
    "status_raw": None,
    "completed_at": None,
    "reported_at": None,
    "generation": 0,
    "conflicting_outcome": None,
    "started_at": None,
    "started_generation": 0,
    "rounds": None,
    "has_waited": False,
    "observed_at": None,
    "stamps": {},
}


def read_fields(row: Mapping[str, Any]) -> dict[str, Claim]:
    """Return the claims that a row's fields hold."""
    return {name: (stamp, rank, row[name]) for name, (stamp, rank) in row["stamps"].items()}


def write_fields(fields: Mapping[str, Claim]) -> Row:
    """Return the columns for claims: the values, and `stamps`."""
    columns: Row = {name: value for name, (_, _, value) in fields.items()}
    columns["stamps"] = {name: [stamp, rank] for name, (stamp, rank, _) in fields.items()}
    return columns


def read_node(row: Mapping[str, Any]) -> Node:
    """Return the node in the row of a deployment, job or step."""
    fields, has_waited = read_fields(row), row["has_waited"]
    if row["rounds"] is not None:
        return _read_rounds(fields, row["rounds"], has_waited=has_waited)
    outcome, starts = _read_outcome(row), _read_start(row)
    if outcome is None or outcome.status == Status.QUEUED:
        return Node(fields, queued=outcome, has_waited=has_waited)
    if outcome.status == Status.IN_PROGRESS:
        return Node(fields, starts, has_waited=has_waited)
    return Node(fields, starts, (End(outcome.position, outcome),), has_waited=has_waited)


def write_node(node: Node) -> Row:
    """Return the columns of a node, without fields that have no claim."""
    columns = write_fields(node.fields)
    outcome, conflicting, start = progress = node.read_progress()
    columns["started_generation"], started = start.position if start else (0, NO_TIME)
    columns["started_at"] = read_stamp(started)
    columns["has_waited"] = node.has_waited
    columns["rounds"] = None if _fits_columns(node, progress) else _write_rounds(node)
    if outcome:
        columns["status"] = outcome.status.word
        columns["conclusion"] = outcome.conclusion and str(outcome.conclusion)
        columns["status_raw"] = outcome.raw
        columns["completed_at"] = outcome.completed_at
        columns["reported_at"] = outcome.reported_at
        columns["generation"] = outcome.generation
        columns["conflicting_outcome"] = _write_conflicting(conflicting) if conflicting else None
    return columns


def read_first_start(row: Mapping[str, Any]) -> datetime | None:
    """Return the earliest start of a node, before it began again."""
    starts = row["rounds"]["starts"] if row["rounds"] else ()
    return read_stamp(starts[0][1]) if starts else row["started_at"]


def _read_outcome(row: Mapping[str, Any]) -> Outcome | None:
    if row["status"] is None:
        return None
    times = (row["completed_at"], row["generation"], row["reported_at"])
    return Outcome(STATUS_OF_WORD[row["status"]], row["status_raw"], CONCLUSION_OF_WORD.get(row["conclusion"]), *times)


def _read_start(row: Mapping[str, Any]) -> tuple[Start, ...]:
    """Return the only start of a row, none if it has no time and the node has ended."""
    at, is_open = row["started_at"], row["status"] == Status.IN_PROGRESS.word
    if at is None and not is_open:
        return ()
    position = (row["started_generation"], make_stamp(at))
    return (Start(position, at is not None, row["status_raw"] if is_open else ""),)


def _fits_columns(node: Node, progress: Progress) -> bool:
    """Return whether `read_node` can make the node from its other columns: one round, and a reported start."""
    starts, ends, queued = node.starts, node.ends, node.queued
    if len(starts) > 1 or len(ends) > 1 or (queued and (starts or ends)):
        return False
    if any(start.is_reported != (start.position[1] != NO_TIME) for start in starts):
        return False
    if not ends:
        return True
    end = ends[0]
    return (
        progress.outcome is end.outcome
        and end.position == end.outcome.position
        and all(start.position[1] != NO_TIME and not start.raw for start in starts)
    )


def _read_rounds(fields: Mapping[str, Claim], rounds: Mapping[str, Any], *, has_waited: bool) -> Node:
    """Return the node that `_write_rounds` wrote."""
    starts = tuple(Start((generation, at), is_reported, raw) for generation, at, is_reported, raw in rounds["starts"])
    ends = tuple(End((generation, at), _unpack_outcome(packed)) for generation, at, packed in rounds["ends"])
    return Node(fields, starts, ends, rounds["queued"] and _unpack_outcome(rounds["queued"]), has_waited)


def _write_rounds(node: Node) -> Row:
    """Return all starts and ends of a node, with times in microseconds."""
    return {
        "starts": [[*start.position, start.is_reported, start.raw] for start in node.starts],
        "ends": [[*end.position, _pack_outcome(end.outcome)] for end in node.ends],
        "queued": node.queued and _pack_outcome(node.queued),
    }


def _pack_outcome(outcome: Outcome) -> list[Any]:
    times = (outcome.generation, make_stamp(outcome.completed_at), make_stamp(outcome.reported_at))
    return [int(outcome.status), outcome.raw, outcome.conclusion, *times]


def _unpack_outcome(packed: Sequence[Any]) -> Outcome:
    status, raw, conclusion, generation, completed_at, reported_at = packed
    times = (read_stamp(completed_at), generation, read_stamp(reported_at))
    return Outcome(Status(status), raw, CONCLUSION_OF_WORD.get(conclusion), *times)


def _write_conflicting(outcome: Outcome) -> Row:
    return {
        "conclusion": outcome.conclusion,
        "status_raw": outcome.raw,
        "completed_at": format_time(outcome.completed_at),
        "reported_at": format_time(outcome.reported_at),
    }


def fold_project(row: Row, node: Node) -> Row:
    """Return the project's row after the report; seq grows only if a value changed.

    Stamps are rounded to the second, so that a project's row is not written for each of its deliveries. Among claims of
    the same second the larger wins, whichever came first.
    """
    folded = {**row, **write_fields(merge_nodes(Node(read_fields(row)), Node(_round_stamps(node))).fields)}
    has_changed = any(folded[name] != row[name] for name in folded if name != "stamps")
    return folded | {"seq": row["seq"] + has_changed}


def changes_project(row: Row, node: Node) -> bool:
    """Return whether fold_project would change the row."""
    known = read_fields(row)
    return any(name not in known or known[name] < claim for name, claim in _round_stamps(node).items())


def _round_stamps(node: Node) -> dict[str, Claim]:
    return {name: (at - at % PROJECT_RESOLUTION_US, rank, value) for name, (at, rank, value) in node.fields.items()}


EMPTY_DEPLOYMENT: Row = {
    **EMPTY_NODE,
    **dict.fromkeys(DEPLOYMENT_FIELDS),
    **dict.fromkeys(("run_key", "first_step_at", "current_step", "waited_s")),
    "step_tally": {},
    "job_tally": {},
    "longest_gap_s": 0,
    "state": "queued",
    "seq": 0,
}


def make_deployment(
    deployment_id: int, identity: Identity, project_id: int, received_at: datetime, usual_gap_s: float
) -> Row:
    """Return the row of a new deployment, without claims."""
    return {
        **EMPTY_DEPLOYMENT,
        "id": deployment_id,
        "identity": identity.digest,
        "project_id": project_id,
        "dialect": identity.dialect,
        "run_id": identity.run_id,
        "attempt": identity.attempt,
        "usual_gap_s": usual_gap_s,
        **dict.fromkeys(("sorted_at", "created_at", "last_report_at"), received_at),
    }

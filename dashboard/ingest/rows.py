"""Conversion between rows and nodes: the columns that hold the registers of a project, deployment, job or step."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashboard.core.registers import Claim, Node, Outcome, merge_nodes
from dashboard.core.report import DEPLOYMENT_FIELDS, Identity
from dashboard.core.view import format_time
from dashboard.core.words import CONCLUSION_OF_WORD, STATUS_OF_WORD, Conclusion
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
    started = row["started_at"] and (row["started_generation"], row["started_at"])
    return Node(read_fields(row), tuple(_read_outcomes(row)), started)


def write_node(node: Node) -> Row:
    """Return the columns of a node, without fields that have no claim."""
    columns = write_fields(node.fields)
    columns["started_generation"], columns["started_at"] = node.started or (0, None)
    if node.outcomes:
        outcome, *others = node.outcomes
        columns["status"] = outcome.status.word
        columns["conclusion"] = outcome.conclusion and str(outcome.conclusion)
        columns["status_raw"] = outcome.raw
        columns["completed_at"] = outcome.completed_at
        columns["reported_at"] = outcome.reported_at
        columns["generation"] = outcome.generation
        columns["conflicting_outcome"] = _write_conflicting(others[0]) if others else None
    return columns


def _read_outcomes(row: Mapping[str, Any]) -> list[Outcome]:
    if row["status"] is None:
        return []
    conclusion = CONCLUSION_OF_WORD.get(row["conclusion"])
    times = (row["completed_at"], row["generation"], row["reported_at"])
    first = Outcome(STATUS_OF_WORD[row["status"]], row["status_raw"], conclusion, *times)
    other = row["conflicting_outcome"]
    if other is None:
        return [first]
    completed_at, reported_at = (_parse_time(other[name]) for name in ("completed_at", "reported_at"))
    other_times = (completed_at, first.generation, reported_at)
    return [first, Outcome(first.status, other["status_raw"], Conclusion(other["conclusion"]), *other_times)]


def _write_conflicting(outcome: Outcome) -> Row:
    return {
        "conclusion": outcome.conclusion,
        "status_raw": outcome.raw,
        "completed_at": format_time(outcome.completed_at),
        "reported_at": format_time(outcome.reported_at),
    }


def _parse_time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def make_project(slug: str, node: Node, created_at: datetime) -> Row:
    """Return the row of a new project, without its id, which the database assigns."""
    return {"slug": slug, "name": node.value("name") or slug, "stamps": {}, "seq": 0, "created_at": created_at}


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
    **dict.fromkeys(("run_key", "first_step_at", "current_step")),
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

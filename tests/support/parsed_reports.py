"""Helpers for parsed reports: the only one, its claims, the order of several, and the errors of a malformed body."""

import functools
import itertools
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest

from dashboard.core.project_identity import identify_native
from dashboard.core.registers import Node
from dashboard.core.report import Identity, Report, merge_reports
from dashboard.core.words import NATIVE
from dashboard.webhooks.dialects.payload import MalformedError, Parsed, identify


def at(clock: str) -> datetime:
    """Return the moment on the first of March 2026."""
    return datetime.fromisoformat(f"2026-03-01T{clock}Z")


def make_identity(
    dialect: str, project: str, parts: Sequence[str | int | None], run_id: str | None = None, attempt: int = 1
) -> Identity:
    """Return an identity; after the host, a number or an id in braces is the sender's id of the repository."""
    if dialect == NATIVE:
        return Identity(dialect, identify_native(project), tuple(parts), run_id, attempt)
    place = parts[1] if len(parts) > 1 else None
    sender_id = place if isinstance(place, int) or str(place).startswith("{") else None
    return identify(dialect, project, parts, run_id, attempt, sender_id=sender_id)


def only(parsed: Parsed) -> Report:
    """Return the report of a delivery that must say exactly one."""
    assert isinstance(parsed, tuple)
    (report,) = parsed
    return report


def values(node: Node) -> dict[str, Any]:
    """Return what a node claims, by field."""
    return {name: claim[2] for name, claim in node.fields.items()}


def outcome(node: Node) -> tuple[str, str | None, str]:
    """Return status, conclusion and the sender's own word."""
    assert node.outcome is not None
    conclusion = node.outcome.conclusion
    return node.outcome.status.word, conclusion and conclusion.value, node.outcome.raw


def merge_in_any_order(reports: Sequence[Report]) -> Report:
    """Return what the reports say together, having seen that every order and a repetition give the same."""
    states = [functools.reduce(merge_reports, order) for order in itertools.permutations([*reports, reports[0]])]
    assert all(state == states[0] for state in states)
    return states[0]


def read_errors(parse: Callable[[str, Any], Parsed], event: str, body: Any) -> dict[str, list[str]]:
    """Return the errors, by field, of a body that must be malformed."""
    with pytest.raises(MalformedError) as raised:
        parse(event, body)
    return dict(raised.value.errors)


def find_stamps(report: Report) -> set[int]:
    """Return the stamps of all claims about the project, the deployment, its jobs and their steps."""
    nodes = (report.project, report.deployment, *report.jobs.values(), *report.steps.values())
    return {claim[0] for node in nodes for claim in node.fields.values()}

"""Reports: the content of a delivery in one form, whichever dialect it came in."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from dashboard.core.project_identity import ProjectIdentity
from dashboard.core.registers import Node, merge_nodes

StepKey = tuple[str, str]
"""Job key and step key within a deployment."""
Key = TypeVar("Key")

NOTES = ("message", "error", "log")
DEPLOYMENT_FIELDS = (
    "environment", "repository", "branch", "commit_hash", "commit_message", "triggered_by", "trigger_type",
    "deploy_type", "deploy_path", "test_url", "port", "service_status", "run_url", "of_run", "of_attempt",
    "duration_s", "is_cut", *NOTES,
)  # fmt: skip
JOB_FIELDS = ("name", "number", "allowed_to_fail", "duration_s", *NOTES)
STEP_FIELDS = ("name", "number", *NOTES)
"""The fields that a report may claim, one list per kind of node."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What two reports on the same deployment have in common; everything else may differ."""

    dialect: str
    project: ProjectIdentity
    parts: tuple[str | int | None, ...]
    run_id: str | None = None
    attempt: int = 1
    digest: str = field(init=False, compare=False)
    """Hexadecimal SHA-256 of dialect, project and parts: a short key, however long they are.

    It includes the project's identity, so that a source limited to one project cannot change deployments of another by
    reusing their ids.
    """

    def __post_init__(self) -> None:
        """Compute the digest."""
        object.__setattr__(self, "digest", self.make_digest(self.project.digest))

    def make_digest(self, project: str) -> str:
        """Return the digest with this text for the project: before projects had identities, it was the slug."""
        content = json.dumps([self.dialect, project, *self.parts])
        return hashlib.sha256(content.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Report:
    """Claims about one deployment, its project, its jobs and their steps.

    Reports form a lattice: the state of a deployment is the merge of all reports on it.
    """

    identity: Identity
    project: Node = field(default_factory=Node)
    deployment: Node = field(default_factory=Node)
    jobs: Mapping[str, Node] = field(default_factory=dict)
    steps: Mapping[StepKey, Node] = field(default_factory=dict)


def merge_reports(left: Report, right: Report) -> Report:
    """Return one report with the claims of both. Raises ValueError if they are on different deployments."""
    if left.identity != right.identity:
        raise ValueError("reports on different deployments do not merge")
    return Report(
        left.identity,
        merge_nodes(left.project, right.project),
        merge_nodes(left.deployment, right.deployment),
        _merge_children(left.jobs, right.jobs),
        _merge_children(left.steps, right.steps),
    )


def _merge_children(left: Mapping[Key, Node], right: Mapping[Key, Node]) -> Mapping[Key, Node]:
    merged = dict(left)
    for key, node in right.items():
        merged[key] = merge_nodes(merged[key], node) if key in merged else node
    return merged

"""Applies reports to the database within a transaction: lock, read, fold, write, announce.

The lock on a deployment also covers its jobs, steps and events.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from dashboard.config import Settings
from dashboard.core.report import Identity, Report
from dashboard.core.view import StalenessRule, read_deployment_standing
from dashboard.core.view_types.deliveries import FieldChange
from dashboard.database.rows import Row
from dashboard.ingest import statements
from dashboard.ingest.changes import decide_event_kind, describe_changes
from dashboard.ingest.fold import (
    Tree,
    add_untouched,
    find_affected,
    find_current_step,
    fold_report,
    measure_waiting,
)
from dashboard.ingest.projects import Projects
from dashboard.ingest.rows import make_deployment
from dashboard.models import Deployment, DeploymentJob, DeploymentStep

Trees = dict[str, Tree]
"""Trees by digest of the deployment's identity."""


class ReportApplier:
    """Applies the reports of one transaction. Each method is one step, in the order of `run`."""

    def __init__(self, connection: Connection, received_at: datetime, written_at: datetime, settings: Settings) -> None:
        """Apply reports as of `received_at`; events get `written_at`, which is later for a replay."""
        self.connection, self.settings = connection, settings
        self.received_at, self.written_at = received_at, written_at
        self.staleness = StalenessRule(received_at, settings.stale_s)
        self.events: list[Row] = []
        self.field_changes: dict[str, list[FieldChange]] = {}
        """By digest; the deliveries of a batch on one deployment share them."""

    def run(self, reports: Mapping[Identity, Report], old_projects: Projects, projects: Projects) -> Trees:
        """Apply reports, which must be ordered by digest, on these projects; return the rows that they touched."""
        old_trees = self.read_trees(reports, old_projects)
        patterns, at = self.settings.category_patterns, self.received_at
        new_trees = {
            identity.digest: fold_report(
                old_trees[identity.digest], projects[identity.project.digest], report, at, patterns
            )
            for identity, report in reports.items()
        }
        created = {digest: after for digest, after in new_trees.items() if old_trees[digest].is_new}
        changed = {digest: after for digest, after in new_trees.items() if digest not in created}
        self.create_deployments(old_trees, created)
        self.write_children(old_trees, new_trees)
        self.update_deployments(old_trees, changed)
        statements.insert_events(self.connection, self.events)
        return new_trees

    def read_trees(self, reports: Mapping[Identity, Report], projects: Mapping[str, Row]) -> Trees:
        """Lock the known deployments, reserve ids for new ones, and read the jobs and steps that the reports name."""
        rows = statements.lock_deployments(self.connection, [identity.digest for identity in reports])
        rows |= self.lock_legacy([identity for identity in reports if identity.digest not in rows], projects)
        new = {identity: projects[identity.project.digest]["id"] for identity in reports if identity.digest not in rows}
        pairs = {(project, identity.dialect) for identity, project in new.items()}
        gaps = statements.read_usual_gaps(self.connection, pairs)
        ids = statements.reserve_ids(self.connection, len(new))
        for deployment_id, (identity, project) in zip(ids, new.items(), strict=True):
            usual_gap_s = gaps.get((project, identity.dialect), 0)
            rows[identity.digest] = make_deployment(deployment_id, identity, project, self.received_at, usual_gap_s)
        trees: Trees = {}
        for identity in reports:
            row = rows[identity.digest]
            row["project_id"] = projects[identity.project.digest]["id"]
            trees[identity.digest] = Tree(projects[identity.project.digest], row, read_deployment_standing(row))
        self.read_children({i.digest: report for i, report in reports.items() if i not in new}, trees)
        return trees

    def lock_legacy(self, unknown: Sequence[Identity], projects: Mapping[str, Row]) -> dict[str, Row]:
        """Lock the deployments from before projects had identities; return their rows by digest, with that digest."""
        digests: dict[str, Identity] = {}
        for identity in unknown:
            slug = projects[identity.project.digest]["legacy_slug"]
            if slug is not None:
                digests[identity.make_digest(slug)] = identity
        found = statements.lock_deployments(self.connection, sorted(digests))
        legacy: dict[str, Row] = {}
        for digest, row in found.items():
            identity = digests[digest]
            # Several projects can have the same legacy slug.
            if row["project_id"] == projects[identity.project.digest]["id"]:
                legacy[identity.digest] = {**row, "identity": identity.digest}
        return legacy

    def read_children(self, reports: Mapping[str, Report], trees: Trees) -> None:
        """Add the jobs and steps that the reports name to the trees of known deployments."""
        reported = [(trees[digest].deployment["id"], report) for digest, report in reports.items()]
        owners = {trees[digest].deployment["id"]: trees[digest] for digest in reports}
        jobs = [
            (deployment_id, job)
            for deployment_id, report in reported
            for job in {*report.jobs, *(j for j, _ in report.steps)}
        ]
        for job in statements.read_jobs(self.connection, jobs):
            owners[job["deployment_id"]].jobs[job["key"]] = job
        steps = [(deployment_id, *key) for deployment_id, report in reported for key in report.steps]
        for step in statements.read_steps(self.connection, steps):
            owners[step["deployment_id"]].steps[step["job_key"], step["key"]] = step

    def create_deployments(self, old_trees: Trees, created: Trees) -> None:
        """Write the rows of new deployments, whose reports name all their jobs and steps."""
        for after in created.values():
            after.deployment["current_step"] = find_current_step(after)
            after.deployment["waited_s"] = measure_waiting(after)
        self.record_changes(old_trees, created)
        statements.insert_rows(self.connection, Deployment, [after.deployment for after in created.values()])

    def write_children(self, old_trees: Trees, new_trees: Trees) -> None:
        """Write the jobs and steps that are new or changed."""
        pairs = [(old_trees[digest], after) for digest, after in new_trees.items()]
        jobs = [(before.jobs.get(key), job) for before, after in pairs for key, job in after.jobs.items()]
        steps = [(before.steps.get(key), step) for before, after in pairs for key, step in after.steps.items()]
        for model, rows in ((DeploymentJob, jobs), (DeploymentStep, steps)):
            statements.insert_rows(self.connection, model, [new for old, new in rows if old is None])
            statements.update_rows(self.connection, model, [new for old, new in rows if old is not None and old != new])

    def update_deployments(self, old_trees: Trees, changed: Trees) -> None:
        """Write the rows of known deployments, after their children."""
        ids = [after.deployment["id"] for after in changed.values()]
        current = statements.read_current_steps(self.connection, ids)
        for after in changed.values():
            after.deployment["current_step"] = current.get(after.deployment["id"])
        self.read_affected(old_trees, changed)
        for after in changed.values():
            after.deployment["waited_s"] = measure_waiting(after)
        self.record_changes(old_trees, changed)
        statements.update_rows(self.connection, Deployment, [after.deployment for after in changed.values()])

    def read_affected(self, old_trees: Trees, changed: Trees) -> None:
        """Add to the trees the rows whose view changes only because a parent ended or reopened."""
        trees = {after.deployment["id"]: (old_trees[digest], after) for digest, after in changed.items()}
        affected = {deployment_id: find_affected(*pair) for deployment_id, pair in trees.items()}
        with_jobs = [deployment_id for deployment_id, (all_jobs, _) in affected.items() if all_jobs]
        with_steps = [deployment_id for deployment_id, (all_jobs, jobs) in affected.items() if all_jobs or jobs]
        for job in statements.read_all_jobs(self.connection, with_jobs):
            add_untouched(*trees[job["deployment_id"]], [job], [])
        for step in statements.read_open_steps(self.connection, with_steps):
            before, after = trees[step["deployment_id"]]
            if step["job_key"] in after.jobs:
                add_untouched(before, after, [], [step])

    def record_changes(self, old_trees: Trees, new_trees: Trees) -> None:
        """Set state and seq, and add an event for each deployment whose view changed."""
        for digest, after in new_trees.items():
            row = after.deployment
            changes = describe_changes(old_trees[digest], after, self.staleness)
            row["state"] = changes.state
            if changes.views:
                row["seq"] += 1
                kind = decide_event_kind(old_trees[digest], after)
                event = {"deployment_id": row["id"], "seq": row["seq"], "kind": kind, "changes": changes.views}
                self.events.append(event | {"created_at": self.written_at})
                self.field_changes[digest] = changes.fields

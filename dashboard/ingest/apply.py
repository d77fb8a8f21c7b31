"""Applying reports to the database, inside a transaction: lock, read, fold, write, announce.

Whoever holds the lock on a deployment is alone with its jobs, steps and events.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from dashboard.config import Settings
from dashboard.core.registers import Node, merge_nodes
from dashboard.core.report import Identity, Report
from dashboard.core.view import StalenessRule, decide_row_state, read_deployment_standing
from dashboard.ingest import statements
from dashboard.ingest.changes import describe_changes, name_event
from dashboard.ingest.fold import Tree, add_untouched, find_affected, find_current_step, fold_report
from dashboard.ingest.rows import Row, changes_project, fold_project, make_deployment, make_project
from dashboard.models import Deployment, DeploymentJob, DeploymentStep, Project

Trees = dict[str, Tree]
"""By the digest of an identity."""


class Application:
    """The steps by which the reports of one transaction are applied; each method is one of them, in order of `run`."""

    def __init__(self, connection: Connection, received_at: datetime, written_at: datetime, settings: Settings) -> None:
        """Apply reports as of when they were received; `written_at` is the same, or when the replay of one began."""
        self.connection, self.settings = connection, settings
        self.received_at, self.written_at = received_at, written_at
        self.staleness = StalenessRule(received_at, settings.stale_s)
        self.events: list[Row] = []
        self.field_changes: dict[str, list[Row]] = {}
        """By digest; deliveries of one batch share them."""

    def run(self, reports: Mapping[Identity, Report]) -> Trees:
        """Fold the reports, which come in the order of digests, into the database; return the rows they touched."""
        old_projects, projects = self.fold_projects(reports)
        befores = self.read_trees(reports, old_projects)
        patterns, at = self.settings.category_patterns, self.received_at
        afters = {
            i.digest: fold_report(befores[i.digest], projects[i.project_slug], report, at, patterns)
            for i, report in reports.items()
        }
        created = {digest: after for digest, after in afters.items() if befores[digest].is_new}
        changed = {digest: after for digest, after in afters.items() if digest not in created}
        self.create_deployments(befores, created)
        self.write_children(befores, afters)
        self.update_deployments(befores, changed)
        statements.insert_events(self.connection, self.events)
        return afters

    def fold_projects(self, reports: Mapping[Identity, Report]) -> tuple[dict[str, Row], dict[str, Row]]:
        """Create and update projects; return their rows before and after, by slug.

        A project is locked only if a report changes it, before any deployment is.
        """
        nodes: dict[str, Node] = {}
        for identity, report in sorted(reports.items(), key=lambda item: item[0].project_slug):
            slug = identity.project_slug
            nodes[slug] = merge_nodes(nodes[slug], report.project) if slug in nodes else report.project
        old = statements.read_projects(self.connection, nodes, lock=False)
        if missing := [make_project(slug, nodes[slug], self.received_at) for slug in nodes if slug not in old]:
            statements.insert_projects(self.connection, missing)
            old = statements.read_projects(self.connection, nodes, lock=False)
        beaten = [slug for slug in nodes if changes_project(old[slug], nodes[slug])]
        if not beaten:
            return old, old
        old |= statements.read_projects(self.connection, beaten, lock=True)
        changed = {slug: fold_project(old[slug], nodes[slug]) for slug in beaten}
        statements.update(self.connection, Project, list(changed.values()))
        return old, old | changed

    def read_trees(self, reports: Mapping[Identity, Report], projects: Mapping[str, Row]) -> Trees:
        """Lock the deployments that exist, give ids to the others, and read the jobs and steps the reports speak of."""
        rows = statements.lock_deployments(self.connection, [i.digest for i in reports])
        new = {i: projects[i.project_slug]["id"] for i in reports if i.digest not in rows}
        gaps = statements.read_usual_gaps(self.connection, {(project, i.dialect) for i, project in new.items()})
        ids = statements.reserve_ids(self.connection, len(new))
        for number, (i, project) in zip(ids, new.items(), strict=True):
            usual = gaps.get((project, i.dialect), 0)
            rows[i.digest] = make_deployment(number, i, project, self.received_at, usual)
        trees = {i.digest: Tree(projects[i.project_slug], rows[i.digest]) for i in reports}
        self.read_children({i.digest: report for i, report in reports.items() if i not in new}, trees)
        return trees

    def read_children(self, reports: Mapping[str, Report], trees: Trees) -> None:
        """Read the jobs and steps that reports on known deployments speak of."""
        told = [(trees[digest].deployment["id"], report) for digest, report in reports.items()]
        owners = {trees[digest].deployment["id"]: trees[digest] for digest in reports}
        jobs = [(number, job) for number, report in told for job in {*report.jobs, *(j for j, _ in report.steps)}]
        for job in statements.read_jobs(self.connection, jobs):
            owners[job["deployment_id"]].jobs[job["key"]] = job
        steps = [(number, *key) for number, report in told for key in report.steps]
        for step in statements.read_steps(self.connection, steps):
            owners[step["deployment_id"]].steps[step["job_key"], step["key"]] = step

    def create_deployments(self, befores: Trees, created: Trees) -> None:
        """Write the rows of new deployments, all of whose jobs and steps are known."""
        for after in created.values():
            after.deployment["current_step"] = find_current_step(after)
        self.note_changes(befores, created)
        statements.insert(self.connection, Deployment, [after.deployment for after in created.values()])

    def write_children(self, befores: Trees, afters: Trees) -> None:
        """Write jobs and steps that are new or have changed."""
        pairs = [(befores[digest], after) for digest, after in afters.items()]
        jobs = [(before.jobs.get(key), job) for before, after in pairs for key, job in after.jobs.items()]
        steps = [(before.steps.get(key), step) for before, after in pairs for key, step in after.steps.items()]
        for model, rows in ((DeploymentJob, jobs), (DeploymentStep, steps)):
            statements.insert(self.connection, model, [new for old, new in rows if old is None])
            statements.update(self.connection, model, [new for old, new in rows if old is not None and old != new])

    def update_deployments(self, befores: Trees, changed: Trees) -> None:
        """Write the rows of deployments that existed, once their children are written."""
        numbers = [after.deployment["id"] for after in changed.values()]
        current = statements.read_current_steps(self.connection, numbers)
        for after in changed.values():
            after.deployment["current_step"] = current.get(after.deployment["id"])
        self.read_affected(befores, changed)
        self.note_changes(befores, changed)
        statements.update(self.connection, Deployment, [after.deployment for after in changed.values()])

    def read_affected(self, befores: Trees, changed: Trees) -> None:
        """Add the rows that only look different because a parent of theirs ended or began again."""
        affected = {digest: find_affected(befores[digest], after) for digest, after in changed.items()}
        trees = {after.deployment["id"]: (befores[digest], after) for digest, after in changed.items()}
        whole = [changed[digest].deployment["id"] for digest, (all_jobs, _) in affected.items() if all_jobs]
        opened = [changed[digest].deployment["id"] for digest, (all_jobs, some) in affected.items() if all_jobs or some]
        for job in statements.read_all_jobs(self.connection, whole):
            add_untouched(*trees[job["deployment_id"]], [job], [])
        for step in statements.read_open_steps(self.connection, opened):
            before, after = trees[step["deployment_id"]]
            if step["job_key"] in after.jobs:
                add_untouched(before, after, [], [step])

    def note_changes(self, befores: Trees, afters: Trees) -> None:
        """Set state and seq, and make an event of each deployment that looks different now."""
        for digest, after in afters.items():
            row = after.deployment
            row["state"] = decide_row_state(row, read_deployment_standing(row), self.staleness).value
            difference = describe_changes(befores[digest], after, self.staleness)
            if difference.changes:
                row["seq"] += 1
                kind = name_event(befores[digest], after)
                event = {"deployment_id": row["id"], "seq": row["seq"], "kind": kind, "changes": difference.changes}
                self.events.append(event | {"created_at": self.written_at})
                self.field_changes[digest] = [{"deployment_id": row["id"], **field} for field in difference.fields]

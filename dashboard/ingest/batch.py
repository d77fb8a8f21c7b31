"""One transaction for a batch of deliveries: claim, lock, read, fold, write, announce, commit.

Nothing is acknowledged before the commit; a batch that cannot be applied is tried again one delivery at a time.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence

from psycopg2.errors import DeadlockDetected, SerializationFailure
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from dashboard.config import Settings
from dashboard.core.registers import Node, merge_nodes
from dashboard.core.report import Identity, Report, merge_reports
from dashboard.core.view import Watch
from dashboard.core.words import Verdict
from dashboard.ingest import store
from dashboard.ingest.delivery import Incoming, Receipt, make_row
from dashboard.ingest.fold import (
    MOST_TOLD,
    Tree,
    add_untouched,
    announce_state,
    describe_changes,
    find_affected,
    fold_report,
    name_event,
)
from dashboard.ingest.rows import Row, fold_project, make_deployment, make_project
from dashboard.models import Deployment, DeploymentJob, DeploymentStep, Project

ATTEMPTS = 5
"""How often a transaction that a deadlock ended is tried."""

PASSING_CLASSES = frozenset({"08", "40", "53", "55", "57", "58"})
"""Classes of PostgreSQL's error codes: connection, rollback, resources (a full disk), locks, operator, system."""

log = logging.getLogger(__name__)


def ingest_deliveries(engine: Engine, deliveries: Sequence[Incoming], settings: Settings) -> list[Receipt]:
    """Apply and record deliveries in one transaction; return their receipts in the same order, after the commit.

    Raises sqlalchemy's OperationalError or InterfaceError if the database cannot be reached: of what was not committed
    before nothing is kept then. A batch that fails for another reason is halved until the delivery is alone that cannot
    be applied: it is recorded as failed, and the others are applied.
    """
    try:
        return _retry_deadlocks(engine, deliveries, settings)
    except Exception as error:
        if isinstance(error, DBAPIError) and _is_passing(error):
            raise
        if len(deliveries) > 1:
            middle = len(deliveries) // 2
            halves = (deliveries[:middle], deliveries[middle:])
            return [receipt for half in halves for receipt in ingest_deliveries(engine, half, settings)]
        log.exception("delivery %s cannot be applied", deliveries[0].id)
        cause = error.orig if isinstance(error, DBAPIError) else error
        return [_record_failure(engine, deliveries[0], f"{type(cause).__name__} while it was applied")]


def _retry_deadlocks(engine: Engine, deliveries: Sequence[Incoming], settings: Settings) -> list[Receipt]:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with engine.begin() as connection:
                return _Batch(connection, deliveries, settings).run()
        except OperationalError as error:
            if attempt == ATTEMPTS or not isinstance(error.orig, DeadlockDetected | SerializationFailure):
                raise
    raise AssertionError("unreachable")


def _is_passing(error: DBAPIError) -> bool:
    """Return whether the fault is the database's and may be over when the delivery is sent again."""
    code = getattr(error.orig, "pgcode", None)
    passing = code is None or code[:2] in PASSING_CLASSES
    return passing and isinstance(error, OperationalError | InterfaceError)


def _record_failure(engine: Engine, incoming: Incoming, reason: str) -> Receipt:
    receipt = Receipt(incoming.id, Verdict.FAILED, reason)
    with engine.begin() as connection:
        store.insert_deliveries(connection, [make_row(incoming, receipt)])
    return receipt


class _Batch:
    """The steps of one transaction; each method is one of them, in the order of `run`."""

    def __init__(self, connection: Connection, deliveries: Sequence[Incoming], settings: Settings) -> None:
        self.connection, self.deliveries, self.settings = connection, deliveries, settings
        self.received_at = max(incoming.received_at for incoming in deliveries)
        self.watch = Watch(self.received_at, settings.stale_s)
        self.receipts: dict[str, Receipt] = {}
        self.told: dict[str, list[Row]] = {}
        """By digest of an identity, what people see differently; deliveries of one batch share it."""

    def run(self) -> list[Receipt]:
        fresh, repeated = self.claim()
        reports = merge_all(report for incoming in fresh for report in incoming.reports)
        trees = self.apply(reports) if reports else {}
        for incoming in fresh:
            self.receipts[str(incoming.id)] = _make_receipt(incoming, trees, self.told)
        self.settle(repeated)
        receipts = [self.receipts[str(incoming.id)] for incoming in self.deliveries]
        rows = [make_row(incoming, receipt) for incoming, receipt in zip(self.deliveries, receipts, strict=True)]
        store.insert_deliveries(self.connection, rows)
        return receipts

    def claim(self) -> tuple[list[Incoming], list[Incoming]]:
        """Claim the keys of what is to be applied; return what is new, and what uses a key that was used before."""
        keyed = [incoming for incoming in self.deliveries if incoming.key and incoming.verdict == Verdict.APPLIED]
        if not keyed:
            return list(self.deliveries), []
        claimed = store.claim_keys(self.connection, [_make_key_row(incoming) for incoming in keyed])
        claimed |= self.find_replayed(keyed)
        repeated = [incoming for incoming in keyed if str(incoming.id) not in claimed]
        known = {incoming.id for incoming in repeated}
        return [incoming for incoming in self.deliveries if incoming.id not in known], repeated

    def find_replayed(self, keyed: Sequence[Incoming]) -> set[str]:
        """Return the ids of those that are replayed and have held their key since they were first applied."""
        keys = [_key_of(incoming) for incoming in keyed if incoming.replayed_at]
        holders = store.read_key_holders(self.connection, keys) if keys else {}
        return {str(holder["delivery_id"]) for holder in holders.values()}

    def settle(self, repeated: Sequence[Incoming]) -> None:
        """Make the receipts of deliveries whose key was used before, perhaps by another one of this batch."""
        if not repeated:
            return
        holders = store.read_key_holders(self.connection, [_key_of(incoming) for incoming in repeated])
        for incoming in repeated:
            holder = holders[_key_of(incoming)]
            original = self.receipts.get(str(holder["delivery_id"]))
            if original is not None:
                holder |= {"deployment_id": original.deployment_id, "seq": original.seq}
            self.receipts[str(incoming.id)] = _settle_repeated(incoming, holder)

    def apply(self, reports: Mapping[Identity, Report]) -> dict[str, Tree]:
        """Fold reports into the database; return the rows they touched, by the digest of their identity."""
        old_projects, projects = self.fold_projects(reports)
        befores = self.read_trees(reports, old_projects)
        patterns, at = self.settings.category_patterns, self.received_at
        afters = {
            identity.digest: fold_report(
                befores[identity.digest], projects[identity.project_slug], report, at, patterns
            )
            for identity, report in reports.items()
        }
        self.write_children(befores, afters)
        self.read_affected(befores, afters)
        self.write_deployments(befores, afters)
        return afters

    def fold_projects(self, reports: Mapping[Identity, Report]) -> tuple[dict[str, Row], dict[str, Row]]:
        """Create and update projects; return their rows before and after, by slug.

        A project is locked only if a report changes it, before any deployment is.
        """
        nodes: dict[str, Node] = {}
        for identity, report in sorted(reports.items(), key=lambda item: item[0].project_slug):
            nodes[identity.project_slug] = merge_nodes(nodes.get(identity.project_slug, Node()), report.project)
        old = store.read_projects(self.connection, nodes, lock=False)
        if missing := [make_project(slug, nodes[slug], self.received_at) for slug in nodes if slug not in old]:
            store.insert_projects(self.connection, missing)
            old = store.read_projects(self.connection, nodes, lock=False)
        beaten = [slug for slug in nodes if fold_project(old[slug], nodes[slug]) != old[slug]]
        if not beaten:
            return old, old
        old |= store.read_projects(self.connection, beaten, lock=True)
        changed = {slug: fold_project(old[slug], nodes[slug]) for slug in beaten}
        store.upsert(self.connection, Project, list(changed.values()))
        return old, old | changed

    def read_trees(self, reports: Mapping[Identity, Report], projects: Mapping[str, Row]) -> dict[str, Tree]:
        """Lock the deployments, read the jobs and steps that the reports speak of; return them by digest."""
        new = [make_deployment(i, projects[i.project_slug]["id"], self.received_at) for i in reports]
        rows = store.lock_deployments(self.connection, new)
        created = [row for row in rows.values() if row["seq"] == 0]
        gaps = store.read_usual_gaps(self.connection, {(row["project_id"], row["dialect"]) for row in created})
        for row in created:
            row["usual_gap_s"] = gaps.get((row["project_id"], row["dialect"]), 0)
        trees = {i.digest: Tree(projects[i.project_slug], rows[i.digest]) for i in reports}
        owners = {tree.deployment["id"]: tree for tree in trees.values()}
        # A new deployment has neither jobs nor steps.
        told = [
            (trees[i.digest].deployment["id"], report) for i, report in reports.items() if not trees[i.digest].is_new
        ]
        jobs = [(number, job) for number, report in told for job in {*report.jobs, *(j for j, _ in report.steps)}]
        for job in store.read_jobs(self.connection, jobs):
            owners[job["deployment_id"]].jobs[job["key"]] = job
        steps = [(number, *key) for number, report in told for key in report.steps]
        for step in store.read_steps(self.connection, steps):
            owners[step["deployment_id"]].steps[step["job_key"], step["key"]] = step
        return trees

    def write_children(self, befores: Mapping[str, Tree], afters: Mapping[str, Tree]) -> None:
        """Write jobs and steps that changed, and note which step each deployment is at."""
        pairs = [(befores[digest], after) for digest, after in afters.items()]
        jobs = [job for before, after in pairs for key, job in after.jobs.items() if before.jobs.get(key) != job]
        steps = [step for before, after in pairs for key, step in after.steps.items() if before.steps.get(key) != step]
        store.upsert(self.connection, DeploymentJob, jobs)
        store.upsert(self.connection, DeploymentStep, steps)
        if jobs or steps:
            numbers = [after.deployment["id"] for after in afters.values()]
            current = store.read_current_steps(self.connection, numbers)
            for after in afters.values():
                after.deployment["current_step"] = current.get(after.deployment["id"])

    def read_affected(self, befores: Mapping[str, Tree], afters: Mapping[str, Tree]) -> None:
        """Add the rows that only look different because a parent of theirs ended or began again."""
        affected = {
            digest: find_affected(befores[digest], after) for digest, after in afters.items() if not after.is_new
        }
        trees = {after.deployment["id"]: (befores[digest], after) for digest, after in afters.items()}
        whole = [afters[digest].deployment["id"] for digest, (all_jobs, _) in affected.items() if all_jobs]
        opened = [afters[digest].deployment["id"] for digest, (all_jobs, some) in affected.items() if all_jobs or some]
        for job in store.read_all_jobs(self.connection, whole):
            add_untouched(*trees[job["deployment_id"]], [job], [])
        for step in store.read_open_steps(self.connection, opened):
            before, after = trees[step["deployment_id"]]
            if step["job_key"] in after.jobs:
                add_untouched(before, after, [], [step])

    def write_deployments(self, befores: Mapping[str, Tree], afters: Mapping[str, Tree]) -> None:
        """Write the deployments, with an event for each that looks different now."""
        events = []
        for digest, after in afters.items():
            row = after.deployment
            row["state"] = announce_state(row, self.watch)
            difference = describe_changes(befores[digest], after, self.watch)
            if difference.event:
                kind = name_event(befores[digest], after)
                row["seq"] += 1
                event = {"deployment_id": row["id"], "seq": row["seq"], "kind": kind, "changes": difference.event}
                events.append(event | {"created_at": self.received_at})
                self.told[digest] = [{"deployment_id": row["id"], **change} for change in difference.told]
        store.upsert(self.connection, Deployment, [after.deployment for after in afters.values()])
        store.insert_events(self.connection, events)


def merge_all(reports: Iterable[Report]) -> dict[Identity, Report]:
    """Return one report for each deployment, in the order in which deployments are locked."""
    merged: dict[Identity, Report] = {}
    for report in reports:
        known = merged.get(report.identity)
        merged[report.identity] = merge_reports(known, report) if known else report
    return dict(sorted(merged.items(), key=lambda item: item[0].digest))


def _key_of(incoming: Incoming) -> tuple[str, str, str]:
    return (incoming.source or "", incoming.dialect, incoming.key or "")


def _make_key_row(incoming: Incoming) -> Row:
    source, dialect, key = _key_of(incoming)
    row: Row = {"source": source, "dialect": dialect, "key": key, "digest": incoming.digest}
    return row | {"delivery_id": str(incoming.id), "claimed_at": incoming.received_at}


def _settle_repeated(incoming: Incoming, holder: Row) -> Receipt:
    if holder["digest"] != incoming.digest:
        reason = "its idempotency key was used before, with another body"
        return Receipt(incoming.id, Verdict.REJECTED, reason)
    reason = f"same key and body as delivery {holder['delivery_id']}"
    return Receipt(incoming.id, Verdict.DUPLICATE, reason, holder["deployment_id"], holder["seq"])


def _make_receipt(incoming: Incoming, trees: Mapping[str, Tree], told: Mapping[str, list[Row]]) -> Receipt:
    if not incoming.reports:
        return Receipt(incoming.id, incoming.verdict, incoming.reason)
    digests = dict.fromkeys(report.identity.digest for report in incoming.reports)
    row = trees[next(iter(digests))].deployment
    changes = [change for digest in digests for change in told.get(digest, ())]
    return Receipt(incoming.id, incoming.verdict, incoming.reason, row["id"], row["seq"], changes[:MOST_TOLD])

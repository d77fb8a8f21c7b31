"""One transaction for a batch of deliveries: claim keys, apply reports, record deliveries, commit.

Nothing is acknowledged before the commit. A batch that cannot be applied is halved until the failing delivery is alone.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from psycopg2.errors import DeadlockDetected, ForeignKeyViolation, SerializationFailure, UniqueViolation
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from dashboard.config import Settings
from dashboard.core.report import Identity, Report, merge_reports
from dashboard.core.view_types.deliveries import FieldChange
from dashboard.core.words import Verdict
from dashboard.database.prepared_statements import flush_and_commit, flush_deferred
from dashboard.database.rows import Row
from dashboard.ingest import statements
from dashboard.ingest.apply import ReportApplier, Trees
from dashboard.ingest.changes import MAX_FIELD_CHANGES
from dashboard.ingest.delivery import Incoming, Receipt, make_row
from dashboard.ingest.projects import (
    LostRaceError,
    Projects,
    find_projects,
    fold_projects,
    is_forbidden,
    keep_former_names,
    settle_projects,
)
from dashboard.models import Delivery

MAX_ATTEMPTS = 5
"""How often a transaction is tried that loses a race: by a deadlock, or because another inserts the same deployment."""

RACE_CONSTRAINTS = frozenset({"uq_deployments_identity", "fk_deployments_project_id_projects"})
"""Violated if another transaction inserts the same deployment, or moves a project's deployments to another one."""

TRANSIENT_CLASSES = frozenset({"08", "40", "53", "55", "57", "58"})
"""Classes of PostgreSQL's error codes: connection, rollback, resources (a full disk), locks, operator, system."""

INTERNAL_ERROR = "XX000"
"""PostgreSQL's error code for errors without a code of their own."""

logger = logging.getLogger(__name__)


def ingest_deliveries(
    engine: Engine, deliveries: Sequence[Incoming], settings: Settings, on_idle: Callable[[], None] | None = None
) -> list[Receipt]:
    """Apply and record deliveries in one transaction; return their receipts in the same order, after the commit.

    `on_idle` is called just before the last statements are sent, because then only the database has work to do. It is
    called again for each retry and each half.

    Raises SQLAlchemy's OperationalError, InterfaceError or TimeoutError if the database is unavailable, and
    InternalError for a fault of the database itself; whatever was not committed by then is lost. A batch that fails
    for another reason is halved until the failing delivery is alone; it is recorded as failed, the others are applied.
    """
    try:
        return _retry_races(engine, deliveries, settings, on_idle)
    except Exception as error:
        if isinstance(error, PoolTimeoutError) or (isinstance(error, DBAPIError) and _is_transient(error)):
            raise
        if len(deliveries) > 1:
            middle = len(deliveries) // 2
            halves = (deliveries[:middle], deliveries[middle:])
            return [receipt for half in halves for receipt in ingest_deliveries(engine, half, settings, on_idle)]
        if isinstance(error, InternalError) and getattr(error.orig, "pgcode", None) == INTERNAL_ERROR:
            raise  # A fault of PostgreSQL, such as a file that cannot grow, may be over when the sender retries.
        logger.exception("delivery %s cannot be applied", deliveries[0].id)
        cause = error.orig if isinstance(error, DBAPIError) else error
        return [_record_failure(engine, deliveries[0], f"internal error: {type(cause).__name__}")]


def _retry_races(
    engine: Engine, deliveries: Sequence[Incoming], settings: Settings, on_idle: Callable[[], None] | None
) -> list[Receipt]:
    for attempt in range(1, MAX_ATTEMPTS + 1):
        try:
            with engine.begin() as connection:
                receipts = _Batch(connection, deliveries, settings).run()
                if on_idle:
                    on_idle()
                flush_and_commit(connection)
            return receipts
        except (OperationalError, IntegrityError, LostRaceError) as error:
            if attempt == MAX_ATTEMPTS or not _is_race(error):
                raise
    raise AssertionError("unreachable")


def _is_race(error: DBAPIError | LostRaceError) -> bool:
    """Return whether another transaction caused the error, so that a retry may succeed."""
    if isinstance(error, LostRaceError):
        return True
    cause = error.orig
    if isinstance(cause, UniqueViolation | ForeignKeyViolation):
        return cause.diag.constraint_name in RACE_CONSTRAINTS
    return isinstance(cause, DeadlockDetected | SerializationFailure)


def _is_transient(error: DBAPIError) -> bool:
    """Return whether the fault is the database's and may be over when the sender retries."""
    code = getattr(error.orig, "pgcode", None)
    is_transient = code is None or code[:2] in TRANSIENT_CLASSES
    return is_transient and isinstance(error, OperationalError | InterfaceError)


def _record_failure(engine: Engine, incoming: Incoming, reason: str) -> Receipt:
    receipt = Receipt(incoming.id, Verdict.FAILED, reason)
    with engine.begin() as connection:
        write = statements.update_rows if incoming.replayed_at else statements.insert_rows
        write(connection, Delivery, [make_row(incoming, receipt)])
        flush_deferred(connection)
    return receipt


class _Batch:
    """One transaction. Each method is one step, in the order of `run`."""

    def __init__(self, connection: Connection, deliveries: Sequence[Incoming], settings: Settings) -> None:
        self.connection, self.deliveries = connection, deliveries
        received_at = max(each.received_at for each in deliveries)
        written_at = max(each.replayed_at or each.received_at for each in deliveries)
        self.applier = ReportApplier(connection, received_at, written_at, settings)
        self.receipts: dict[str, Receipt] = {}

    def run(self) -> list[Receipt]:
        fresh, repeated = self.claim_keys()
        fresh, projects = self.find_projects(fresh)
        reports = merge_by_identity(_list_reports(fresh))
        trees = self.apply(reports, projects, _list_reports(fresh)) if reports else {}
        for incoming in fresh:
            self.receipts[str(incoming.id)] = _make_receipt(incoming, trees, self.applier.field_changes)
        self.make_repeat_receipts(repeated)
        receipts = [self.receipts[str(incoming.id)] for incoming in self.deliveries]
        rows = [make_row(incoming, receipt) for incoming, receipt in zip(self.deliveries, receipts, strict=True)]
        statements.insert_rows(self.connection, Delivery, [row for row in rows if row["replayed_at"] is None])
        statements.update_rows(self.connection, Delivery, [row for row in rows if row["replayed_at"] is not None])
        return receipts

    def apply(self, merged: Mapping[Identity, Report], projects: Projects, reports: Sequence[Report]) -> Trees:
        """Update the projects, then the deployments, by the merged reports; return the rows that they touched."""
        old_projects, projects = fold_projects(self.connection, projects, merged.values())
        keep_former_names(self.connection, projects, reports)
        return self.applier.run(merged, old_projects, projects)

    def claim_keys(self) -> tuple[list[Incoming], list[Incoming]]:
        """Claim the keys of the deliveries to apply; return the new ones, and those whose key was used before."""
        keyed = [incoming for incoming in self.deliveries if incoming.key and incoming.verdict == Verdict.APPLIED]
        if not keyed:
            return list(self.deliveries), []
        claimed = statements.claim_keys(self.connection, [_make_key_row(incoming) for incoming in keyed])
        claimed |= self.find_replayed(keyed)
        repeated = [incoming for incoming in keyed if str(incoming.id) not in claimed]
        known = {incoming.id for incoming in repeated}
        return [incoming for incoming in self.deliveries if incoming.id not in known], repeated

    def find_projects(self, fresh: Sequence[Incoming]) -> tuple[list[Incoming], Projects]:
        """Reject deliveries on projects that their source must not report on; return the others and their projects."""
        projects = find_projects(self.connection, _list_reports(fresh))
        permitted: list[Incoming] = []
        forbidden: list[Incoming] = []
        for incoming in fresh:
            is_rejected = bool(incoming.allowed) and any(
                is_forbidden(report, projects, incoming.allowed) for report in incoming.reports
            )
            (forbidden if is_rejected else permitted).append(incoming)
        if forbidden:
            self.reject(forbidden)
        reports = _list_reports(permitted)
        return permitted, settle_projects(self.connection, projects, reports, self.applier.received_at)

    def reject(self, forbidden: Sequence[Incoming]) -> None:
        """Add the receipts of rejected deliveries, and release their keys."""
        keyed = [_make_key_row(incoming) for incoming in forbidden if incoming.key]
        if keyed:
            statements.release_keys(self.connection, keyed)
        for incoming in forbidden:
            reason = f"source {incoming.source} is not allowed to report on this repository, known under another path"
            self.receipts[str(incoming.id)] = Receipt(incoming.id, Verdict.REJECTED, reason)

    def find_replayed(self, keyed: Sequence[Incoming]) -> set[str]:
        """Return the ids of replayed deliveries that hold their key since they were first applied."""
        keys = [_read_key(incoming) for incoming in keyed if incoming.replayed_at]
        holders = statements.read_key_holders(self.connection, keys) if keys else {}
        return {str(holder["delivery_id"]) for holder in holders.values()}

    def make_repeat_receipts(self, repeated: Sequence[Incoming]) -> None:
        """Add the receipts of deliveries whose key was used before, possibly by another one in this batch."""
        if not repeated:
            return
        holders = statements.read_key_holders(self.connection, [_read_key(incoming) for incoming in repeated])
        for incoming in repeated:
            holder = holders[_read_key(incoming)]
            original = self.receipts.get(str(holder["delivery_id"]))
            if original is not None:
                holder |= {"deployment_id": original.deployment_id, "seq": original.seq}
            self.receipts[str(incoming.id)] = _make_repeat_receipt(incoming, holder)


def _list_reports(deliveries: Iterable[Incoming]) -> list[Report]:
    return [report for incoming in deliveries for report in incoming.reports]


def merge_by_identity(reports: Iterable[Report]) -> dict[Identity, Report]:
    """Return one merged report per deployment, ordered by digest, the order in which deployments are locked."""
    merged: dict[Identity, Report] = {}
    for report in reports:
        known = merged.get(report.identity)
        merged[report.identity] = merge_reports(known, report) if known else report
    return dict(sorted(merged.items(), key=lambda item: item[0].digest))


def _read_key(incoming: Incoming) -> tuple[str, str, str]:
    return (incoming.source or "", incoming.dialect, incoming.key or "")


def _make_key_row(incoming: Incoming) -> Row:
    source, dialect, key = _read_key(incoming)
    row: Row = {"source": source, "dialect": dialect, "key": key, "digest": incoming.digest}
    return row | {"delivery_id": str(incoming.id), "claimed_at": incoming.received_at}


def _make_repeat_receipt(incoming: Incoming, holder: Row) -> Receipt:
    if holder["digest"] != incoming.digest:
        reason = "the idempotency key was already used with a different body"
        return Receipt(incoming.id, Verdict.REJECTED, reason)
    reason = f"same key and body as delivery {holder['delivery_id']}"
    return Receipt(incoming.id, Verdict.DUPLICATE, reason, holder["deployment_id"], holder["seq"])


def _make_receipt(incoming: Incoming, trees: Trees, field_changes: Mapping[str, list[FieldChange]]) -> Receipt:
    if not incoming.reports:
        return Receipt(incoming.id, incoming.verdict, incoming.reason)
    digests = dict.fromkeys(report.identity.digest for report in incoming.reports)
    row = trees[next(iter(digests))].deployment
    changes = [change for digest in digests for change in field_changes.get(digest, ())]
    changes = changes[:MAX_FIELD_CHANGES]
    return Receipt(incoming.id, incoming.verdict, incoming.reason, row["id"], row["seq"], changes, incoming.warnings)

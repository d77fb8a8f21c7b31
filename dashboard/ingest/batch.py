"""One transaction for a batch of deliveries: claim, lock, read, fold, write, announce, commit.

Nothing is acknowledged before the commit; a batch that cannot be applied is tried again one delivery at a time.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from psycopg2.errors import DeadlockDetected, SerializationFailure, UniqueViolation
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from dashboard.config import Settings
from dashboard.core.report import Identity, Report, merge_reports
from dashboard.core.words import Verdict
from dashboard.database.prepared_statements import flush_and_commit, flush_deferred
from dashboard.ingest import statements
from dashboard.ingest.apply import Application, Trees
from dashboard.ingest.changes import MAX_FIELD_CHANGES
from dashboard.ingest.delivery import Incoming, Receipt, make_row
from dashboard.ingest.rows import Row
from dashboard.models import Delivery

ATTEMPTS = 5
"""How often a transaction is tried that a deadlock ended, or another one that made the same deployment."""

IDENTITY = "uq_deployments_identity"

PASSING_CLASSES = frozenset({"08", "40", "53", "55", "57", "58"})
"""Classes of PostgreSQL's error codes: connection, rollback, resources (a full disk), locks, operator, system."""

INTERNAL = "XX000"
"""PostgreSQL's error code for what has none of its own."""

log = logging.getLogger(__name__)


def ingest_deliveries(
    engine: Engine, deliveries: Sequence[Incoming], settings: Settings, on_idle: Callable[[], None] = lambda: None
) -> list[Receipt]:
    """Apply and record deliveries in one transaction; return their receipts in the same order, after the commit.

    `on_idle` is called just before the last statements are sent, when only the database has work to do; for a batch
    that is tried again or halved, each time.

    Raises sqlalchemy's OperationalError, InterfaceError or TimeoutError if the database cannot be reached, and
    InternalError if it has a fault of its own: of what was not committed before nothing is kept then. A batch that
    fails for another reason is halved until the delivery is alone that cannot be applied: it is recorded as failed,
    and the others are applied.
    """
    try:
        return _retry_races(engine, deliveries, settings, on_idle)
    except Exception as error:
        if isinstance(error, PoolTimeoutError) or (isinstance(error, DBAPIError) and _is_passing(error)):
            raise
        if len(deliveries) > 1:
            middle = len(deliveries) // 2
            halves = (deliveries[:middle], deliveries[middle:])
            return [receipt for half in halves for receipt in ingest_deliveries(engine, half, settings, on_idle)]
        if isinstance(error, InternalError) and getattr(error.orig, "pgcode", None) == INTERNAL:
            raise  # PostgreSQL's own fault, such as a file that may not grow: it may be over when this is sent again
        log.exception("delivery %s cannot be applied", deliveries[0].id)
        cause = error.orig if isinstance(error, DBAPIError) else error
        return [_record_failure(engine, deliveries[0], f"{type(cause).__name__} while it was applied")]


def _retry_races(
    engine: Engine, deliveries: Sequence[Incoming], settings: Settings, on_idle: Callable[[], None]
) -> list[Receipt]:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with engine.begin() as connection:
                receipts = _Batch(connection, deliveries, settings).run()
                on_idle()
                flush_and_commit(connection)
            return receipts
        except (OperationalError, IntegrityError) as error:
            if attempt == ATTEMPTS or not _is_race(error):
                raise
    raise AssertionError("unreachable")


def _is_race(error: DBAPIError) -> bool:
    """Return whether it was another transaction's doing, so that the next try may go better."""
    cause = error.orig
    if isinstance(cause, UniqueViolation):
        return cause.diag.constraint_name == IDENTITY
    return isinstance(cause, DeadlockDetected | SerializationFailure)


def _is_passing(error: DBAPIError) -> bool:
    """Return whether the fault is the database's and may be over when the delivery is sent again."""
    code = getattr(error.orig, "pgcode", None)
    passing = code is None or code[:2] in PASSING_CLASSES
    return passing and isinstance(error, OperationalError | InterfaceError)


def _record_failure(engine: Engine, incoming: Incoming, reason: str) -> Receipt:
    receipt = Receipt(incoming.id, Verdict.FAILED, reason)
    with engine.begin() as connection:
        write = statements.update if incoming.replayed_at else statements.insert
        write(connection, Delivery, [make_row(incoming, receipt)])
        flush_deferred(connection)
    return receipt


class _Batch:
    """The steps of one transaction; each method is one of them, in the order of `run`."""

    def __init__(self, connection: Connection, deliveries: Sequence[Incoming], settings: Settings) -> None:
        self.connection, self.deliveries = connection, deliveries
        received_at = max(each.received_at for each in deliveries)
        written_at = max(each.replayed_at or each.received_at for each in deliveries)
        self.application = Application(connection, received_at, written_at, settings)
        self.receipts: dict[str, Receipt] = {}

    def run(self) -> list[Receipt]:
        fresh, repeated = self.claim()
        reports = merge_all(report for incoming in fresh for report in incoming.reports)
        trees = self.application.run(reports) if reports else {}
        for incoming in fresh:
            self.receipts[str(incoming.id)] = _make_receipt(incoming, trees, self.application.field_changes)
        self.settle(repeated)
        receipts = [self.receipts[str(incoming.id)] for incoming in self.deliveries]
        rows = [make_row(incoming, receipt) for incoming, receipt in zip(self.deliveries, receipts, strict=True)]
        statements.insert(self.connection, Delivery, [row for row in rows if row["replayed_at"] is None])
        statements.update(self.connection, Delivery, [row for row in rows if row["replayed_at"] is not None])
        return receipts

    def claim(self) -> tuple[list[Incoming], list[Incoming]]:
        """Claim the keys of what is to be applied; return what is new, and what uses a key that was used before."""
        keyed = [incoming for incoming in self.deliveries if incoming.key and incoming.verdict == Verdict.APPLIED]
        if not keyed:
            return list(self.deliveries), []
        claimed = statements.claim_keys(self.connection, [_make_key_row(incoming) for incoming in keyed])
        claimed |= self.find_replayed(keyed)
        repeated = [incoming for incoming in keyed if str(incoming.id) not in claimed]
        known = {incoming.id for incoming in repeated}
        return [incoming for incoming in self.deliveries if incoming.id not in known], repeated

    def find_replayed(self, keyed: Sequence[Incoming]) -> set[str]:
        """Return the ids of those that are replayed and have held their key since they were first applied."""
        keys = [_key_of(incoming) for incoming in keyed if incoming.replayed_at]
        holders = statements.read_key_holders(self.connection, keys) if keys else {}
        return {str(holder["delivery_id"]) for holder in holders.values()}

    def settle(self, repeated: Sequence[Incoming]) -> None:
        """Make the receipts of deliveries whose key was used before, perhaps by another one of this batch."""
        if not repeated:
            return
        holders = statements.read_key_holders(self.connection, [_key_of(incoming) for incoming in repeated])
        for incoming in repeated:
            holder = holders[_key_of(incoming)]
            original = self.receipts.get(str(holder["delivery_id"]))
            if original is not None:
                holder |= {"deployment_id": original.deployment_id, "seq": original.seq}
            self.receipts[str(incoming.id)] = _settle_repeated(incoming, holder)


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


def _make_receipt(incoming: Incoming, trees: Trees, field_changes: Mapping[str, list[Row]]) -> Receipt:
    if not incoming.reports:
        return Receipt(incoming.id, incoming.verdict, incoming.reason)
    digests = dict.fromkeys(report.identity.digest for report in incoming.reports)
    row = trees[next(iter(digests))].deployment
    changes = [change for digest in digests for change in field_changes.get(digest, ())]
    return Receipt(incoming.id, incoming.verdict, incoming.reason, row["id"], row["seq"], changes[:MAX_FIELD_CHANGES])

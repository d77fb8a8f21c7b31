"""An incoming delivery, its interpretation, and its receipt."""

import hashlib
import time
import uuid
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dashboard.core.report import Report
from dashboard.core.view_types.deliveries import DeliveryWarning, FieldChange
from dashboard.core.words import Verdict
from dashboard.database.prepared_statements import encode_bytes
from dashboard.database.uuid7 import make_uuid7
from dashboard.models.base import compress, pack_json

MAX_REJECTED_BYTES = 4096
"""Bytes kept of a rejected delivery's body, so that rejected deliveries cannot fill the disk."""


@dataclass(frozen=True, slots=True)
class Interpretation:
    """The result of parsing a delivery in its dialect."""

    reports: tuple[Report, ...] = ()
    verdict: Verdict = Verdict.APPLIED
    """The parser's verdict; an applied delivery may still turn out to be a duplicate."""
    reason: str | None = None
    event: str | None = None
    key: str | None = None
    """The idempotency key, which the sender repeats when it retries; None if every copy counts as new."""
    warnings: Sequence[DeliveryWarning] = ()
    """What of the body has no effect."""


@dataclass(slots=True)
class Incoming:
    """One POST being received: created on arrival, completed while it is read, authenticated and interpreted."""

    received_at: datetime
    dialect: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """The headers that are safe to keep."""
    id: uuid.UUID = field(default_factory=make_uuid7)
    began_at: float = field(default_factory=time.perf_counter)
    """When it arrived, by the performance counter."""
    body: bytes = b""
    body_size: int | None = None
    """Length of the whole body in bytes if `body` is only its beginning; otherwise None."""
    source: str | None = None
    """Name of the webhook source that authenticated it; None if none did, so it can only be rejected."""
    allowed: tuple[str, ...] = ()
    """The source's patterns of the projects that it may report on; empty: all projects."""
    reports: tuple[Report, ...] = ()
    verdict: Verdict = Verdict.APPLIED
    reason: str | None = None
    event: str | None = None
    key: str | None = None
    warnings: Sequence[DeliveryWarning] = ()
    """These six come from the interpretation."""
    replayed_at: datetime | None = None
    """When the replay of a stored delivery, with this id, began; None for one that is received now."""

    def complete(self, interpretation: Interpretation) -> None:
        """Copy the interpretation into the delivery."""
        self.reports, self.verdict, self.reason = interpretation.reports, interpretation.verdict, interpretation.reason
        self.event, self.key, self.warnings = interpretation.event, interpretation.key, interpretation.warnings

    def reject(self, reason: str) -> None:
        """Set the verdict to rejected, so that the delivery is only recorded."""
        self.verdict, self.reason = Verdict.REJECTED, reason

    @property
    def digest(self) -> str:
        """Hexadecimal SHA-256 of the raw body."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a delivery. `deployment_id` and `seq` are None if it concerns no deployment."""

    delivery_id: uuid.UUID
    verdict: Verdict
    reason: str | None = None
    deployment_id: int | None = None
    seq: int | None = None
    changes: Sequence[FieldChange] = ()
    """The field changes of its deployments, see changes.TreeChanges."""
    warnings: Sequence[DeliveryWarning] = ()
    """What of an applied delivery has no effect."""


def make_row(incoming: Incoming, receipt: Receipt) -> dict[str, object]:
    """Return the row of a delivery, in values for the statements; of a rejected one only the beginning of its body."""
    body = incoming.body[:MAX_REJECTED_BYTES] if receipt.verdict == Verdict.REJECTED else incoming.body
    return {
        "id": str(incoming.id),
        "received_at": incoming.received_at,
        "source": incoming.source,
        "dialect": incoming.dialect,
        "event": incoming.event,
        "verdict": receipt.verdict,
        "reason": receipt.reason,
        "deployment_id": receipt.deployment_id,
        "took_ms": round((time.perf_counter() - incoming.began_at) * 1000, 3),
        "replayed_at": incoming.replayed_at,
        "changes": encode_bytes(pack_json(receipt.changes)) if receipt.changes else None,
        "warnings": encode_bytes(pack_json(receipt.warnings)) if receipt.warnings else None,
        "headers": dict(incoming.headers),
        "body": encode_bytes(compress(body)),
        "body_size": len(incoming.body) if incoming.body_size is None else incoming.body_size,
    }


def decompress_body(stored: bytes) -> bytes:
    """Return the raw body, or the part that was kept, from the column `body`."""
    return zlib.decompress(stored)

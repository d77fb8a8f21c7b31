"""A delivery on its way in, and the receipt for it."""

import hashlib
import time
import uuid
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashboard.core.report import Report
from dashboard.core.words import Verdict
from dashboard.database.prepared_statements import encode_bytes
from dashboard.database.uuid7 import make_uuid7
from dashboard.models.base import compress, pack_json

REJECTED_BYTES = 4096
"""Of the body of a rejected delivery: nobody shall fill the disk with what is not even applied."""


@dataclass(frozen=True, slots=True)
class Interpretation:
    """What a delivery says, as its dialect's parser understood it."""

    reports: tuple[Report, ...] = ()
    verdict: Verdict = Verdict.APPLIED
    """What the parser decided; an applied one may still turn out a duplicate."""
    reason: str | None = None
    event: str | None = None
    key: str | None = None
    """What the sender keeps the same when it sends again; None: every copy counts as new."""


@dataclass(slots=True)
class Incoming:
    """One POST on its way in: made when it arrives, completed as it is read, authenticated and interpreted."""

    received_at: datetime
    dialect: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those that are safe to keep."""
    id: uuid.UUID = field(default_factory=make_uuid7)
    began_at: float = field(default_factory=time.perf_counter)
    """When its receipt began, by the performance counter."""
    body: bytes = b""
    body_size: int | None = None
    """Length of the whole body in bytes if it is not all in `body`."""
    source: str | None = None
    """Name of the webhook source that authenticated it; None: none did, it can only be rejected."""
    reports: tuple[Report, ...] = ()
    verdict: Verdict = Verdict.APPLIED
    reason: str | None = None
    event: str | None = None
    key: str | None = None
    """Of the interpretation, as the four before it."""
    replayed_at: datetime | None = None
    """None for what is received now; otherwise it was stored before, under this id, and is applied anew."""

    def complete(self, interpretation: Interpretation) -> None:
        """Take over what the delivery says."""
        self.reports, self.verdict, self.reason = interpretation.reports, interpretation.verdict, interpretation.reason
        self.event, self.key = interpretation.event, interpretation.key

    def reject(self, reason: str) -> None:
        """Make it one that is only recorded, as rejected."""
        self.verdict, self.reason = Verdict.REJECTED, reason

    @property
    def digest(self) -> str:
        """Hexadecimal SHA-256 of the raw body."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a delivery. `deployment_id` and `seq` are None if it concerns none."""

    delivery_id: uuid.UUID
    verdict: Verdict
    reason: str | None = None
    deployment_id: int | None = None
    seq: int | None = None
    changes: Sequence[Mapping[str, Any]] = ()
    """What people see differently because of it, see changes.Difference."""


def make_row(incoming: Incoming, receipt: Receipt) -> dict[str, object]:
    """Return the inbox row of a delivery, values as JSON can carry them; of a rejected one the beginning is kept."""
    body = incoming.body[:REJECTED_BYTES] if receipt.verdict == Verdict.REJECTED else incoming.body
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
        "headers": dict(incoming.headers),
        "body": encode_bytes(compress(body)),
        "body_size": len(incoming.body) if incoming.body_size is None else incoming.body_size,
    }


def open_body(stored: bytes) -> bytes:
    """Return the raw body, or what was kept of it, from the column `body`."""
    return zlib.decompress(stored)

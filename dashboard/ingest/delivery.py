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
from dashboard.database.prepared_statements import write_bytes
from dashboard.database.uuid7 import make_uuid7
from dashboard.models.base import compress, pack_json

REJECTED_BYTES = 4096
"""Of the body of a rejected delivery: nobody shall fill the disk with what is not even applied."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One POST that was authenticated, and what its parser made of it."""

    received_at: datetime
    source: str | None
    """Name of the webhook source that authenticated it; None: none did, it is kept as rejected."""
    dialect: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those that are safe to keep."""
    event: str | None = None
    key: str | None = None
    """What the sender keeps the same when it sends again; None: every copy counts as new."""
    reports: tuple[Report, ...] = ()
    verdict: Verdict = Verdict.APPLIED
    """What the parser decided; an applied one may still turn out a duplicate."""
    reason: str | None = None
    id: uuid.UUID = field(default_factory=make_uuid7)
    began_at: float = field(default_factory=time.perf_counter)
    """By the performance counter: when its receipt began."""
    body_size: int | None = None
    """Length of the whole body in bytes where `body` is only its beginning."""
    replayed_at: datetime | None = None
    """None for what is received now; else it was stored before, under this id, and is applied anew."""

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
    """What people see differently because of it, see difference.Difference."""


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
        "changes": write_bytes(pack_json(receipt.changes)) if receipt.changes else None,
        "headers": dict(incoming.headers),
        "body": write_bytes(compress(body)),
        "body_size": len(incoming.body) if incoming.body_size is None else incoming.body_size,
    }


def open_body(stored: bytes) -> bytes:
    """Return the raw body, or what was kept of it, from the column `body`."""
    return zlib.decompress(stored)

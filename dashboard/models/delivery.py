"""The inbox: each POST as it was received, with its verdict."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.models.base import Base, PackedJSON
from dashboard.models.deployment import Deployment


class Delivery(Base):
    """One row per delivery; of the rejected ones that nobody authenticated only so many are kept."""

    __tablename__ = "deliveries"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    received_at: Mapped[datetime]
    took_ms: Mapped[float | None]
    """From its receipt until its verdict was about to be committed."""
    replayed_at: Mapped[datetime | None]
    """When it was last read and applied anew; verdict and reason are those of that time."""
    source: Mapped[str | None]
    """Name of the webhook source that authenticated it; null: none did."""
    dialect: Mapped[str]
    event: Mapped[str | None]
    """The sender's name for the kind of event, if its dialect has such names."""
    verdict: Mapped[str]
    reason: Mapped[str | None]
    """Why, for a verdict other than applied."""
    deployment_id: Mapped[int | None] = mapped_column(ForeignKey(Deployment.id, ondelete="SET NULL"), index=True)
    changes: Mapped[list[dict[str, Any]] | None] = mapped_column(PackedJSON)
    """What people see differently because of it: ingest.difference.Difference.told, each with a `deployment_id`."""
    headers: Mapped[dict[str, Any]]
    """Those that are safe to keep: nothing that authenticates."""
    body: Mapped[bytes]
    """The raw body, zlib-compressed; of a rejected one the beginning, which may be less than body_size."""
    body_size: Mapped[int]
    """Length of the raw body in bytes."""

    __table_args__ = (
        Index("ix_deliveries_received_at", "received_at", "id"),
        Index("ix_deliveries_verdict", "verdict", "received_at", "id"),
    )

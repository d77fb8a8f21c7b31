"""Deliveries: each POST as it was received, with its verdict."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.models.base import Base, PackedJSON
from dashboard.models.deployment import Deployment


class Delivery(Base):
    """One row per delivery. Rejected deliveries are only kept up to a limit per minute."""

    __tablename__ = "deliveries"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    received_at: Mapped[datetime]
    took_ms: Mapped[float | None]
    """Milliseconds from receipt to just before the commit of the verdict."""
    replayed_at: Mapped[datetime | None]
    """When it was last replayed; verdict and reason are from then."""
    source: Mapped[str | None]
    """Name of the webhook source that authenticated it; null if none did."""
    dialect: Mapped[str]
    event: Mapped[str | None]
    """The sender's name for the kind of event, if its dialect names events."""
    verdict: Mapped[str]
    reason: Mapped[str | None]
    """The reason for a verdict other than applied."""
    deployment_id: Mapped[int | None] = mapped_column(ForeignKey(Deployment.id, ondelete="SET NULL"), index=True)
    changes: Mapped[list[dict[str, Any]] | None] = mapped_column(PackedJSON)
    """Its field changes: a list of core.view_types.deliveries.FieldChange."""
    warnings: Mapped[list[dict[str, Any]] | None] = mapped_column(PackedJSON)
    """What of an applied one has no effect: a list of core.view_types.deliveries.DeliveryWarning."""
    headers: Mapped[dict[str, Any]]
    """The headers that are safe to keep: none that authenticates."""
    body: Mapped[bytes]
    """The raw body, compressed by zlib; only the beginning of a rejected one, so it can be shorter than body_size."""
    body_size: Mapped[int]
    """Length of the raw body in bytes."""

    __table_args__ = (
        Index("ix_deliveries_received_at", "received_at", "id"),
        Index("ix_deliveries_verdict", "verdict", "received_at", "id"),
    )

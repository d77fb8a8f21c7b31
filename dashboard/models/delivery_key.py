"""Idempotency keys of applied deliveries, kept for a week."""

import uuid
from datetime import datetime

from sqlalchemy import Uuid
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.models.base import Base


class DeliveryKey(Base):
    """One row per source, dialect and key. A later delivery with the same key is a duplicate."""

    __tablename__ = "delivery_keys"

    source: Mapped[str] = mapped_column(primary_key=True)
    dialect: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    """The part of a delivery that the sender repeats when it retries."""
    digest: Mapped[str]
    """Hexadecimal SHA-256 of the raw body."""
    delivery_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    claimed_at: Mapped[datetime] = mapped_column(index=True)

"""Who may post deliveries."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from dashboard.models.base import Base, Key


class WebhookSource(Base):
    """One row per sender, or group of senders, that has secrets of its own."""

    __tablename__ = "webhook_sources"

    name: Mapped[Key] = mapped_column(primary_key=True)
    dialect: Mapped[str | None]
    """The only dialect that it speaks; null: the path or the headers of each delivery tell."""
    repositories: Mapped[list[str]]
    """Patterns of the repositories or projects that it may report on; empty: all."""
    secrets: Mapped[list[dict[str, Any]]]
    """`{"sealed", "added_at", "expires_at"}`: encrypted with a key made from SECRET_KEY; null expires never."""
    created_at: Mapped[datetime]

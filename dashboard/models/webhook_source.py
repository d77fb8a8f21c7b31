"""Webhook sources: the authorised senders."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from dashboard.models.base import Base, Key


class WebhookSource(Base):
    """One row per sender, or group of senders, with its own secrets."""

    __tablename__ = "webhook_sources"

    name: Mapped[Key] = mapped_column(primary_key=True)
    dialect: Mapped[str | None]
    """Its only dialect; null if the path or the headers of each delivery name it."""
    repositories: Mapped[list[str]]
    """Patterns of the repositories or projects that it may report on; empty for all."""
    secrets: Mapped[list[dict[str, Any]]]
    """`{"sealed", "added_at", "expires_at"}`: sealed with a key derived from SECRET_KEY; null never expires."""
    created_at: Mapped[datetime]

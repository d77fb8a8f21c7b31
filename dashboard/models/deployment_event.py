"""Events: what changed in a deployment, one row per sequence number."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.models.base import Base, PackedJSON
from dashboard.models.deployment import Deployment

EVENT_CHANNEL = "deployment_events"
"""The channel of NOTIFY on which committed events are announced, as `<deployment id>:<seq>` separated by spaces."""


class DeploymentEvent(Base):
    """One row per event. The seqs of a deployment have no gaps, so a client can ask for all events after one."""

    __tablename__ = "deployment_events"

    deployment_id: Mapped[int] = mapped_column(ForeignKey(Deployment.id, ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """A core.words.EventKind."""
    changes: Mapped[dict[str, Any]] = mapped_column(PackedJSON)
    """The changed values: core.view_types.events.Changes."""
    created_at: Mapped[datetime]
    """When its delivery was received or, if later, replayed. The commit follows soon after."""

    __table_args__ = (Index("ix_deployment_events_created_at", "created_at"),)

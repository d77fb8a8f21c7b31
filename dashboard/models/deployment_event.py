"""What changed in a deployment, one row for each of its sequence numbers."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.models.base import Base, PackedJSON
from dashboard.models.deployment import Deployment


class DeploymentEvent(Base):
    """Gap-free: a client that saw `seq` asks for what came after it."""

    __tablename__ = "deployment_events"

    deployment_id: Mapped[int] = mapped_column(ForeignKey(Deployment.id, ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """`deployment.created`, `deployment.updated`, `deployment.completed` or `step.updated`."""
    changes: Mapped[dict[str, Any]] = mapped_column(PackedJSON)
    """`deployment`, `jobs` and `steps`, each with the changed values only."""
    created_at: Mapped[datetime]
    """When the delivery that it is of was received or, later than that, replayed; it is committed soon after."""

    __table_args__ = (Index("ix_deployment_events_created_at", "created_at"),)

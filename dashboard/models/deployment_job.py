"""A part of a run with its own steps."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.models.base import ROOM_FOR_UPDATES, Base, Key, NodeColumns
from dashboard.models.deployment import Deployment


class DeploymentJob(NodeColumns, Base):
    """One row per key within a deployment."""

    __tablename__ = "deployment_jobs"

    deployment_id: Mapped[int] = mapped_column(ForeignKey(Deployment.id, ondelete="CASCADE"), primary_key=True)
    key: Mapped[Key] = mapped_column(primary_key=True)
    """The sender's id of the job, else its normalised name."""
    name: Mapped[str | None]
    number: Mapped[int | None]
    """The sender's place for it, that of its stage, say."""
    allowed_to_fail: Mapped[bool | None]
    """Whether the sender says that its failure does not make the deployment fail."""
    duration_s: Mapped[float | None]
    step_tally: Mapped[dict[str, Any]]
    first_step_at: Mapped[datetime | None]
    """The earliest start of a step: stands in where the sender gave the job none."""

    __table_args__ = (ROOM_FOR_UPDATES,)

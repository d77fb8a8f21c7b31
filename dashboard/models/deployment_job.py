"""Jobs: parts of a run with their own steps."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.models.base import FILLFACTOR, Base, Key, NodeColumns
from dashboard.models.deployment import Deployment


class DeploymentJob(NodeColumns, Base):
    """One row per key within a deployment."""

    __tablename__ = "deployment_jobs"

    deployment_id: Mapped[int] = mapped_column(ForeignKey(Deployment.id, ondelete="CASCADE"), primary_key=True)
    key: Mapped[Key] = mapped_column(primary_key=True)
    """The sender's id of the job, else its normalised name."""
    name: Mapped[str | None]
    number: Mapped[int | None]
    """The sender's number for its position, such as that of its stage."""
    allowed_to_fail: Mapped[bool | None]
    """Whether the deployment can succeed although this job failed, as reported."""
    allowed_by_project: Mapped[bool] = mapped_column(server_default="false")
    """The same by the rules of its project, when the job was last written; the deployment's tally counts it so."""
    duration_s: Mapped[float | None]
    step_tally: Mapped[dict[str, Any]]
    first_step_at: Mapped[datetime | None]
    """The earliest start of a step: the start of the job if none was reported."""

    __table_args__ = (FILLFACTOR,)

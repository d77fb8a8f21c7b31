"""Steps: the smallest reported units."""

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.models.base import Base, Key, NodeColumns


class DeploymentStep(NodeColumns, Base):
    """One row per key within a job."""

    __tablename__ = "deployment_steps"

    deployment_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    job_key: Mapped[Key] = mapped_column(primary_key=True)
    key: Mapped[Key] = mapped_column(primary_key=True)
    """The sender's number, a known step's key, or the normalised name."""
    name: Mapped[str | None]
    number: Mapped[int | None]
    """The sender's number for its position; never the order of arrival."""
    category: Mapped[str]

    __table_args__ = (
        ForeignKeyConstraint(
            ["deployment_id", "job_key"],
            ["deployment_jobs.deployment_id", "deployment_jobs.key"],
            ondelete="CASCADE",
        ),
        # Finds the current step, and the steps still open when a parent ends, however many steps there are.
        Index(
            "ix_deployment_steps_open", "deployment_id", postgresql_where=text("status IS DISTINCT FROM 'completed'")
        ),
    )

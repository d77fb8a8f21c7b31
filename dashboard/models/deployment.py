"""One attempt to bring one revision to one environment, or one attempt of a CI run."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.models.base import ROOM_FOR_UPDATES, Base, NodeColumns
from dashboard.models.project import Project

ENVIRONMENT = "coalesce(environment, '')"
"""The expression by which an index finds the deployments of one environment; empty for those without one."""


class Deployment(NodeColumns, Base):
    """One row per identity."""

    __tablename__ = "deployments"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    identity: Mapped[str] = mapped_column(unique=True)
    """Digest of the dialect and of what makes its reports belong together."""
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id))
    dialect: Mapped[str]
    run_id: Mapped[str | None]
    attempt: Mapped[int]
    run_key: Mapped[str | None] = mapped_column(index=True)
    """Digest of host, lower-cased repository, run id and attempt: equal for a native deployment and its CI run."""
    environment: Mapped[str | None]
    repository: Mapped[str | None]
    branch: Mapped[str | None]
    commit_hash: Mapped[str | None]
    commit_message: Mapped[str | None]
    triggered_by: Mapped[str | None]
    trigger_type: Mapped[str | None]
    deploy_type: Mapped[str | None]
    deploy_path: Mapped[str | None]
    test_url: Mapped[str | None]
    port: Mapped[int | None]
    service_status: Mapped[str | None]
    run_url: Mapped[str | None]
    duration_s: Mapped[float | None]
    first_step_at: Mapped[datetime | None]
    """The earliest start of a step: stands in where the sender gave the deployment none."""
    step_tally: Mapped[dict[str, Any]]
    """How many steps there are of each kind, see core.state."""
    job_tally: Mapped[dict[str, Any]]
    current_step: Mapped[dict[str, Any] | None]
    """The first step in progress: `job` and `key`, `job_name` and `name`, and when it started."""
    state: Mapped[str]
    """The state last announced, for finding rows; what is shown is computed on reading."""
    seq: Mapped[int] = mapped_column(default=0)
    """Number of the last event."""
    sorted_at: Mapped[datetime]
    """Place in lists: the start if known, never later than the first receipt."""
    created_at: Mapped[datetime]
    last_report_at: Mapped[datetime]
    """Receipt of the last report."""
    longest_gap_s: Mapped[float] = mapped_column(server_default="0")
    """The longest silence between two reports before it ended."""
    usual_gap_s: Mapped[float] = mapped_column(server_default="0")
    """The median of that over the newest that had ended when this one was first heard of; 0: fewer than 3 had."""

    project: Mapped[Project] = relationship()

    __table_args__ = (
        Index("ix_deployments_sorted", "sorted_at", "id"),
        Index("ix_deployments_project_sorted", "project_id", "sorted_at", "id"),
        # Null is a value like any other here: CI runs that deploy nothing have a past, too.
        Index("ix_deployments_environment", "project_id", text(ENVIRONMENT), "sorted_at", "id"),
        Index("ix_deployments_run_id", "run_id"),
        Index("ix_deployments_open", "id", postgresql_where=text("status IS DISTINCT FROM 'completed'")),
        ROOM_FOR_UPDATES,
    )

"""Deployments: attempts to bring one revision to one environment, or attempts of a CI run."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.models.base import FILLFACTOR, Base, NodeColumns
from dashboard.models.project import Project

ENVIRONMENT_SQL = "coalesce(environment, '')"
"""The indexed expression for the environment: empty for deployments without one."""


class Deployment(NodeColumns, Base):
    """One row per identity."""

    __tablename__ = "deployments"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    identity: Mapped[str] = mapped_column(unique=True)
    """The digest of its Identity, see core.report."""
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id))
    dialect: Mapped[str]
    run_id: Mapped[str | None]
    attempt: Mapped[int]
    run_key: Mapped[str | None] = mapped_column(index=True)
    """Digest of host, lower-cased repository, run id and attempt: the same for a native deployment, its CI run, and
    what that run deploys."""
    of_run: Mapped[str | None]
    """The id of the run that made it, for a deployment that is not itself a run."""
    of_attempt: Mapped[int | None]
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
    is_cut: Mapped[bool | None]
    """True if a delivery listed more jobs or steps than are applied; else null."""
    first_step_at: Mapped[datetime | None]
    """The earliest start of a step: the start of the deployment if none was reported."""
    step_tally: Mapped[dict[str, Any]]
    """Number of steps by kind, see core.state.Tally."""
    job_tally: Mapped[dict[str, Any]]
    waited_s: Mapped[float | None]
    """For how long no job ran between start and end; null unless a job waited for a person and all times are known."""
    current_step: Mapped[dict[str, Any] | None]
    """The first step in progress: `job`, `key`, `job_name`, `name` and `started_at`."""
    state: Mapped[str]
    """The state in the last event, for searching. Pages show the state computed on reading."""
    seq: Mapped[int] = mapped_column(default=0)
    """Sequence number of the last event."""
    sorted_at: Mapped[datetime]
    """Position in lists: the start if known, never later than the receipt of the first report."""
    created_at: Mapped[datetime]
    last_report_at: Mapped[datetime]
    """When the last report was received."""
    longest_gap_s: Mapped[float] = mapped_column(server_default="0")
    """The longest silence between two reports before it ended."""
    usual_gap_s: Mapped[float] = mapped_column(server_default="0")
    """Median of longest_gap_s over recent ended deployments when this one was first reported; 0 if fewer than 3."""

    project: Mapped[Project] = relationship()

    __table_args__ = (
        Index("ix_deployments_sorted", "sorted_at", "id"),
        Index("ix_deployments_project_sorted", "project_id", "sorted_at", "id"),
        # Null must be a value like any other here: CI runs that deploy nothing have a history, too.
        Index("ix_deployments_environment", "project_id", text(ENVIRONMENT_SQL), "sorted_at", "id"),
        Index("ix_deployments_run_id", "run_id"),
        Index("ix_deployments_open", "id", postgresql_where=text("status IS DISTINCT FROM 'completed'")),
        FILLFACTOR,
    )

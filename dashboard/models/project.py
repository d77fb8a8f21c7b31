"""Projects: what is deployed."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.models.base import Base, Key


class Project(Base):
    """One row per identity. Its values are registers, merged from the reports on its deployments."""

    __tablename__ = "projects"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    identity: Mapped[str] = mapped_column(unique=True)
    """The digest of its ProjectIdentity, see core.project_identity."""
    path_identity: Mapped[str | None] = mapped_column(index=True)
    """For a repository with the sender's id: the digest of its host and path by the newest claim, else null."""
    slug: Mapped[Key] = mapped_column(unique=True)
    """Its address, made from its name. No project has a slug that is among the former ones of any project."""
    legacy_slug: Mapped[str | None]
    """The slug in the identities of deployments from before projects had identities; null for newer projects."""
    name: Mapped[str]
    repository: Mapped[str | None]
    kind: Mapped[str | None]
    """`backend` or `static`."""
    url: Mapped[str | None]
    port: Mapped[int | None]
    service_status: Mapped[str | None]
    """`running` or `stopped`; null if not reported."""
    stamps: Mapped[dict[str, Any]]
    seq: Mapped[int] = mapped_column(default=0)
    """Grows by 1 when one of the values above changes, so that pages do not replace newer values by older ones."""
    created_at: Mapped[datetime]
    allowed_to_fail: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """Names of jobs that may fail, by normalised name; not reported, but set by an operator."""
    keep_days: Mapped[int | None]
    """Days that its deployments are kept, 0 for ever; null for the default of the settings."""
    keep_count: Mapped[int | None]
    """How many of its newest deployments are kept, 0 for all; null for the default of the settings."""

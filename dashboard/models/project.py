"""A thing that is deployed."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.models.base import Base, Key


class Project(Base):
    """One row per slug; its values are registers fed by the reports on its deployments."""

    __tablename__ = "projects"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    slug: Mapped[Key] = mapped_column(unique=True)
    name: Mapped[str]
    repository: Mapped[str | None]
    kind: Mapped[str | None]
    """`backend` or `static`."""
    url: Mapped[str | None]
    port: Mapped[int | None]
    service_status: Mapped[str | None]
    """`running` or `stopped`; null: nobody said."""
    stamps: Mapped[dict[str, Any]]
    seq: Mapped[int] = mapped_column(default=0)
    """+1 whenever one of the values above changed; a page patches a project only by a newer one."""
    created_at: Mapped[datetime]
    keep_days: Mapped[int | None]
    """For how many days its deployments are kept, 0: for good; null: as the settings say."""
    keep_count: Mapped[int | None]
    """How many of its newest deployments are kept, 0: all; null: as the settings say."""

"""Former slugs: addresses that projects had before they were renamed."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.models.base import Base, Key
from dashboard.models.project import Project


class FormerSlug(Base):
    """One row per address, which no other project gets; pages redirect from it."""

    __tablename__ = "former_slugs"

    slug: Mapped[Key] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id), index=True)

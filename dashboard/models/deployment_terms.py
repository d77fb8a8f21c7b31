"""The search index of deployments, in a table of its own so that reports do not have to update it."""

from sqlalchemy import BigInteger, Index, Integer
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.models.base import Base

SEARCHED_FIELDS = (
    "branch",
    "commit_hash",
    "commit_message",
    "triggered_by",
    "message",
    "environment",
    "repository",
    "run_id",
)
"""Fields of a deployment that a text is searched in, besides the name of its project."""
EXACT_FIELDS = ("environment", "branch", "triggered_by", "state")
"""Fields that are searched for a whole value."""


class DeploymentTerms(Base):
    """One row per deployment older than ten minutes, possibly already deleted.

    There is no foreign key: with one, filling this table would wait for reports, and reports for it.
    """

    __tablename__ = "deployment_terms"

    deployment_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    terms: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    """See core.search_index."""

    __table_args__ = (
        Index(
            "ix_deployment_terms_terms", "terms", postgresql_using="gin", postgresql_with={"fastupdate": "off"},
        ),
    )  # fmt: skip

"""What deployments are searched by: kept apart from them, so that reports do not pay for it."""

from sqlalchemy import BigInteger, Index, Integer
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.models.base import Base

SEARCHED = ("branch", "commit_hash", "commit_message", "triggered_by", "message", "environment", "repository", "run_id")
"""Fields of a deployment in which a text is looked for, besides the name of its project."""
EXACT = ("environment", "branch", "triggered_by", "state")
"""Fields of which a whole value is looked for."""


class DeploymentTerms(Base):
    """One row for each deployment of some age; it may be about a deployment that has been deleted.

    No foreign key: it would have whoever fills this table wait for reports, and reports for that.
    """

    __tablename__ = "deployment_terms"

    deployment_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    terms: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    """See core.terms."""

    __table_args__ = (
        Index(
            "ix_deployment_terms_terms", "terms", postgresql_using="gin", postgresql_with={"fastupdate": "off"},
        ),
    )  # fmt: skip

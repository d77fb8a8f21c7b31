"""Store the warnings of deliveries, which deployments lack jobs or steps, and which jobs projects allow to fail

Revision: 0008.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"


def upgrade():
    op.add_column("deliveries", sa.Column("warnings", sa.LargeBinary(), nullable=True))
    op.add_column("deployments", sa.Column("is_cut", sa.Boolean(), nullable=True))
    op.add_column("projects", sa.Column("allowed_to_fail", postgresql.JSONB(), nullable=False, server_default="{}"))
    op.add_column(
        "deployment_jobs", sa.Column("allowed_by_project", sa.Boolean(), nullable=False, server_default="false")
    )


def downgrade():
    op.drop_column("deployment_jobs", "allowed_by_project")
    op.drop_column("projects", "allowed_to_fail")
    op.drop_column("deployments", "is_cut")
    op.drop_column("deliveries", "warnings")

"""Add the search index, an index by environment, free space for updates, and limits of projects

Revision: 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ENVIRONMENT = ["project_id", sa.text("coalesce(environment, '')"), "sorted_at", "id"]
UPDATED = ("deployments", "deployment_jobs")


def upgrade():
    op.create_table(
        "deployment_terms",
        sa.Column("deployment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("terms", sa.ARRAY(sa.Integer()), nullable=False),
        sa.PrimaryKeyConstraint("deployment_id", name=op.f("pk_deployment_terms")),
    )
    op.create_index(
        "ix_deployment_terms_terms",
        "deployment_terms",
        ["terms"],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_index("ix_deployments_environment", "deployments", ENVIRONMENT)
    for table in UPDATED:
        op.execute(f"ALTER TABLE {table} SET (fillfactor = 80)")
    for name in ("keep_days", "keep_count"):
        op.add_column("projects", sa.Column(name, sa.Integer(), nullable=True))


def downgrade():
    for name in ("keep_count", "keep_days"):
        op.drop_column("projects", name)
    for table in UPDATED:
        op.execute(f"ALTER TABLE {table} RESET (fillfactor)")
    op.drop_index("ix_deployments_environment", table_name="deployments")
    op.drop_table("deployment_terms")

"""Add webhook sources, changes of deliveries, order and allowed failure of jobs, and the usual silence of projects

Revision: 0002.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

NODES = ("deployments", "deployment_jobs", "deployment_steps")


def upgrade():
    op.create_table(
        "webhook_sources",
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=True),
        sa.Column("repositories", postgresql.JSONB(), nullable=False),
        sa.Column("secrets", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_webhook_sources")),
    )
    for table in NODES:
        # Ids of GitLab jobs and milliseconds since 1970 exceed an integer.
        op.alter_column(table, "generation", type_=sa.BigInteger(), existing_nullable=False)
        op.add_column(table, sa.Column("started_generation", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("deployment_jobs", sa.Column("number", sa.Integer(), nullable=True))
    op.add_column("deployment_jobs", sa.Column("allowed_to_fail", sa.Boolean(), nullable=True))
    op.add_column("deployment_jobs", sa.Column("duration_s", sa.Double(), nullable=True))
    for name in ("longest_gap_s", "usual_gap_s"):
        op.add_column("deployments", sa.Column(name, sa.Double(), nullable=False, server_default="0"))
    op.alter_column("deliveries", "source", existing_type=sa.Text(), nullable=True)
    op.add_column("deliveries", sa.Column("took_ms", sa.Double(), nullable=True))
    op.add_column("deliveries", sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deliveries", sa.Column("changes", postgresql.JSONB(), nullable=False, server_default="[]"))
    op.create_index("ix_deliveries_verdict", "deliveries", ["verdict", "received_at", "id"], unique=False)


def downgrade():
    op.drop_index("ix_deliveries_verdict", table_name="deliveries")
    for name in ("changes", "replayed_at", "took_ms"):
        op.drop_column("deliveries", name)
    # The older table has no unauthenticated deliveries.
    op.execute("DELETE FROM deliveries WHERE source IS NULL")
    op.alter_column("deliveries", "source", existing_type=sa.Text(), nullable=False)
    for name in ("usual_gap_s", "longest_gap_s"):
        op.drop_column("deployments", name)
    for name in ("duration_s", "allowed_to_fail", "number"):
        op.drop_column("deployment_jobs", name)
    for table in NODES:
        op.drop_column(table, "started_generation")
        op.execute(f"UPDATE {table} SET generation = 2147483647 WHERE generation > 2147483647")  # noqa: S608
        op.alter_column(table, "generation", type_=sa.Integer(), existing_nullable=False)
    op.drop_table("webhook_sources")

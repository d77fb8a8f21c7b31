"""Create the tables

Revision: 0001, the first.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade():
    op.create_table(
        "delivery_keys",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "dialect", "key", name=op.f("pk_delivery_keys")),
    )
    op.create_index(op.f("ix_delivery_keys_claimed_at"), "delivery_keys", ["claimed_at"], unique=False)
    op.create_table(
        "projects",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("slug", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("repository", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("port", sa.Integer(), nullable=True),
        sa.Column("service_status", sa.Text(), nullable=True),
        sa.Column("stamps", postgresql.JSONB(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("slug", name=op.f("uq_projects_slug")),
    )
    op.create_table(
        "deployments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("run_key", sa.Text(), nullable=True),
        sa.Column("environment", sa.Text(), nullable=True),
        sa.Column("repository", sa.Text(), nullable=True),
        sa.Column("branch", sa.Text(), nullable=True),
        sa.Column("commit_hash", sa.Text(), nullable=True),
        sa.Column("commit_message", sa.Text(), nullable=True),
        sa.Column("triggered_by", sa.Text(), nullable=True),
        sa.Column("trigger_type", sa.Text(), nullable=True),
        sa.Column("deploy_type", sa.Text(), nullable=True),
        sa.Column("deploy_path", sa.Text(), nullable=True),
        sa.Column("test_url", sa.Text(), nullable=True),
        sa.Column("port", sa.Integer(), nullable=True),
        sa.Column("service_status", sa.Text(), nullable=True),
        sa.Column("run_url", sa.Text(), nullable=True),
        sa.Column("duration_s", sa.Double(), nullable=True),
        sa.Column("first_step_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("step_tally", postgresql.JSONB(), nullable=False),
        sa.Column("job_tally", postgresql.JSONB(), nullable=False),
        sa.Column("current_step", postgresql.JSONB(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("sorted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_report_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("conclusion", sa.Text(), nullable=True),
        sa.Column("status_raw", sa.Text(), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("rival", postgresql.JSONB(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stamps", postgresql.JSONB(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("log", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_deployments_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployments")),
        sa.UniqueConstraint("identity", name=op.f("uq_deployments_identity")),
    )
    op.create_index(
        "ix_deployments_open",
        "deployments",
        ["id"],
        unique=False,
        postgresql_where=sa.text("status IS DISTINCT FROM 'completed'"),
    )
    op.create_index("ix_deployments_project_sorted", "deployments", ["project_id", "sorted_at", "id"], unique=False)
    op.create_index("ix_deployments_run_id", "deployments", ["run_id"], unique=False)
    op.create_index(op.f("ix_deployments_run_key"), "deployments", ["run_key"], unique=False)
    op.create_index("ix_deployments_sorted", "deployments", ["sorted_at", "id"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("deployment_id", sa.BigInteger(), nullable=True),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployments.id"],
            name=op.f("fk_deliveries_deployment_id_deployments"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_deployment_id"), "deliveries", ["deployment_id"], unique=False)
    op.create_index("ix_deliveries_received_at", "deliveries", ["received_at", "id"], unique=False)
    op.create_table(
        "deployment_events",
        sa.Column("deployment_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("changes", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployments.id"],
            name=op.f("fk_deployment_events_deployment_id_deployments"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("deployment_id", "seq", name=op.f("pk_deployment_events")),
    )
    op.create_index("ix_deployment_events_created_at", "deployment_events", ["created_at"], unique=False)
    op.create_table(
        "deployment_jobs",
        sa.Column("deployment_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("step_tally", postgresql.JSONB(), nullable=False),
        sa.Column("first_step_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("conclusion", sa.Text(), nullable=True),
        sa.Column("status_raw", sa.Text(), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("rival", postgresql.JSONB(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stamps", postgresql.JSONB(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("log", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployments.id"],
            name=op.f("fk_deployment_jobs_deployment_id_deployments"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("deployment_id", "key", name=op.f("pk_deployment_jobs")),
    )
    op.create_table(
        "deployment_steps",
        sa.Column("deployment_id", sa.BigInteger(), nullable=False),
        sa.Column("job_key", sa.Text(collation="C"), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("conclusion", sa.Text(), nullable=True),
        sa.Column("status_raw", sa.Text(), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("rival", postgresql.JSONB(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stamps", postgresql.JSONB(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("log", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deployment_id", "job_key"],
            ["deployment_jobs.deployment_id", "deployment_jobs.key"],
            name=op.f("fk_deployment_steps_deployment_id_deployment_jobs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("deployment_id", "job_key", "key", name=op.f("pk_deployment_steps")),
    )
    op.create_index(
        "ix_deployment_steps_open",
        "deployment_steps",
        ["deployment_id"],
        unique=False,
        postgresql_where=sa.text("status IS DISTINCT FROM 'completed'"),
    )


def downgrade():
    op.drop_index(
        "ix_deployment_steps_open",
        table_name="deployment_steps",
        postgresql_where=sa.text("status IS DISTINCT FROM 'completed'"),
    )
    op.drop_table("deployment_steps")
    op.drop_table("deployment_jobs")
    op.drop_index("ix_deployment_events_created_at", table_name="deployment_events")
    op.drop_table("deployment_events")
    op.drop_index("ix_deliveries_received_at", table_name="deliveries")
    op.drop_index(op.f("ix_deliveries_deployment_id"), table_name="deliveries")
    op.drop_table("deliveries")
    op.drop_index("ix_deployments_sorted", table_name="deployments")
    op.drop_index(op.f("ix_deployments_run_key"), table_name="deployments")
    op.drop_index("ix_deployments_run_id", table_name="deployments")
    op.drop_index("ix_deployments_project_sorted", table_name="deployments")
    op.drop_index(
        "ix_deployments_open", table_name="deployments", postgresql_where=sa.text("status IS DISTINCT FROM 'completed'")
    )
    op.drop_table("deployments")
    op.drop_table("projects")
    op.drop_index(op.f("ix_delivery_keys_claimed_at"), table_name="delivery_keys")
    op.drop_table("delivery_keys")

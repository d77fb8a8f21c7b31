"""Rename said_at to reported_at and rival to conflicting_outcome

Revision: 0005.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = ("deployments", "deployment_jobs", "deployment_steps")
COLUMNS = (("said_at", "reported_at"), ("rival", "conflicting_outcome"))
RENAME_KEY = """
    UPDATE {table} SET {column} = {column} - '{old}' || jsonb_build_object('{new}', {column} -> '{old}')
    WHERE {column} IS NOT NULL
"""


def upgrade():
    for table in TABLES:
        for old, new in COLUMNS:
            op.alter_column(table, old, new_column_name=new)
        op.execute(RENAME_KEY.format(table=table, column="conflicting_outcome", old="said_at", new="reported_at"))


def downgrade():
    for table in TABLES:
        op.execute(RENAME_KEY.format(table=table, column="conflicting_outcome", old="reported_at", new="said_at"))
        for old, new in COLUMNS:
            op.alter_column(table, new, new_column_name=old)

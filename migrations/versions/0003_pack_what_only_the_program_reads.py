"""Compress the changes of events and deliveries, which only the program reads and PostgreSQL was slow to parse as JSON

Revision: 0003.
"""

import json
import zlib

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

BATCH_SIZE = 1000
TABLES = {"deployment_events": False, "deliveries": True}
"""Tables with a column `changes`, and whether it may be null."""


def upgrade():
    for table, nullable in TABLES.items():
        op.alter_column(table, "changes", new_column_name="unpacked", existing_type=postgresql.JSONB())
        op.add_column(table, sa.Column("changes", sa.LargeBinary(), nullable=True))
        _convert(table, "unpacked", _pack)
        op.alter_column(table, "changes", nullable=nullable)
        op.drop_column(table, "unpacked")


def downgrade():
    for table in TABLES:
        op.alter_column(table, "changes", new_column_name="packed", existing_type=sa.LargeBinary())
        op.add_column(table, sa.Column("changes", postgresql.JSONB(), nullable=False, server_default="[]"))
        _convert(table, "packed", _unpack)
        op.drop_column(table, "packed")
    op.alter_column("deployment_events", "changes", server_default=None)


def _pack(value):
    return zlib.compress(json.dumps(value).encode(), 1) if value else None


def _unpack(value):
    return zlib.decompress(value).decode() if value else "[]"


def _convert(table, source, convert):
    """Fill `changes` from another column, in batches. Nothing else writes the table, so a row's ctid stays the same."""
    bind = op.get_bind()
    read = sa.text(f"SELECT ctid::text AS place, {source} AS value FROM {table}")  # noqa: S608
    write = sa.text(f"UPDATE {table} SET changes = :value WHERE ctid = CAST(:place AS tid)")  # noqa: S608
    for rows in bind.execute(read, execution_options={"stream_results": True}).partitions(BATCH_SIZE):
        bind.execute(write, [{"place": place, "value": convert(value)} for place, value in rows])

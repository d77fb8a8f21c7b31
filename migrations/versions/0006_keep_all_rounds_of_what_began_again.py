"""Keep all rounds of what began again

What waits for a person is remembered after it went on.
Until now a second end was kept only as a conflict; it becomes an end like the first.

Revision: 0006.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"

TABLES = ("deployments", "deployment_jobs", "deployment_steps")
MICROSECONDS = "(coalesce(extract(epoch FROM {time}), 0) * 1000000)::bigint"
END = """
    jsonb_build_array(
      {generation}, {at}, jsonb_build_array(2, {raw}, {conclusion}, {generation}, {completed}, {reported})
    )
"""
REMEMBER_WAITING = """
    UPDATE {table} SET has_waited = true
    WHERE status = 'queued' AND lower(status_raw) IN ('waiting', 'manual', 'blocked')
"""
KEEP_CONFLICTS = """
    UPDATE {table} SET rounds = jsonb_build_object(
      'starts', CASE WHEN started_at IS NULL THEN '[]' ELSE
        jsonb_build_array(jsonb_build_array(started_generation, {started}, true, '')) END,
      'ends', CASE WHEN {first_at} < {other_at} THEN jsonb_build_array({first}, {other})
        ELSE jsonb_build_array({other}, {first}) END,
      'queued', NULL
    )
    WHERE conflicting_outcome IS NOT NULL
"""


def upgrade():
    for table in TABLES:
        op.add_column(table, sa.Column("rounds", postgresql.JSONB(), nullable=True))
        op.add_column(table, sa.Column("has_waited", sa.Boolean(), server_default="false", nullable=False))
        op.execute(_keep_conflicts(table))
        op.execute(REMEMBER_WAITING.format(table=table))

    op.add_column("deployments", sa.Column("waited_s", sa.Float(), nullable=True))


def downgrade():
    op.drop_column("deployments", "waited_s")
    for table in TABLES:
        op.drop_column(table, "has_waited")
        op.drop_column(table, "rounds")


def _keep_conflicts(table):
    other_time = "(conflicting_outcome ->> '{}')::timestamptz".format
    other = {"raw": "conflicting_outcome -> 'status_raw'", "conclusion": "conflicting_outcome -> 'conclusion'"}
    first_end, first_at = _end("completed_at", "reported_at", raw="status_raw", conclusion="conclusion")
    other_end, other_at = _end(other_time("completed_at"), other_time("reported_at"), **other)
    return KEEP_CONFLICTS.format(
        table=table,
        started=MICROSECONDS.format(time="started_at"),
        first=first_end,
        first_at=first_at,
        other=other_end,
        other_at=other_at,
    )


def _end(completed_at, reported_at, **columns):
    at = MICROSECONDS.format(time=f"coalesce({completed_at}, {reported_at})")
    times = {"completed": MICROSECONDS.format(time=completed_at), "reported": MICROSECONDS.format(time=reported_at)}
    return END.format(generation="generation", at=at, **times, **columns), at

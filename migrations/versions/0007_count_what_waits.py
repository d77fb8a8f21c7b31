"""Count jobs and steps that wait for a person separately from those in line

Only deployments with such a job or step are counted again.

Revision: 0007.
"""

from alembic import op

revision = "0007"
down_revision = "0006"

HELD = """(status = 'queued' AND regexp_replace(lower(status_raw), '[\\s_-]+', '', 'g')
    IN ('waiting', 'blocked', 'onhold', 'suspended', 'manual', 'approval'))"""
AFFECTED = """
    CREATE TEMPORARY TABLE affected ON COMMIT DROP AS
    SELECT deployment_id AS id FROM deployment_steps WHERE {held}
    UNION SELECT deployment_id FROM deployment_jobs WHERE {held}
    UNION SELECT id FROM deployments WHERE {held}
"""
STEP_KIND = "CASE WHEN {held} THEN 'waiting' ELSE coalesce(conclusion, status, 'queued') END"
COUNT_STEPS = """
    UPDATE {table} AS parent SET step_tally = counted.tally FROM (
      SELECT {key}, jsonb_object_agg(kind, number) AS tally FROM (
        SELECT {key}, {kind} AS kind, count(*) AS number FROM deployment_steps
        WHERE deployment_id IN (SELECT id FROM affected) GROUP BY {key}, kind
      ) AS kinds GROUP BY {key}
    ) AS counted WHERE {matches}
"""
JOB_KIND = """
    CASE
      WHEN status IS NULL AND step_tally ?| ARRAY['cancelled', 'timed_out', 'failure'] THEN 'wordless:failed'
      WHEN status = 'completed' THEN
        CASE WHEN allowed_to_fail AND conclusion IN ('cancelled', 'timed_out', 'failure') THEN 'allowed:' ELSE '' END
        || conclusion
      ELSE CASE WHEN status IS NULL THEN 'wordless:' WHEN allowed_to_fail THEN 'allowed:' ELSE '' END || CASE
        WHEN {waits} AND NOT step_tally ? 'in_progress' THEN 'waiting'
        WHEN status = 'in_progress' OR step_tally - 'queued' - 'waiting' <> '{{}}' THEN 'in_progress'
        ELSE 'queued' END
    END
"""
COUNT_JOBS = """
    UPDATE deployments AS parent SET job_tally = counted.tally FROM (
      SELECT deployment_id, jsonb_object_agg(kind, number) AS tally FROM (
        SELECT deployment_id, {kind} AS kind, count(*) AS number FROM deployment_jobs
        WHERE deployment_id IN (SELECT id FROM affected) GROUP BY deployment_id, kind
      ) AS kinds GROUP BY deployment_id
    ) AS counted WHERE parent.id = counted.deployment_id
"""
SET_STATES = """
    UPDATE deployments SET state = 'waiting' WHERE id IN (SELECT id FROM affected)
      AND status IS DISTINCT FROM 'completed' AND ({held} OR job_tally ?| ARRAY['waiting', 'wordless:waiting'])
      AND NOT (step_tally ? 'in_progress' OR job_tally ?| ARRAY['in_progress', 'allowed:in_progress'])
"""


def upgrade():
    _count(held=HELD, waits=f"({HELD} OR step_tally ? 'waiting')")
    _run(SET_STATES.format(held=HELD))


def downgrade():
    _count(held="false", waits="false")


def _count(held, waits):
    _run(AFFECTED.format(held=HELD))
    kind, job = (
        STEP_KIND.format(held=held),
        "parent.deployment_id = counted.deployment_id AND parent.key = counted.job_key",
    )
    _run(COUNT_STEPS.format(table="deployment_jobs", key="deployment_id, job_key", kind=kind, matches=job))
    whole = "parent.id = counted.deployment_id"
    _run(COUNT_STEPS.format(table="deployments", key="deployment_id", kind=kind, matches=whole))
    _run(COUNT_JOBS.format(kind=JOB_KIND.format(waits=waits)))


def _run(statement):
    op.get_bind().exec_driver_sql(statement)

"""Applies the rules of a project, which jobs may fail, to the deployments that it already has.

Later reports are folded with the rules that they find; see fold.is_allowed_by.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, text

from dashboard.config import Settings
from dashboard.core.view import read_deployment_standing
from dashboard.database.prepared_statements import flush_deferred
from dashboard.database.rows import Row
from dashboard.ingest import statements
from dashboard.ingest.apply import ReportApplier
from dashboard.ingest.fold import Tree, is_allowed_by, refold_jobs

BATCH_SIZE = 50
MAX_WAIT_S, PAUSE_S = 30, 0.05
"""How long to wait for other transactions, which is longer than a transaction of ingest lasts."""
LIST_READERS = """
    SELECT virtualtransaction FROM pg_locks
    WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND relation = 'projects'::regclass AND pid <> pg_backend_pid()
"""
LIST_JOBS = """
    SELECT deployment.identity, job.key, job.name, job.allowed_by_project
    FROM projects AS project
    JOIN deployments AS deployment ON deployment.project_id = project.id
    JOIN deployment_jobs AS job ON job.deployment_id = deployment.id
    WHERE project.slug = :slug ORDER BY deployment.identity
"""


def reapply_rules(engine: Engine, slug: str, settings: Settings, now: datetime) -> int:
    """Bring all deployments of a project in line with its rules, which are committed; return how many were not.

    It first waits for the transactions that may have read the earlier rules. Each batch is committed with its events.
    """
    _wait_for_readers(engine)
    keys = _find_outdated(engine, slug)
    identities = list(keys)
    for start in range(0, len(identities), BATCH_SIZE):
        batch = {identity: keys[identity] for identity in identities[start : start + BATCH_SIZE]}
        with engine.begin() as connection:
            _refold(ReportApplier(connection, now, now, settings), slug, batch)
    return len(keys)


def _read_project(connection: Connection, slug: str) -> Row:
    return dict(connection.execute(text("SELECT * FROM projects WHERE slug = :slug"), {"slug": slug}).mappings().one())


def _find_outdated(engine: Engine, slug: str) -> dict[str, list[str]]:
    """Return the keys of jobs that are not in line with the rules of their project, by identity of their deployment."""
    keys: dict[str, list[str]] = {}
    with engine.connect() as connection:
        project = _read_project(connection, slug)
        found = connection.execution_options(yield_per=1000).execute(text(LIST_JOBS), {"slug": slug})
        for job in map(dict, found.mappings()):
            if is_allowed_by(project, job) != job["allowed_by_project"]:
                keys.setdefault(job["identity"], []).append(job["key"])
    return keys


def _refold(applier: ReportApplier, slug: str, keys: Mapping[str, Sequence[str]]) -> None:
    """Count these jobs of some deployments again, by the rules as they are once the deployments are locked."""
    connection = applier.connection
    rows = statements.lock_deployments(connection, sorted(keys))
    project = _read_project(connection, slug)
    old = {identity: Tree(project, row, read_deployment_standing(row)) for identity, row in rows.items()}
    owners = {row["id"]: old[identity] for identity, row in rows.items()}
    for job in statements.read_jobs(connection, [(rows[i]["id"], key) for i in rows for key in keys[i]]):
        owners[job["deployment_id"]].jobs[job["key"]] = job
    new = {identity: refold_jobs(tree) for identity, tree in old.items()}
    applier.write_children(old, new)
    applier.update_deployments(old, new)
    statements.insert_events(connection, applier.events)
    flush_deferred(connection)


def _wait_for_readers(engine: Engine) -> None:
    """Wait until every transaction that has read projects so far has ended: one of ingest may be about to write."""
    until = time.monotonic() + MAX_WAIT_S
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        earlier = set(connection.scalars(text(LIST_READERS)))
        while earlier.intersection(connection.scalars(text(LIST_READERS))) and time.monotonic() < until:
            time.sleep(PAUSE_S)

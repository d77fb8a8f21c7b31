"""The statements of ingest: a fixed handful for each batch, however many deliveries are in it.

Rows travel as one JSON array per statement, which PostgreSQL unfolds into the table's own row type. Every statement
takes the rows in key order, so that two transactions never wait for each other in a circle.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ARRAY, Connection, Table, TextClause, and_, cast, func, select, text, tuple_

from dashboard.core.report import StepKey
from dashboard.core.view import format_time
from dashboard.ingest.rows import Row
from dashboard.models import (
    Base,
    Delivery,
    DeliveryKey,
    Deployment,
    DeploymentEvent,
    DeploymentJob,
    DeploymentStep,
    Project,
)

CHANNEL = "deployment_events"
LONGEST_PAYLOAD = 7900
"""Bytes of one NOTIFY; PostgreSQL takes less than 8,000."""


def _table(model: type[Base]) -> Table:
    return Base.metadata.tables[model.__tablename__]


def _encode(rows: Iterable[Mapping[str, Any]]) -> str:
    return json.dumps(list(rows), default=datetime.isoformat)


def _insert_sql(model: type[Base], columns: Sequence[str], conflict: str) -> str:
    """Return the statement that inserts `:rows` in the order of the table's primary key or of `columns`."""
    name, names = model.__tablename__, ", ".join(columns)
    return f"INSERT INTO {name} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{name}, :rows) {conflict}"  # noqa: S608


def _upsert_sql(model: type[Base], kept: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the statement that writes `:rows`; `kept` gives other expressions for columns than the new value."""
    table = _table(model)
    key = [column.name for column in table.primary_key]
    names = [column.name for column in table.columns if column.name not in key]
    values = ", ".join(f"{name} = {kept.get(name, f'excluded.{name}')}" for name in names)
    conflict = f"ORDER BY {', '.join(key)} ON CONFLICT ({', '.join(key)}) DO UPDATE SET {values}"
    return _insert_sql(model, table.columns.keys(), conflict)


CLAIM_KEYS = text(
    _insert_sql(
        DeliveryKey,
        _table(DeliveryKey).columns.keys(),
        "ORDER BY source, dialect, key ON CONFLICT DO NOTHING RETURNING delivery_id",
    )
)
INSERT_PROJECTS = text(
    _insert_sql(Project, ("slug", "name", "stamps", "seq", "created_at"), "ORDER BY slug ON CONFLICT DO NOTHING")
)
INSERT_DEPLOYMENTS = text(
    _insert_sql(
        Deployment,
        [column.name for column in _table(Deployment).columns if column.name != "id"],
        "AS new WHERE NOT EXISTS (SELECT FROM deployments AS old WHERE old.identity = new.identity) "
        "ORDER BY identity ON CONFLICT DO NOTHING",
    )
)
INSERT_EVENTS = text(_insert_sql(DeploymentEvent, _table(DeploymentEvent).columns.keys(), ""))
INSERT_DELIVERIES = text(
    # What a replay has not changed anew was changed by this delivery all the same, when it came first.
    _upsert_sql(
        Delivery,
        {
            "changes": "coalesce(nullif(excluded.changes, '[]'), deliveries.changes)",
            "deployment_id": "coalesce(excluded.deployment_id, deliveries.deployment_id)",
        },
    )
)
UPSERT: dict[type[Base], TextClause] = {
    model: text(_upsert_sql(model)) for model in (Project, Deployment, DeploymentJob, DeploymentStep)
}
READ_CURRENT_STEPS = text(
    """
    SELECT wanted.id, step.* FROM unnest(CAST(:ids AS bigint[])) AS wanted (id) CROSS JOIN LATERAL (
      SELECT job_key, coalesce(job.name, job.key) AS job_name, step.key, coalesce(step.name, step.key) AS name,
        coalesce(step.started_at, step.observed_at) AS started_at
      FROM deployment_steps AS step JOIN deployment_jobs AS job ON (job.deployment_id, job.key) = (wanted.id, job_key)
      WHERE step.deployment_id = wanted.id AND step.status = 'in_progress'
        AND step.status IS DISTINCT FROM 'completed' AND job.status IS DISTINCT FROM 'completed'
      ORDER BY job.number, coalesce(job.started_at, job.first_step_at), job.key, step.number, step.started_at, step.key
      LIMIT 1
    ) AS step
    """
)
READ_USUAL_GAPS = text(
    """
    SELECT wanted.*, percentile_cont(0.5) WITHIN GROUP (ORDER BY past.longest_gap_s) AS gap_s
    FROM unnest(CAST(:projects AS bigint[]), CAST(:dialects AS text[])) AS wanted (project_id, dialect)
    CROSS JOIN LATERAL (
      SELECT status, dialect, longest_gap_s FROM deployments WHERE project_id = wanted.project_id
      ORDER BY sorted_at DESC, id DESC LIMIT 200
    ) AS past
    WHERE past.status = 'completed' AND past.dialect = wanted.dialect
    GROUP BY wanted.project_id, wanted.dialect HAVING count(*) >= 3
    """
)
NOTIFY = text("SELECT pg_notify(:channel, :payload)")


def claim_keys(connection: Connection, rows: Sequence[Row]) -> set[str]:
    """Claim idempotency keys; return the ids of the deliveries that now hold theirs.

    Waits for a transaction that claims the same key at the same time, and then sees what became of it.
    """
    claimed = connection.execute(CLAIM_KEYS, {"rows": _encode(rows)})
    return {str(delivery_id) for (delivery_id,) in claimed}


def read_key_holders(connection: Connection, keys: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str, str], Row]:
    """Return, by (source, dialect, key), who holds a key: digest, delivery_id, and the deployment's id and seq."""
    held = select(
        DeliveryKey.source, DeliveryKey.dialect, DeliveryKey.key, DeliveryKey.digest, DeliveryKey.delivery_id,
        Delivery.deployment_id, Deployment.seq,
    )  # fmt: skip
    held = held.outerjoin(Delivery, Delivery.id == DeliveryKey.delivery_id)
    held = held.outerjoin(Deployment, Deployment.id == Delivery.deployment_id)
    held = held.where(tuple_(DeliveryKey.source, DeliveryKey.dialect, DeliveryKey.key).in_(keys))
    return {(row["source"], row["dialect"], row["key"]): dict(row) for row in connection.execute(held).mappings()}


def insert_projects(connection: Connection, rows: Sequence[Row]) -> None:
    """Create the projects that do not exist yet."""
    connection.execute(INSERT_PROJECTS, {"rows": _encode(rows)})


def read_projects(connection: Connection, slugs: Iterable[str], *, lock: bool) -> dict[str, Row]:
    """Return projects by slug, locked against other writers if asked for."""
    table = _table(Project)
    query = select(table).where(table.c.slug.in_(sorted(slugs))).order_by(table.c.slug)
    query = query.with_for_update(key_share=True) if lock else query
    return {row["slug"]: dict(row) for row in connection.execute(query).mappings()}


def lock_deployments(connection: Connection, rows: Sequence[Row]) -> dict[str, Row]:
    """Create the deployments that do not exist yet, lock all of them, and return them by identity."""
    connection.execute(INSERT_DEPLOYMENTS, {"rows": _encode(rows)})
    table = _table(Deployment)
    identities = sorted(row["identity"] for row in rows)
    query = select(table).where(table.c.identity.in_(identities)).order_by(table.c.identity).with_for_update()
    return {row["identity"]: dict(row) for row in connection.execute(query).mappings()}


def read_usual_gaps(connection: Connection, kinds: Collection[tuple[int, str]]) -> dict[tuple[int, str], float]:
    """Return, by id of a project and dialect, the longest silence that is usual for them, in seconds."""
    if not kinds:
        return {}
    projects, dialects = zip(*kinds, strict=True)
    rows = connection.execute(READ_USUAL_GAPS, {"projects": list(projects), "dialects": list(dialects)})
    return {(row.project_id, row.dialect): row.gap_s for row in rows}


def read_jobs(connection: Connection, keys: Sequence[tuple[int, str]]) -> list[Row]:
    """Return jobs by (deployment id, key)."""
    return _select_keys(connection, _table(DeploymentJob), ("deployment_id", "key"), keys) if keys else []


def read_steps(connection: Connection, keys: Sequence[tuple[int, *StepKey]]) -> list[Row]:
    """Return steps by (deployment id, job key, key)."""
    return _select_keys(connection, _table(DeploymentStep), ("deployment_id", "job_key", "key"), keys) if keys else []


def read_all_jobs(connection: Connection, deployment_ids: Sequence[int]) -> list[Row]:
    """Return every job of the deployments."""
    table = _table(DeploymentJob)
    return _select(connection, table, table.c.deployment_id.in_(deployment_ids)) if deployment_ids else []


def read_open_steps(connection: Connection, deployment_ids: Sequence[int]) -> list[Row]:
    """Return the steps of the deployments that have not ended."""
    table = _table(DeploymentStep)
    still_open = table.c.status.is_distinct_from(text("'completed'"))
    where = table.c.deployment_id.in_(deployment_ids) & still_open
    return _select(connection, table, where) if deployment_ids else []


def _select_keys(
    connection: Connection, table: Table, names: Sequence[str], keys: Sequence[tuple[Any, ...]]
) -> list[Row]:
    """Return rows by their keys, which travel as one array per column: ten thousand would be too many for IN."""
    arrays = [
        cast(list(values), ARRAY(table.c[name].type))
        for name, values in zip(names, zip(*keys, strict=True), strict=True)
    ]
    wanted = func.unnest(*arrays).table_valued(*names).render_derived()
    matches = (table.c[name] == wanted.c[name] for name in names)
    return [dict(row) for row in connection.execute(select(table).join(wanted, and_(*matches))).mappings()]


def _select(connection: Connection, table: Table, where: Any) -> list[Row]:  # noqa: ANN401
    return [dict(row) for row in connection.execute(select(table).where(where)).mappings()]


def upsert(connection: Connection, model: type[Base], rows: Sequence[Row]) -> None:
    """Write whole rows, new and old."""
    if rows:
        connection.execute(UPSERT[model], {"rows": _encode(rows)})


def read_current_steps(connection: Connection, deployment_ids: Sequence[int]) -> dict[int, Row]:
    """Return, by deployment id, the first step in progress: its job and key, the names of both, and its start."""
    rows = connection.execute(READ_CURRENT_STEPS, {"ids": list(deployment_ids)})
    return {
        row.id: {
            "job": row.job_key,
            "job_name": row.job_name,
            "key": row.key,
            "name": row.name,
            "started_at": format_time(row.started_at),
        }
        for row in rows
    }


def insert_events(connection: Connection, rows: Sequence[Row]) -> None:
    """Append events, and have the database announce them when the transaction commits."""
    if not rows:
        return
    connection.execute(INSERT_EVENTS, {"rows": _encode(rows)})
    for payload in pack_payloads(f"{row['deployment_id']}:{row['seq']}" for row in rows):
        connection.execute(NOTIFY, {"channel": CHANNEL, "payload": payload})


def insert_deliveries(connection: Connection, rows: Sequence[Row]) -> None:
    """Put deliveries into the inbox; a replayed one takes the place of what it was."""
    connection.execute(INSERT_DELIVERIES, {"rows": _encode(rows)})


def pack_payloads(words: Iterable[str]) -> list[str]:
    """Return the words joined by spaces, in as few payloads as PostgreSQL takes."""
    payloads: list[str] = []
    for word in words:
        if payloads and len(payloads[-1]) + 1 + len(word) <= LONGEST_PAYLOAD:
            payloads[-1] += f" {word}"
        else:
            payloads.append(word)
    return payloads

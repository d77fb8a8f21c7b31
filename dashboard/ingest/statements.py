"""The SQL of ingest: a fixed number of statements per batch, however many deliveries it has.

Rows are passed as one array per column, see database.prepared_statements. All statements take rows in key order, which
avoids deadlocks between transactions.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from dashboard.core.report import StepKey
from dashboard.core.view import format_time
from dashboard.database.prepared_statements import Statement, encode_bytes, find_type_name, transpose_rows
from dashboard.database.rows import Row
from dashboard.database.tables import get_table
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
from dashboard.models.base import pack_json
from dashboard.models.deployment_event import EVENT_CHANNEL

MAX_PAYLOAD_BYTES = 7900
"""Length of the payload of one NOTIFY; PostgreSQL allows less than 8,000 bytes."""


def _name_columns(model: type[Base], *, without: Sequence[str] = ()) -> list[str]:
    return [column.name for column in get_table(model).columns if column.name not in without]


def _list_types(model: type[Base], columns: Sequence[str]) -> list[str]:
    return [find_type_name(get_table(model), name) for name in columns]


def _unnest(columns: Sequence[str], name: str) -> str:
    parameters = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    return f"unnest({parameters}) AS {name} ({', '.join(columns)})"


class _Insert:
    """A statement that inserts rows into a table; `end` is appended to it."""

    def __init__(self, model: type[Base], purpose: str, columns: Sequence[str], end: str = "") -> None:
        self._columns, names = columns, ", ".join(columns)
        sql = f"INSERT INTO {model.__tablename__} ({names}) SELECT {names} FROM {_unnest(columns, 'new')} {end}"  # noqa: S608
        self._statement = Statement(f"{purpose}_{model.__tablename__}", _list_types(model, columns), sql)

    def run(self, connection: Connection, rows: Sequence[Row]) -> list[Row]:
        return self._statement.run(connection, transpose_rows(rows, self._columns)) if rows else []

    def defer(self, connection: Connection, rows: Sequence[Row]) -> None:
        if rows:
            self._statement.defer(connection, transpose_rows(rows, self._columns))


class _Update:
    """A statement that overwrites all columns of existing rows; `overrides` has other expressions for some columns."""

    def __init__(self, model: type[Base], overrides: Mapping[str, str] = MappingProxyType({})) -> None:
        self._columns = _name_columns(model)
        key = [column.name for column in get_table(model).primary_key]
        values = [f"{name} = {overrides.get(name, f'new.{name}')}" for name in self._columns if name not in key]
        matches = " AND ".join(f"old.{name} = new.{name}" for name in key)
        target, source = f"{model.__tablename__} AS old", _unnest(self._columns, "new")
        sql = f"UPDATE {target} SET {', '.join(values)} FROM {source} WHERE {matches}"  # noqa: S608
        self._statement = Statement(f"update_{model.__tablename__}", _list_types(model, self._columns), sql)

    def defer(self, connection: Connection, rows: Sequence[Row]) -> None:
        if rows:
            self._statement.defer(connection, transpose_rows(rows, self._columns))


class _Select:
    """A statement that reads the rows of a table with given values in some columns; `end` is appended to it."""

    def __init__(self, model: type[Base], purpose: str, keys: Sequence[str], end: str = "") -> None:
        table = model.__tablename__
        shown = ", ".join(f"{table}.{name}" for name in _name_columns(model))
        matches = " AND ".join(f"{table}.{name} = wanted.{name}" for name in keys)
        sql = f"SELECT {shown} FROM {_unnest(keys, 'wanted')} JOIN {table} ON {matches} {end}"  # noqa: S608
        self._statement = Statement(f"{purpose}_{table}", _list_types(model, keys), sql)

    def run(self, connection: Connection, keys: Sequence[tuple[Any, ...]]) -> list[Row]:
        return self._statement.run(connection, zip(*keys, strict=True)) if keys else []


CLAIM_KEYS = _Insert(
    DeliveryKey,
    "claim",
    _name_columns(DeliveryKey),
    "ORDER BY source, dialect, key ON CONFLICT DO NOTHING RETURNING delivery_id",
)
RESERVE_IDS = Statement(
    "reserve_ids", ("integer",), "SELECT nextval('deployments_id_seq') AS id FROM generate_series(1, ($1)[1])"
)
INSERTS: dict[type[Base], _Insert] = {
    model: _Insert(model, "insert", _name_columns(model))
    for model in (Deployment, DeploymentJob, DeploymentStep, DeploymentEvent, Delivery)
}
UPDATES: dict[type[Base], _Update] = {
    **{model: _Update(model) for model in (Project, Deployment, DeploymentJob, DeploymentStep)},
    # A replay that changes nothing keeps what the delivery changed when it was first applied.
    Delivery: _Update(Delivery, {name: f"coalesce(new.{name}, old.{name})" for name in ("changes", "deployment_id")}),
}
READ_PROJECTS = _Select(Project, "read", ("identity",))
LOCK_PROJECTS = _Select(Project, "lock", ("id",), "ORDER BY projects.id FOR NO KEY UPDATE OF projects")
LOCK_DEPLOYMENTS = _Select(Deployment, "lock", ("identity",), "ORDER BY identity FOR UPDATE OF deployments")
READ_JOBS = _Select(DeploymentJob, "read", ("deployment_id", "key"))
READ_STEPS = _Select(DeploymentStep, "read", ("deployment_id", "job_key", "key"))
READ_ALL_JOBS = _Select(DeploymentJob, "read_all", ("deployment_id",))
READ_OPEN_STEPS = _Select(
    DeploymentStep, "read_open", ("deployment_id",), "WHERE deployment_steps.status IS DISTINCT FROM 'completed'"
)
READ_KEY_HOLDERS = Statement(
    "read_key_holders",
    ("text", "text", "text"),
    """
    SELECT held.source, held.dialect, held.key, digest, delivery_id, delivery.deployment_id, deployment.seq
    FROM unnest($1, $2, $3) AS wanted (source, dialect, key) JOIN delivery_keys AS held USING (source, dialect, key)
    LEFT JOIN deliveries AS delivery ON delivery.id = held.delivery_id
    LEFT JOIN deployments AS deployment ON deployment.id = delivery.deployment_id
    """,
)
RELEASE_KEYS = Statement(
    "release_keys",
    ("text", "text", "text"),
    """
    DELETE FROM delivery_keys AS held USING unnest($1, $2, $3) AS wanted (source, dialect, key)
    WHERE (held.source, held.dialect, held.key) = (wanted.source, wanted.dialect, wanted.key)
    """,
)
# `status = 'in_progress'` implies the second condition on it, but the planner needs that one to use the partial index.
READ_CURRENT_STEPS = Statement(
    "read_current_steps",
    ("bigint",),
    """
    SELECT wanted.id, step.* FROM unnest($1) AS wanted (id) CROSS JOIN LATERAL (
      SELECT job_key, coalesce(job.name, job.key) AS job_name, step.key, coalesce(step.name, step.key) AS name,
        coalesce(step.started_at, step.observed_at) AS started_at
      FROM deployment_steps AS step JOIN deployment_jobs AS job ON (job.deployment_id, job.key) = (wanted.id, job_key)
      WHERE step.deployment_id = wanted.id AND step.status = 'in_progress'
        AND step.status IS DISTINCT FROM 'completed' AND job.status IS DISTINCT FROM 'completed'
      ORDER BY job.number, coalesce(job.started_at, job.first_step_at), job.key, step.number, step.started_at, step.key
      LIMIT 1
    ) AS step
    """,
)
READ_USUAL_GAPS = Statement(
    "read_usual_gaps",
    ("bigint", "text"),
    """
    SELECT wanted.*, percentile_cont(0.5) WITHIN GROUP (ORDER BY past.longest_gap_s) AS gap_s
    FROM unnest($1, $2) AS wanted (project_id, dialect) CROSS JOIN LATERAL (
      SELECT status, dialect, longest_gap_s FROM deployments WHERE project_id = wanted.project_id
      ORDER BY sorted_at DESC, id DESC LIMIT 30
    ) AS past
    WHERE past.status = 'completed' AND past.dialect = wanted.dialect
    GROUP BY wanted.project_id, wanted.dialect HAVING count(*) >= 3
    """,
)
NOTIFY = Statement(
    "notify",
    ("text",),
    f"SELECT pg_notify('{EVENT_CHANNEL}', payload) FROM unnest($1) AS new (payload)",  # noqa: S608
)


def claim_keys(connection: Connection, rows: Sequence[Row]) -> set[str]:
    """Claim idempotency keys; return the ids of the deliveries whose claim succeeded.

    Waits for the end of any other transaction that is claiming the same key.
    """
    return {str(row["delivery_id"]) for row in CLAIM_KEYS.run(connection, rows)}


def read_key_holders(connection: Connection, keys: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str, str], Row]:
    """Return, by (source, dialect, key), the delivery that holds a key: digest, delivery_id, deployment_id and seq."""
    rows = READ_KEY_HOLDERS.run(connection, zip(*dict.fromkeys(keys), strict=True))
    return {(row["source"], row["dialect"], row["key"]): row for row in rows}


def release_keys(connection: Connection, rows: Sequence[Row]) -> None:
    """Release claimed idempotency keys, because their deliveries are rejected."""
    RELEASE_KEYS.defer(connection, zip(*((row["source"], row["dialect"], row["key"]) for row in rows), strict=True))


def read_projects(connection: Connection, identities: Iterable[str]) -> dict[str, Row]:
    """Return projects by the digest of their identity."""
    return {row["identity"]: row for row in READ_PROJECTS.run(connection, [(identity,) for identity in identities])}


def lock_projects(connection: Connection, ids: Iterable[int]) -> list[Row]:
    """Lock the projects that still exist against other writers; return their rows."""
    return LOCK_PROJECTS.run(connection, [(number,) for number in ids])


def lock_deployments(connection: Connection, identities: Iterable[str]) -> dict[str, Row]:
    """Lock the deployments that exist; return their rows by identity."""
    found = LOCK_DEPLOYMENTS.run(connection, [(identity,) for identity in identities])
    return {row["identity"]: row for row in found}


def reserve_ids(connection: Connection, count: int) -> list[int]:
    """Return this many ids for new deployments."""
    return [row["id"] for row in RESERVE_IDS.run(connection, [[count]])] if count else []


def read_usual_gaps(connection: Connection, pairs: Collection[tuple[int, str]]) -> dict[tuple[int, str], float]:
    """Return the usual longest silence in seconds by (project id, dialect), except where too few deployments ended."""
    rows = READ_USUAL_GAPS.run(connection, zip(*pairs, strict=True)) if pairs else []
    return {(row["project_id"], row["dialect"]): row["gap_s"] for row in rows}


def read_jobs(connection: Connection, keys: Sequence[tuple[int, str]]) -> list[Row]:
    """Return jobs by (deployment id, key)."""
    return READ_JOBS.run(connection, keys)


def read_steps(connection: Connection, keys: Sequence[tuple[int, *StepKey]]) -> list[Row]:
    """Return steps by (deployment id, job key, key)."""
    return READ_STEPS.run(connection, keys)


def read_all_jobs(connection: Connection, deployment_ids: Sequence[int]) -> list[Row]:
    """Return all jobs of the deployments."""
    return READ_ALL_JOBS.run(connection, [(number,) for number in deployment_ids])


def read_open_steps(connection: Connection, deployment_ids: Sequence[int]) -> list[Row]:
    """Return the steps of the deployments that are not completed."""
    return READ_OPEN_STEPS.run(connection, [(number,) for number in deployment_ids])


def insert_rows(connection: Connection, model: type[Base], rows: Sequence[Row]) -> None:
    """Insert new rows, with the next statement that reads or at the next flush.

    Only a deployment can have been inserted by another transaction meanwhile, which raises IntegrityError.
    """
    INSERTS[model].defer(connection, rows)


def update_rows(connection: Connection, model: type[Base], rows: Sequence[Row]) -> None:
    """Overwrite rows, which must be locked, with the next statement that reads or at the next flush."""
    UPDATES[model].defer(connection, rows)


def read_current_steps(connection: Connection, deployment_ids: Sequence[int]) -> dict[int, Row]:
    """Return the first step in progress by deployment id: `job`, `job_name`, `key`, `name` and `started_at`."""
    return {
        row["id"]: {
            "job": row["job_key"],
            "job_name": row["job_name"],
            "key": row["key"],
            "name": row["name"],
            "started_at": format_time(row["started_at"]),
        }
        for row in (READ_CURRENT_STEPS.run(connection, [deployment_ids]) if deployment_ids else ())
    }


def insert_events(connection: Connection, rows: Sequence[Row]) -> None:
    """Insert events, and announce them with NOTIFY when the transaction commits; both are deferred."""
    if rows:
        packed = [{**row, "changes": encode_bytes(pack_json(row["changes"]))} for row in rows]
        INSERTS[DeploymentEvent].defer(connection, packed)
        NOTIFY.defer(connection, [pack_payloads(f"{row['deployment_id']}:{row['seq']}" for row in rows)])


def pack_payloads(words: Iterable[str]) -> list[str]:
    """Return the words joined by spaces, in as few payloads as possible."""
    payloads: list[str] = []
    for word in words:
        if payloads and len(payloads[-1]) + 1 + len(word) <= MAX_PAYLOAD_BYTES:
            payloads[-1] += f" {word}"
        else:
            payloads.append(word)
    return payloads

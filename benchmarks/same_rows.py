"""A pgbench script that writes the rows of one real delivery, in one transaction with a statement per table.

The rows that a transaction of the dashboard wrote have its number (`xmin`). Their values become literals of the script;
only keys, references and times are new in each transaction. So the script never differs from what the dashboard writes.
pgbench has less work than any client: the values are in its prepared statements, and are not sent.
"""

from collections.abc import Sequence
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812
from sqlalchemy import Table

from dashboard.models import Base
from dashboard.models.base import AwareUTC

PROJECTS = 300
TABLES = Base.metadata.sorted_tables
SELDOM_WRITTEN = {"projects", "former_slugs", "webhook_sources", "deployment_terms"}
ALWAYS_WRITTEN = {table.name for table in TABLES} - SELDOM_WRITTEN
"""The tables that every delivery with a key and with changes writes to."""
MADE_BY_DATABASE = {("projects", "id"), ("deployments", "id")}
EXPRESSIONS = {
    ("projects", "identity"): "encode(sha256(:project::text::bytea), 'hex')",
    ("projects", "slug"): "'bench-' || lpad(:project::text, {length}, '0')",
    ("deployments", "project_id"): ":project_id",
    ("deployments", "identity"): "encode(sha256(:run::text::bytea), 'hex')",
    ("deployments", "run_key"): "encode(sha256(:run::text::bytea), 'hex')",
    ("deployments", "run_id"): "lpad(:run::text, {length}, '0')",
    ("deployment_events", "seq"): ":seq",
    ("delivery_keys", "key"): "lpad(:key::text, {length}, '0')",
    ("delivery_keys", "delivery_id"): "uuidv7()",
    ("deliveries", "id"): "uuidv7()",
}
"""The expressions that replace literals; `length` is that of the real value."""
ENDS = {
    "projects": "ON CONFLICT (slug) DO UPDATE SET {values} RETURNING id AS project_id \\gset",
    "deployments": "ON CONFLICT (identity) DO UPDATE SET {values} RETURNING id AS deployment_id, seq \\gset",
    "deployment_jobs": "ON CONFLICT (deployment_id, key) DO UPDATE SET {values};",
    "deployment_steps": "ON CONFLICT (deployment_id, job_key, key) DO UPDATE SET {values};",
}
INSERT_PROJECTS = f"""
    INSERT INTO projects (identity, slug, name, stamps, seq, created_at)
    SELECT encode(sha256(n::text::bytea), 'hex'),
      'bench-' || lpad(n::text, 3, '0'), 'bench-' || lpad(n::text, 3, '0'), '{{}}', 0, now()
    FROM generate_series(0, {PROJECTS - 1}) AS n
"""
FIND_PROJECT = f"SELECT id AS project_id FROM projects WHERE slug = {EXPRESSIONS['projects', 'slug']} \\gset"
NOTIFY = "SELECT pg_notify('deployment_events', :deployment_id || E'\\x3a' || :seq);"


def read_transaction(cursor: Cursor) -> str:
    """Return the number of the transaction that stored the newest delivery."""
    cursor.execute("SELECT xmin::text FROM deliveries ORDER BY received_at DESC LIMIT 1")
    (number,) = cursor.fetchone() or ("",)
    return str(number)


def measure_rows(cursor: Cursor, transaction: str) -> dict[str, tuple[int, int]]:
    """Return the number of rows that a transaction wrote, and the bytes of their values, by table."""
    measured = {}
    for table in TABLES:
        size = " + ".join(f"coalesce(pg_column_size({column.name}), 0)" for column in table.columns)
        cursor.execute(f"SELECT count(*), sum({size}) FROM {table.name} WHERE xmin::text = %s", [transaction])
        count, total = cursor.fetchone() or (0, 0)
        if count:
            measured[table.name] = (int(count), int(total))
    if missing := ALWAYS_WRITTEN - set(measured):
        raise RuntimeError(f"transaction {transaction} stored a delivery, and nothing in {', '.join(sorted(missing))}")
    return measured


def write_script(cursor: Cursor, transaction: str, *, runs: int, announces: bool = True) -> str:
    """Return the script of a transaction; it reports on `runs` deployments at random."""
    inserts = {table.name: _write_insert(cursor, table, transaction) for table in TABLES}
    if not inserts["projects"]:
        cursor.execute("SELECT slug FROM projects LIMIT 1")
        (slug,) = cursor.fetchone() or ("",)
        inserts["projects"] = FIND_PROJECT.format(length=len(slug) - len("bench-"))
    return "\n".join(
        [
            f"\\set run random(1, {runs})",
            f"\\set project :run % {PROJECTS}",
            "\\set key random(1, 1000000000000000)",
            "BEGIN;",
            *filter(None, inserts.values()),
            *([NOTIFY] if announces else []),
            "COMMIT;",
            "",
        ]
    )


def _write_insert(cursor: Cursor, table: Table, transaction: str) -> str:
    columns = [column.name for column in table.columns if (table.name, column.name) not in MADE_BY_DATABASE]
    read = ", ".join(f"{name}::text" for name in columns)
    cursor.execute(f"SELECT {read} FROM {table.name} WHERE xmin::text = %s", [transaction])
    rows = [", ".join(_write_row(table, columns, row)) for row in cursor.fetchall()]
    if not rows:
        return ""
    fresh = [name for name in columns if not table.c[name].primary_key and table.c[name].unique is not True]
    values = ", ".join(f"{name} = excluded.{name}" for name in fresh)
    values = values.replace("seq = excluded.seq", f"seq = {table.name}.seq + 1")
    written = ",\n".join(f"({row})" for row in rows)
    end = ENDS.get(table.name, ";").format(values=values)
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES\n{written}\n{end}"


def _write_row(table: Table, columns: Sequence[str], row: Sequence[str | None]) -> list[str]:
    return [_write_value(table, name, value) for name, value in zip(columns, row, strict=True)]


def _write_value(table: Table, name: str, value: str | None) -> str:
    if value is None:
        return "NULL"
    if name == "deployment_id":
        return ":deployment_id"
    if expression := EXPRESSIONS.get((table.name, name)):
        return expression.format(length=len(value.removeprefix("bench-")))
    if isinstance(table.c[name].type, AwareUTC):
        return "now()"
    return _quote(value)


def _quote(value: Any) -> str:  # noqa: ANN401
    """Return a literal without colons, with which pgbench's variables begin."""
    escaped = str(value).replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a")
    return f"E'{escaped}'"

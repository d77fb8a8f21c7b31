"""Prepared statements that take whole columns: a batch of any size is one round trip, parsed and planned once.

Each parameter is an array in PostgreSQL's own notation, which the server reads faster than as many parameters, and as
JSON. psycopg2 sends literals, so a statement is prepared by name, once per connection.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Connection, Double, Integer, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from dashboard.models.base import AwareUTC

STEERED = "".join(f"SET LOCAL enable_{way} = off; " for way in ("seqscan", "hashjoin", "mergejoin"))
"""A statement is planned when it first runs, on tables that may be empty then; it has to suit what they become."""

Row = dict[str, Any]
PREPARED = "prepared statements"
"""Under this name a connection remembers what was prepared on it."""


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _write_json(value: Any) -> str:  # noqa: ANN401
    return _quote(json.dumps(value, default=datetime.isoformat, ensure_ascii=False))


ELEMENTS: tuple[tuple[type, str, Callable[[Any], str]], ...] = (
    (JSONB, "jsonb", _write_json),
    (AwareUTC, "timestamptz", datetime.isoformat),
    (Boolean, "boolean", str),
    (BigInteger, "bigint", str),
    (Integer, "integer", str),
    (Double, "double precision", repr),
    (Uuid, "uuid", str),
    (LargeBinary, "bytea", _quote),
    (Text, "text", _quote),
)
"""Types of columns, what PostgreSQL calls them, how an element of an array of them is written. First match counts."""
WRITERS = {name: write for _, name, write in ELEMENTS}


def name_type(table: Table, column: str) -> str:
    """Return what PostgreSQL calls the type of a column."""
    kind = table.c[column].type
    return next(name for known, name, _ in ELEMENTS if isinstance(kind, known))


class Statement:
    """One statement over arrays, `$1` to `$n`, of these types of elements."""

    def __init__(self, name: str, types: Sequence[str], sql: str) -> None:
        self._writers = [WRITERS[kind] for kind in types]
        parameters = ", ".join(f"{kind}[]" for kind in types)
        self._name, self._prepare = name, f"PREPARE {name} ({parameters}) AS {sql}"
        self._execute = f"EXECUTE {name} ({', '.join(['%s'] * len(types))})"

    def run(self, connection: Connection, columns: Iterable[Iterable[Any]]) -> list[Row]:
        """Run it with a column of values for each parameter; return its rows, none for one that returns nothing."""
        literals = [
            "{" + ",".join(["NULL" if value is None else write(value) for value in column]) + "}"
            for write, column in zip(self._writers, columns, strict=True)
        ]
        prepared: set[str] = connection.info.setdefault(PREPARED, set())
        if self._name not in prepared:
            connection.exec_driver_sql(STEERED + self._prepare)
            prepared.add(self._name)
        result = connection.exec_driver_sql(self._execute, tuple(literals))
        if not result.returns_rows:
            return []
        names = list(result.keys())
        return [dict(zip(names, row, strict=True)) for row in result]


def pick(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[list[Any]]:
    """Return rows turned into columns."""
    return [[row[name] for row in rows] for name in columns]

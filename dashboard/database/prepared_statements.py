"""Prepared statements over arrays, one array per column: a batch of any size takes one round trip, planned once.

Parameters are array literals in PostgreSQL's notation, which the server reads faster than many parameters or JSON.
psycopg2 only sends literals, so a statement is prepared by name, once per connection.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any
from weakref import WeakKeyDictionary

from msgspec.json import Encoder
from sqlalchemy import BigInteger, Boolean, Connection, Double, Integer, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from dashboard.database.rows import Row
from dashboard.models.base import AwareUTC, PackedJSON

PLANNER_SETTINGS = "".join(
    f"SET LOCAL enable_{method} = off; " for method in ("seqscan", "bitmapscan", "hashjoin", "mergejoin")
)
"""Makes the planner use indexes: the plan is made at the first run, when tables may be empty, and kept as they grow."""

PREPARED_KEY = "prepared statements"
"""The key in `Connection.info` of the names of the statements prepared on it."""

ESCAPE = re.compile(r"\\(?:([\"\\])|u([0-9a-f]{4})|(.))")
CONTROLS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_encode = Encoder().encode


def encode_array(column: Sequence[Any]) -> str:
    """Return a column of scalars as an array literal of PostgreSQL.

    It differs from a JSON array only in its brackets and in escapes of control characters, so the JSON encoder, which
    is written in C, encodes the whole column at once.
    """
    text = _encode(column).decode()
    return "{" + (ESCAPE.sub(_unescape, text) if "\\" in text else text)[1:-1] + "}"


def _unescape(found: re.Match[str]) -> str:
    kept, number, letter = found.groups()
    if kept:
        return found[0]
    return chr(int(number, 16)) if number else CONTROLS[letter]


def encode_float_array(column: Sequence[float | None]) -> str:
    """Return a column of numbers as an array literal; they may be infinite, which JSON cannot express."""
    return "{" + ",".join(["NULL" if value is None else repr(value) for value in column]) + "}"


def encode_json_array(column: Sequence[Any]) -> str:
    """Return a column of JSON values as an array literal of jsonb; JSON texts contain no control characters."""
    return "{" + _encode([None if value is None else _encode(value).decode() for value in column]).decode()[1:-1] + "}"


def encode_bytes(value: bytes) -> str:
    """Return bytes as text for `encode_array`, in the hex format of bytea."""
    return "\\x" + value.hex()


TYPES: tuple[tuple[type, str, Callable[[Sequence[Any]], str]], ...] = (
    (JSONB, "jsonb", encode_json_array),
    (AwareUTC, "timestamptz", encode_array),
    (Boolean, "boolean", encode_array),
    (BigInteger, "bigint", encode_array),
    (Integer, "integer", encode_array),
    (Double, "double precision", encode_float_array),
    (Uuid, "uuid", encode_array),
    (LargeBinary, "bytea", encode_array),
    (PackedJSON, "bytea", encode_array),
    (Text, "text", encode_array),
)
"""Type of a column, its name in PostgreSQL, and the encoder of an array of it. The first match counts."""
ENCODERS = {name: encode for _, name, encode in TYPES}


def find_type_name(table: Table, column: str) -> str:
    """Return PostgreSQL's name for the type of a column."""
    kind = table.c[column].type
    return next(name for known, name, _ in TYPES if isinstance(kind, known))


_deferred: WeakKeyDictionary[Connection, list[tuple[str, Sequence[str]]]] = WeakKeyDictionary()
"""Deferred statements by transaction, each of which has its own Connection; those of a failed one vanish with it."""


class Statement:
    """A statement whose parameters `$1` to `$n` are arrays of the types given."""

    def __init__(self, name: str, types: Sequence[str], sql: str) -> None:
        self._encoders = [ENCODERS[kind] for kind in types]
        parameters = ", ".join(f"{kind}[]" for kind in types)
        self._name, self._prepare = name, f"PREPARE {name} ({parameters}) AS {sql}"
        self._execute = f"EXECUTE {name} ({', '.join(['%s'] * len(types))})"

    def run(self, connection: Connection, columns: Iterable[Sequence[Any]]) -> list[Row]:
        """Run it after all deferred statements, with one column of values per parameter; return its rows."""
        self.defer(connection, columns)
        return flush_deferred(connection)

    def defer(self, connection: Connection, columns: Iterable[Sequence[Any]]) -> None:
        """Queue it; it is sent together with the next statement that runs, without a round trip of its own."""
        prepared: set[str] = connection.info.setdefault(PREPARED_KEY, set())
        if self._name not in prepared:
            connection.exec_driver_sql(PLANNER_SETTINGS + self._prepare)
            prepared.add(self._name)
        literals = [encode(column) for encode, column in zip(self._encoders, columns, strict=True)]
        _defer(connection, self._execute, literals)


def _defer(connection: Connection, sql: str, literals: Sequence[str] = ()) -> None:
    _deferred.setdefault(connection, []).append((sql, literals))


def flush_and_commit(connection: Connection) -> None:
    """Run the deferred statements and commit in one round trip, so that locks are released without waiting for us.

    AND CHAIN, because the driver does not notice this commit and sends another, which then ends an empty transaction.
    """
    _defer(connection, "COMMIT AND CHAIN")
    flush_deferred(connection)


def flush_deferred(connection: Connection) -> list[Row]:
    """Run the deferred statements in one round trip; return the rows of the last one, an empty list if it has none."""
    deferred = _deferred.pop(connection, [])
    if not deferred:
        return []
    values = tuple(literal for _, literals in deferred for literal in literals)
    result = connection.exec_driver_sql("; ".join(sql for sql, _ in deferred), values)
    if not result.returns_rows:
        return []
    names = list(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result]


def transpose_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterable[Sequence[Any]]:
    """Return the values of these columns (at least two) of the rows (at least one), column by column."""
    return zip(*map(itemgetter(*columns), rows), strict=True)

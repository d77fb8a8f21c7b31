"""Prepared statements that take whole columns: a batch of any size is one round trip, parsed and planned once.

Each parameter is an array in PostgreSQL's own notation, which the server reads faster than as many parameters, and as
JSON. psycopg2 sends literals, so a statement is prepared by name, once per connection.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any
from weakref import WeakKeyDictionary

from msgspec.json import Encoder
from sqlalchemy import BigInteger, Boolean, Connection, Double, Integer, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from dashboard.models.base import AwareUTC, PackedJSON

STEERED = "".join(f"SET LOCAL enable_{way} = off; " for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin"))
"""A statement is planned when it first runs, on tables that may be empty then; it has to suit what they become."""

Row = dict[str, Any]
PREPARED = "prepared statements"
"""Under this name a connection remembers what was prepared on it."""

ESCAPE = re.compile(r"\\(?:([\"\\])|u([0-9a-f]{4})|(.))")
CONTROLS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_encode = Encoder().encode


def write_array(column: Sequence[Any]) -> str:
    """Return an array of scalars in PostgreSQL's notation, which is JSON's but for the brackets and control characters.

    An encoder in C makes it, for all of a column at once: where PostgreSQL wants a backslash, JSON has one.
    """
    text = _encode(column).decode()
    return "{" + (ESCAPE.sub(_unescape, text) if "\\" in text else text)[1:-1] + "}"


def _unescape(found: re.Match[str]) -> str:
    kept, number, letter = found.groups()
    if kept:
        return found[0]
    return chr(int(number, 16)) if number else CONTROLS[letter]


def write_float_array(column: Sequence[float | None]) -> str:
    """Return an array of numbers that may be infinite, which JSON has no word for."""
    return "{" + ",".join(["NULL" if value is None else repr(value) for value in column]) + "}"


def write_json_array(column: Sequence[Any]) -> str:
    """Return an array of jsonb; text that is JSON has no control characters in it."""
    return "{" + _encode([None if value is None else _encode(value).decode() for value in column]).decode()[1:-1] + "}"


def write_bytes(value: bytes) -> str:
    """Return how a bytea stands in a column that `write_array` is given."""
    return "\\x" + value.hex()


TYPES: tuple[tuple[type, str, Callable[[Sequence[Any]], str]], ...] = (
    (JSONB, "jsonb", write_json_array),
    (AwareUTC, "timestamptz", write_array),
    (Boolean, "boolean", write_array),
    (BigInteger, "bigint", write_array),
    (Integer, "integer", write_array),
    (Double, "double precision", write_float_array),
    (Uuid, "uuid", write_array),
    (LargeBinary, "bytea", write_array),
    (PackedJSON, "bytea", write_array),
    (Text, "text", write_array),
)
"""Types of columns, what PostgreSQL calls them, how an array of them is written. First match counts."""
WRITERS = {name: write for _, name, write in TYPES}


def name_type(table: Table, column: str) -> str:
    """Return what PostgreSQL calls the type of a column."""
    kind = table.c[column].type
    return next(name for known, name, _ in TYPES if isinstance(kind, known))


_deferred: WeakKeyDictionary[Connection, list[tuple[str, Sequence[str]]]] = WeakKeyDictionary()
"""Of each transaction, which has a Connection of its own: what was deferred in one that failed goes with it."""


class Statement:
    """One statement over arrays, `$1` to `$n`, of these types of elements."""

    def __init__(self, name: str, types: Sequence[str], sql: str) -> None:
        self._writers = [WRITERS[kind] for kind in types]
        parameters = ", ".join(f"{kind}[]" for kind in types)
        self._name, self._prepare = name, f"PREPARE {name} ({parameters}) AS {sql}"
        self._execute = f"EXECUTE {name} ({', '.join(['%s'] * len(types))})"

    def run(self, connection: Connection, columns: Iterable[Sequence[Any]]) -> list[Row]:
        """Run it with a column of values for each parameter; return its rows, none for one that returns nothing."""
        self.defer(connection, columns)
        return flush(connection)

    def defer(self, connection: Connection, columns: Iterable[Sequence[Any]]) -> None:
        """Have it run before the next one that is run, and sent together with it: nobody waits for its answer."""
        prepared: set[str] = connection.info.setdefault(PREPARED, set())
        if self._name not in prepared:
            connection.exec_driver_sql(STEERED + self._prepare)
            prepared.add(self._name)
        literals = [write(column) for write, column in zip(self._writers, columns, strict=True)]
        _defer(connection, self._execute, literals)


def _defer(connection: Connection, sql: str, literals: Sequence[str] = ()) -> None:
    _deferred.setdefault(connection, []).append((sql, literals))


def flush_and_commit(connection: Connection) -> None:
    """Run what was deferred and commit, in one round trip: what is locked is free even if we are slow to go on.

    Chained, as the driver does not know of it and will send a COMMIT of its own, which then ends an empty transaction.
    """
    _defer(connection, "COMMIT AND CHAIN")
    flush(connection)


def flush(connection: Connection) -> list[Row]:
    """Run what was deferred, in one round trip; return the rows of the last statement."""
    deferred = _deferred.pop(connection, [])
    if not deferred:
        return []
    values = tuple(literal for _, literals in deferred for literal in literals)
    result = connection.exec_driver_sql("; ".join(sql for sql, _ in deferred), values)
    if not result.returns_rows:
        return []
    names = list(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result]


def pick(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterable[Sequence[Any]]:
    """Return rows, at least one, turned into columns, at least two."""
    return zip(*map(itemgetter(*columns), rows), strict=True)

"""The statements that some code runs, and their query plans."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event


@dataclass(frozen=True)
class Note:
    """A statement that was run, with its parameters, and how long the database took for it."""

    statement: str
    parameters: Any
    took_s: float


@contextmanager
def note_statements(engine: Engine) -> Iterator[list[Note]]:
    """Give the list to which every statement is added that is run on an engine inside."""
    notes: list[Note] = []

    def begin(_connection: Any, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        context.begun = time.perf_counter()

    def end(_connection: Any, _cursor: Any, statement: str, parameters: Any, context: Any, _many: bool) -> None:
        notes.append(Note(statement, parameters, time.perf_counter() - context.begun))

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", end)
    try:
        yield notes
    finally:
        event.remove(engine, "before_cursor_execute", begin)
        event.remove(engine, "after_cursor_execute", end)


def explain(engine: Engine, note: Note) -> list[dict[str, Any]]:
    """Run a statement anew; return the nodes of its plan, the first on top, as EXPLAIN names what they have."""
    with engine.connect() as connection:
        return read_plan(connection, note.statement, note.parameters)


def read_plan(connection: Connection, statement: str, parameters: Any = None) -> list[dict[str, Any]]:
    """Run a statement; return the nodes of its plan, the first on top, as EXPLAIN names what they have."""
    explained = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters)
    return list(walk_plan(explained.scalar_one()[0]["Plan"]))


def count_blocks(engine: Engine, note: Note) -> int:
    """Run a statement anew; return how many blocks of tables and indexes it looks at."""
    top = next(iter(explain(engine, note)), {})
    return int(top.get("Shared Hit Blocks", 0) + top.get("Shared Read Blocks", 0))


def count_rows(node: dict[str, Any]) -> float:
    """Return how many rows a node of a plan looked at."""
    removed = sum(node.get(f"Rows Removed by {what}", 0) for what in ("Filter", "Index Recheck", "Join Filter"))
    return float((node["Actual Rows"] + removed) * node["Actual Loops"])


def walk_plan(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a node of a plan and all below it."""
    yield node
    for child in node.get("Plans", ()):
        yield from walk_plan(child)

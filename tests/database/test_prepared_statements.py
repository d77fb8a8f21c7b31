"""Prepared statements: every value that is written into an array is read back unchanged."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.database.prepared_statements import ENCODERS, Statement, flush_and_commit
from dashboard.extensions import db

pytestmark = pytest.mark.usefixtures("app")

texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])) | st.sampled_from(
    ["", "NULL", "null", "{}", "{a,b}", '"', "\\", '\\"', "a\nb", "%s %(a)s", "' OR 1=1 --", "\\x41", "部署"]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": texts,
    "jsonb": st.dictionaries(texts, json_values, max_size=3),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "double precision": st.floats(allow_nan=False),
    "boolean": st.booleans(),
    "timestamptz": st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)),
    "uuid": st.uuids().map(str),
}


def echo(kind: str, values: list[Any]) -> list[Any]:
    """Return the values as the database gives them back."""
    name = f"echo_{kind.replace(' ', '_')}"
    statement = Statement(name, (kind,), "SELECT value FROM unnest($1) WITH ORDINALITY AS given (value, n) ORDER BY n")
    with db.engine.connect() as connection:
        return [row["value"] for row in statement.run(connection, [values])]


@pytest.mark.parametrize("kind", VALUES)
def test_values_of_arrays_are_read_back_unchanged(app: Flask, kind: str) -> None:
    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.none() | VALUES[kind], max_size=6))
    def check(values: list[Any]) -> None:
        echoed = [str(value) if kind == "uuid" and value else value for value in echo(kind, values)]
        assert echoed == values

    check()


def test_every_supported_type_is_tested() -> None:
    assert ENCODERS.keys() - VALUES.keys() == {"bytea"}


def test_bytes_are_read_back_unchanged(app: Flask) -> None:
    assert [bytes(value) for value in echo("bytea", ["\\x00ff22"])] == [b"\x00\xff\x22"]


def test_a_statement_is_prepared_once_on_a_connection_and_survives_a_rollback(app: Flask) -> None:
    statement = Statement("echo_twice", ("text",), "SELECT value FROM unnest($1) AS given (value)")
    with db.engine.connect() as connection:
        statement.run(connection, [["a"]])
        connection.rollback()
        assert statement.run(connection, [["b"]]) == [{"value": "b"}]
        prepared = "SELECT count(*) FROM pg_prepared_statements WHERE name = 'echo_twice'"
        assert connection.exec_driver_sql(prepared).scalar_one() == 1


def test_flush_and_commit_stores_rows_and_releases_locks_inside_the_block(app: Flask) -> None:
    adding = Statement("add_names", ("text",), "INSERT INTO names SELECT * FROM unnest($1)")
    with db.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE names (name text PRIMARY KEY)")
    with db.engine.begin() as connection:
        adding.defer(connection, [["kept"]])
        flush_and_commit(connection)
        with db.engine.begin() as other:
            assert other.exec_driver_sql("SELECT name FROM names FOR UPDATE NOWAIT").scalars().all() == ["kept"]

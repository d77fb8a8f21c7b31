"""What tables share: the declarative base, names of constraints, column types, and the registers of a node."""

import zlib
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from sqlalchemy import BigInteger, DateTime, Dialect, LargeBinary, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry
from sqlalchemy.types import TypeDecorator


class AwareUTC(TypeDecorator[datetime]):
    """A point in time. Naive values are refused; values are returned in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the value; raise ValueError for a time without a zone, for which PostgreSQL would assume one."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the value in UTC, whatever time zone the connection has."""
        return None if value is None else value.astimezone(UTC)


MAX_SMALL_BYTES = 16 * 1024
"""Up to this many bytes, data is compressed with a window of 4 kB."""


class PackedJSON(TypeDecorator[Any]):
    """Compressed JSON that only the program reads. PostgreSQL would take longer to parse and compress it itself."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ANN401, ARG002
        """Return the compressed JSON."""
        return None if value is None else pack_json(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002
        """Return the decoded value."""
        return None if value is None else unpack_json(value)


def pack_json(value: Any) -> bytes:  # noqa: ANN401
    """Return the bytes that a PackedJSON column stores for a value."""
    return compress(msgspec.json.encode(value))


def unpack_json(stored: bytes) -> Any:  # noqa: ANN401
    """Return the value from the bytes of a PackedJSON column."""
    return msgspec.json.decode(zlib.decompress(stored))


def compress(data: bytes) -> bytes:
    """Return the data compressed by zlib at its fastest; small data gets small tables, whose set-up dominates."""
    window, memory = (12, 5) if len(data) <= MAX_SMALL_BYTES else (zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL)
    compressor = zlib.compressobj(1, zlib.DEFLATED, window, memory)
    return compressor.compress(data) + compressor.flush()


FILLFACTOR = {"postgresql_with": {"fillfactor": 80}}
"""For tables whose rows every report updates: a new version on the same page needs no new index entries (HOT)."""

Key = Annotated[str, "a text that is compared and sorted by code point, as in Python"]


class Base(DeclarativeBase):
    """The declarative base of all tables."""

    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(column_0_label)s",
                "uq": "uq_%(table_name)s_%(column_0_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={
            datetime: AwareUTC,
            str: Text,
            Key: Text(collation="C"),
            dict[str, Any]: JSONB(none_as_null=True),
            list[dict[str, Any]]: JSONB(none_as_null=True),
            list[str]: JSONB(none_as_null=True),
        },
    )


class NodeColumns:
    """The registers that deployments, jobs and steps have in common."""

    status: Mapped[str | None]
    """Status of the outcome that counts; null while no report has one."""
    conclusion: Mapped[str | None]
    status_raw: Mapped[str | None]
    """The sender's own word."""
    completed_at: Mapped[datetime | None]
    reported_at: Mapped[datetime | None]
    """Time of the earliest report of the outcome."""
    generation: Mapped[int] = mapped_column(BigInteger, default=0)
    """Generation of the outcome: grows when a sender reopens the same identity."""
    conflicting_outcome: Mapped[dict[str, Any] | None]
    """The latest end of the same round with another conclusion; null if there is no conflict."""
    started_at: Mapped[datetime | None]
    started_generation: Mapped[int] = mapped_column(BigInteger, server_default="0")
    rounds: Mapped[dict[str, Any] | None]
    """All starts and ends that are kept, see ingest.rows; null if the columns above say as much."""
    has_waited: Mapped[bool] = mapped_column(server_default="false")
    """Whether a report said that it waits for a person."""
    observed_at: Mapped[datetime | None]
    """When the first report that shows the node as started was received."""
    stamps: Mapped[dict[str, Any]]
    """Field → [stamp, rank] of the claim that won."""
    message: Mapped[str | None]
    error: Mapped[str | None]
    log: Mapped[str | None]

"""What tables share: the declarative base, names of constraints, the type for times, the registers of a node."""

import zlib
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from sqlalchemy import BigInteger, DateTime, Dialect, LargeBinary, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry
from sqlalchemy.types import TypeDecorator


class AwareUTC(TypeDecorator[datetime]):
    """A point in time: refuses naive values, always comes back in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a time without a zone; PostgreSQL would guess one."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the moment in UTC, whatever zone the connection is set to."""
        return None if value is None else value.astimezone(UTC)


MAX_SMALL_BYTES = 16 * 1024
"""Bytes that are compressed with a window of 4 kB."""


class PackedJSON(TypeDecorator[Any]):
    """JSON that only the program reads, compressed: PostgreSQL takes longer to parse and compress it than all else."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ANN401, ARG002
        """Compress it."""
        return None if value is None else pack_json(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002
        """Decompress it."""
        return None if value is None else unpack_json(value)


def pack_json(value: Any) -> bytes:  # noqa: ANN401
    """Return what a column of PackedJSON stores."""
    return compress(msgspec.json.encode(value))


def unpack_json(stored: bytes) -> Any:  # noqa: ANN401
    """Return the value that a column of PackedJSON stores."""
    return msgspec.json.decode(zlib.decompress(stored))


def compress(data: bytes) -> bytes:
    """Return the data as zlib compresses it fastest; for what is small, setting up the usual tables takes longest."""
    window, memory = (12, 5) if len(data) <= MAX_SMALL_BYTES else (zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL)
    compressor = zlib.compressobj(1, zlib.DEFLATED, window, memory)
    return compressor.compress(data) + compressor.flush()


ROOM_FOR_UPDATES = {"postgresql_with": {"fillfactor": 80}}
"""For tables whose rows each report changes: beside the old version, the new one needs no new entries in indexes."""

Key = Annotated[str, "a text that is compared and sorted by code point, as Python does"]


class Base(DeclarativeBase):
    """Parent of all tables."""

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
    """Status of the outcome that counts; null while no report gave one."""
    conclusion: Mapped[str | None]
    status_raw: Mapped[str | None]
    """The sender's own word."""
    completed_at: Mapped[datetime | None]
    reported_at: Mapped[datetime | None]
    """Time of the earliest report of that outcome."""
    generation: Mapped[int] = mapped_column(BigInteger, default=0)
    """Of that outcome: raised where a sender reopens the same identity."""
    conflicting_outcome: Mapped[dict[str, Any] | None]
    """The largest outcome that ended otherwise: a conflict."""
    started_at: Mapped[datetime | None]
    started_generation: Mapped[int] = mapped_column(BigInteger, server_default="0")
    observed_at: Mapped[datetime | None]
    """When the first report of something begun was received."""
    stamps: Mapped[dict[str, Any]]
    """Field → [time in microseconds since 1970 or 0, rank]: what the value of each field won with."""
    message: Mapped[str | None]
    error: Mapped[str | None]
    log: Mapped[str | None]

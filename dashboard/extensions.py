"""The objects that modules share: those of libraries, and those that each application has of its own.

The rules of the product are elsewhere; here is only how a request gets its session, reader and writer.
"""

import functools
from datetime import UTC, datetime
from typing import Any, TypeVar

from flask import current_app
from flask_migrate import Migrate
from flask_smorest import Api
from flask_socketio import SocketIO
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import Engine

from dashboard.http.problems import ProblemApi
from dashboard.ingest.writer import Writer
from dashboard.models.base import Base
from dashboard.queries.estimates import TypicalTimesCache
from dashboard.queries.reader import Reader

T = TypeVar("T")


class ReadOnlySession(Session):
    """A session whose queries all read one snapshot. Writers use a connection of the engine instead."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine:  # noqa: ANN401
        """Return the engine with read-only transactions that keep one snapshot."""
        return _make_read_only(super().get_bind(*args, **kwargs))


@functools.lru_cache(maxsize=8)
def _make_read_only(bind: Engine) -> Engine:
    """Return the read-only engine, always the same object: a session takes one connection, and snapshot, per engine."""
    return bind.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


db = SQLAlchemy(model_class=Base, session_options={"class_": ReadOnlySession})
migrate = Migrate()
socketio = SocketIO()
api: Api = ProblemApi()
WRITER = "writer"
"""The key of this process's writer in the application's extensions."""


def current_writer() -> Writer:
    """Return this process's writer of deliveries."""
    writer: Writer = current_app.extensions[WRITER]
    return writer


def get_or_create_state(kind: type[T]) -> T:
    """Return the application's only object of this class, which is created without arguments at the first call."""
    found: T | None = current_app.extensions.get(kind.__name__)
    return current_app.extensions.setdefault(kind.__name__, kind()) if found is None else found


def open_reader(now: datetime | None = None) -> Reader:
    """Return the reader for the queries of a request or live message; `now` is the current time by default."""
    settings, typical_times = current_app.config["SETTINGS"], get_or_create_state(TypicalTimesCache)
    return Reader(db.session, now or datetime.now(UTC), settings, typical_times)

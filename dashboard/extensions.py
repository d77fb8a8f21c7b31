"""The library objects that modules share: made here, bound to the application in create_app, without logic."""

import functools
from datetime import UTC, datetime
from typing import Any

from flask import current_app
from flask_migrate import Migrate
from flask_smorest import Api
from flask_socketio import SocketIO
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import Engine

from dashboard.database.reader import Reader
from dashboard.http.problems import ProblemApi
from dashboard.ingest.writer import Writer
from dashboard.models.base import Base


class ReadingSession(Session):
    """A session that only reads, all of it as of one moment. Writers take a connection of the engine instead."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine:  # noqa: ANN401
        """Return the engine, set to read-only snapshots."""
        return _make_reading(super().get_bind(*args, **kwargs))


@functools.lru_cache(maxsize=8)
def _make_reading(bind: Engine) -> Engine:
    """Return the same object each time: a session takes one connection, and so one snapshot, per engine."""
    return bind.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


db = SQLAlchemy(model_class=Base, session_options={"class_": ReadingSession})
migrate = Migrate()
socketio = SocketIO()
api: Api = ProblemApi()
WRITER = "writer"
"""The key of this process's writer in the application's extensions."""


def current_writer() -> Writer:
    """Return this process's writer of deliveries."""
    writer: Writer = current_app.extensions[WRITER]
    return writer


def open_reader(now: datetime | None = None) -> Reader:
    """Return the reader for the queries of a request or live message; `now` is the current time by default."""
    return Reader(db.session, now or datetime.now(UTC), current_app.config["SETTINGS"])

"""The library objects that modules share: made here, bound to the application in create_app, no logic."""

import functools
from typing import Any

from flask_migrate import Migrate
from flask_smorest import Api
from flask_socketio import SocketIO
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import Engine

from dashboard.models.base import Base
from dashboard.problems import ProblemApi


class ReadingSession(Session):
    """Sessions only read, all of it as it was at one moment. Whoever writes takes a connection of the engine."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine:  # noqa: ANN401
        """Return the engine, set to read-only snapshots."""
        return _make_reading(super().get_bind(*args, **kwargs))


@functools.lru_cache(maxsize=8)
def _make_reading(bind: Engine) -> Engine:
    """Return the same one each time: a session takes one connection, and so one snapshot, for each engine."""
    return bind.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


db = SQLAlchemy(model_class=Base, session_options={"class_": ReadingSession})
migrate = Migrate()
socketio = SocketIO()
api: Api = ProblemApi()

"""Live updates: browsers subscribe over Socket.IO and receive changes, whichever process wrote them.

This module connects the parts to the application.
"""

import gevent
from flask import Flask, Request

from dashboard.access import may_read
from dashboard.core.view_types.deployments import TypicalTimes
from dashboard.extensions import open_reader, socketio
from dashboard.live.fanout import NAMESPACE, install_fanout
from dashboard.live.follower import Follower
from dashboard.live.topics import FOLLOWER
from dashboard.queries.estimates import read_typical_times

BROADCAST = "live broadcast"
"""The key of the application's Broadcast function in its extensions."""
MAX_MESSAGE_BYTES = 64 * 1024
"""The maximum size of a message from a client."""


def init_app(app: Flask) -> None:
    """Serve `/live` below `/socket.io` of the application, for pages of the same origin.

    Wraps `app.wsgi_app`, so middleware that strips a prefix from the path must be added after it.
    """
    socketio.init_app(
        app,
        async_mode="gevent",
        # Polling would need every request of a client in the same process.
        transports=["websocket"],
        # A client's messages are handled one at a time: in order, and with at most one database connection.
        async_handlers=False,
        namespaces=[NAMESPACE],
        max_http_buffer_size=MAX_MESSAGE_BYTES,
        ping_interval=25,
        ping_timeout=20,
    )
    settings = app.config["SETTINGS"]
    app.extensions[BROADCAST] = install_fanout(socketio.server, lambda environ: may_read(Request(environ), settings))


def start(app: Flask) -> None:
    """Start following the database, once per process; call it after the fork."""
    if FOLLOWER in app.extensions:
        return

    def find_typical_times(deployment_id: int, environment: str | None) -> TypicalTimes | None:
        with app.app_context():
            return read_typical_times(open_reader(), [(deployment_id, environment)])[deployment_id]

    database_url = app.config["SETTINGS"].database_url
    follower = Follower(socketio, app.extensions[BROADCAST], database_url, find_typical_times)
    app.extensions[FOLLOWER] = follower
    gevent.spawn(follower.run)

"""Live: browsers subscribe over Socket.IO and see what happens, from whichever process it was written.

Binds the parts to the application; the modules say what each of them does.
"""

import gevent
from flask import Flask, Request

from dashboard.access import may_read
from dashboard.core.view_types import Usual
from dashboard.extensions import open_reader, socketio
from dashboard.live.fanout import NAMESPACE, protect_connections
from dashboard.live.follower import Follower
from dashboard.live.topics import EXTENSION
from dashboard.queries.estimates import read_usual

BROADCAST = "live broadcast"
"""Under this name the application's extensions hold how pages are told."""
MAX_MESSAGE_BYTES = 64 * 1024


def init_app(app: Flask) -> None:
    """Serve `/live` below `/socket.io` of the application, for pages of the same origin.

    Wraps `app.wsgi_app`: whatever strips a prefix from the path must be put around it later.
    """
    socketio.init_app(
        app,
        async_mode="gevent",
        # Polling would need every request of a client in the same process.
        transports=["websocket"],
        # A client's messages are handled one after the other: in order, and with one database connection at most.
        async_handlers=False,
        namespaces=[NAMESPACE],
        max_http_buffer_size=MAX_MESSAGE_BYTES,
        ping_interval=25,
        ping_timeout=20,
    )
    settings = app.config["SETTINGS"]
    app.extensions[BROADCAST] = protect_connections(
        socketio.server, lambda environ: may_read(Request(environ), settings)
    )


def start(app: Flask) -> None:
    """Start following the database, once in this process; call it after the fork."""
    if EXTENSION in app.extensions:
        return

    def find_usual(deployment_id: int, environment: str | None) -> Usual | None:
        with app.app_context():
            return read_usual(open_reader(), [(deployment_id, environment)])[deployment_id]

    database_url = app.config["SETTINGS"].database_url
    follower = Follower(socketio, app.extensions[BROADCAST], database_url, find_usual)
    app.extensions[EXTENSION] = follower
    gevent.spawn(follower.run)

"""A bare Socket.IO server for the fan-out benchmark, which sends the same messages to all clients.

`EMIT_WITH=stock` emits with Flask-SocketIO, `EMIT_WITH=ours` with `dashboard.live.fanout`; all else is equal.
"""

# ruff: noqa: E402
from gevent import monkey

monkey.patch_all()

import os
import time
from typing import Any

import gevent
from flask import Flask
from flask_socketio import SocketIO, join_room

from dashboard.live.fanout import NAMESPACE, Message, install_fanout

gevent.config.track_greenlet_tree = False
ROOM = "overview"
PAUSE_S = 0.05
app = Flask(__name__)
socketio = SocketIO(app, async_mode="gevent", transports=["websocket"], ping_interval=25, ping_timeout=20)
socketio.on_event("connect", lambda *_: join_room(ROOM), namespace=NAMESPACE)
emits_stock = os.environ["EMIT_WITH"] == "stock"
broadcast: Any = None if emits_stock else install_fanout(socketio.server, lambda _environ: True)


def make_message(number: int) -> Message:
    """Return a message like the dashboard's: one step of a deployment has ended."""
    step = {"job": "deploy", "key": f"step {number}", "status": "completed", "message": f"t{time.time():.6f}"}
    data: dict[str, Any] = {"deployment_id": 7, "prev_seq": number, "seq": number + 1, "deployment": {}, "jobs": []}
    return Message("step.updated", data | {"steps": [step]}, [ROOM])


def emit(messages: list[Message]) -> None:
    """Send the messages to all clients."""
    if broadcast is not None:
        broadcast(messages)
        return
    for message in messages:
        socketio.emit(message.name, message.data, to=ROOM, namespace=NAMESPACE)


def wait_until_written() -> None:
    """Wait until no message is waiting for a client."""
    if broadcast is None:
        queues = [client.queue for client in socketio.server.eio.sockets.values()]
        while any(queue.qsize() for queue in queues):
            gevent.sleep(0)
    else:
        while any(send_buffer._waiting for send_buffer in broadcast.__self__.send_buffers.values()):
            gevent.sleep(0)


@app.get("/health")
def check_health() -> dict[str, str]:
    """Answer once the server is up."""
    return {"status": "ok"}


@app.get("/emit/<int:times>/<int:messages>/<int:paced>")
def emit_many(times: int, messages: int, paced: int) -> dict[str, int]:
    """Emit `messages` at a time, `times` times: as fast as clients receive, or if `paced` at the dashboard's pace."""
    began_at = time.time()
    for number in range(times):
        emit([make_message(number * messages + place) for place in range(messages)])
        if paced:
            gevent.sleep(max(0.0, began_at + (number + 1) * PAUSE_S - time.time()))
        else:
            wait_until_written()
            gevent.sleep(0)
    return {"emitted": times * messages}

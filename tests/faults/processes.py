"""The processes behind a dashboard, for killing one of them."""

import os
import signal
import socket
from pathlib import Path

from tests.support.servers import DashboardServer, wait_until


def find_workers(server: DashboardServer) -> list[int]:
    """Return the pids of gunicorn's workers."""
    assert server.process is not None
    pid = server.process.pid
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def kill_workers(server: DashboardServer) -> None:
    """End every worker with `kill -9`, and wait until gunicorn has started others."""
    killed = find_workers(server)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: len(set(find_workers(server)) - set(killed)) == len(killed), what="another worker")


def is_listening(server: DashboardServer) -> bool:
    """Return whether a new connection is accepted."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", server.port)) == 0

"""How gunicorn serves the dashboard; `dashboard run` uses it, and so does a plain `gunicorn wsgi:app` beside this file.

It is read by gunicorn's master process, which must not import the application: the worker patches the standard library
for gevent first. Hence the two settings that are read here a second time.
"""

import os
import resource
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gunicorn.workers.base import Worker

_host = os.environ.get("DASHBOARD_HOST") or "127.0.0.1"
_port = os.environ.get("DASHBOARD_PORT") or "8000"
bind = f"[{_host}]:{_port}" if ":" in _host else f"{_host}:{_port}"
worker_class = "gevent_pywsgi"
workers = 1
worker_connections = 12_000  # every open page holds one, and requests come besides
_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (max(_soft, min(_hard, worker_connections + 1000)), _hard))
graceful_timeout = 3  # open pages never end by themselves
control_socket_disable = True
loglevel = "warning"
# No access log: a query string may hold what no log line should.


def post_worker_init(worker: "Worker") -> None:
    """Start the follower of the database, once per worker and after the fork."""
    from dashboard import live  # noqa: PLC0415  (not before the fork)
    from dashboard.wire import StrictHandler, StrictServer  # noqa: PLC0415

    worker.server_class, worker.wsgi_handler = StrictServer, StrictHandler
    live.start(worker.wsgi)

"""How gunicorn serves the dashboard: `--config python:dashboard.cli.serving.gunicorn_config`.

Gunicorn's master process reads it and must not import the application: the worker patches the standard library for
gevent first. So a few settings are read here a second time, unchecked; the worker checks them.
"""

import gc
import os
import resource
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gunicorn.workers.base import Worker

YOUNG_OBJECTS = 20_000
"""After so many more objects than it freed a web worker looks for garbage. The default, 700, is less than one delivery
takes; where sockets are served it stays, as an answer over one may hold megabytes."""

_host = os.environ.get("DASHBOARD_HOST") or "127.0.0.1"
_port = os.environ.get("DASHBOARD_PORT") or "8000"
_socket = os.environ.get("DASHBOARD_SOCKET")
_role = os.environ.get("DASHBOARD_ROLE") or "all"
_workers = os.environ.get("DASHBOARD_WEB_WORKERS") or "2"
bind = f"unix:{_socket}" if _socket else f"[{_host}]:{_port}" if ":" in _host else f"{_host}:{_port}"
worker_class = "gevent_pywsgi"
# One where sockets are served: connections that last would not spread over workers, each of which follows the database.
workers = int(_workers) if _role == "web" and _workers.isdecimal() else 1
worker_connections = 12_000  # every open page holds one, and requests come besides
_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (max(_soft, min(_hard, worker_connections + 1000)), _hard))
# Open pages never end by themselves; requests do.
graceful_timeout = 15 if _role == "web" else 3
control_socket_disable = True
# No access log: a query string may hold what no log line should. nginx writes one, without them.
_formats = {
    "text": {"format": "%(asctime)s [%(process)d] %(levelname)s %(name)s: %(message)s"},
    "json": {
        "()": "pythonjsonlogger.json.JsonFormatter",
        "fmt": ["levelname", "name", "process", "message"],
        "rename_fields": {"levelname": "level", "name": "logger"},
        "timestamp": True,
        "json_ensure_ascii": False,
    },
}
_own = {"level": "WARNING", "handlers": ["stderr"], "propagate": False}
logconfig_dict = {
    "root": {"level": "WARNING", "handlers": ["stderr"]},
    "loggers": {
        "gunicorn.error": _own,
        "gunicorn.access": _own,
        # Without a level they would print to a stream of their own.
        "engineio.server": {"level": "ERROR"},
        "socketio.server": {"level": "ERROR"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
    "formatters": {"line": _formats["json" if os.environ.get("DASHBOARD_LOG_FORMAT") == "json" else "text"]},
}


def post_worker_init(worker: "Worker") -> None:
    """Once per worker and after the fork: where sockets are served, follow the database and run the periodic jobs."""
    # What is loaded stays: looking through it for garbage again and again took a tenth of the time of ingest.
    gc.freeze()
    from dashboard import live, maintenance  # noqa: PLC0415  (not before the fork)
    from dashboard.app import find_engine  # noqa: PLC0415
    from dashboard.http.strict_server import StrictHandler, StrictServer  # noqa: PLC0415

    worker.server_class, worker.wsgi_handler = StrictServer, StrictHandler
    if _role == "web":
        gc.set_threshold(YOUNG_OBJECTS)
    else:
        live.start(worker.wsgi)
        maintenance.start(find_engine(worker.wsgi), worker.wsgi.config["SETTINGS"])

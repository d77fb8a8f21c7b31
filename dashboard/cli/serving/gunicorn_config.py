"""gunicorn's settings for the dashboard: `--config python:dashboard.cli.serving.gunicorn_config`.

gunicorn's master process reads this module, which must not import the application: the worker first has to patch the
standard library for gevent. So a few settings are read here, too, without validation; the worker validates them.
"""

import gc
import os
import resource
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gunicorn.workers.base import Worker

GC_THRESHOLD = 20_000
"""The number of new objects after which a web worker collects garbage. The default, 700, is less than one delivery
takes. Live processes keep the default because an answer over a socket can take megabytes."""

_host = os.environ.get("DASHBOARD_HOST") or "127.0.0.1"
_port = os.environ.get("DASHBOARD_PORT") or "8000"
_socket = os.environ.get("DASHBOARD_SOCKET")
_role = os.environ.get("DASHBOARD_ROLE") or "all"
_workers = os.environ.get("DASHBOARD_WEB_WORKERS") or "2"
bind = f"unix:{_socket}" if _socket else f"[{_host}]:{_port}" if ":" in _host else f"{_host}:{_port}"
worker_class = "gevent_pywsgi"
# One worker where sockets are served: lasting connections would not spread over several, which all follow the database.
workers = int(_workers) if _role == "web" and _workers.isdecimal() else 1
worker_connections = 12_000  # one for each open page, and one for each request
_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (max(_soft, min(_hard, worker_connections + 1000)), _hard))
# Connections of open pages do not end by themselves, so a process that serves them does not wait for long.
graceful_timeout = 15 if _role == "web" else 3
control_socket_disable = True
# No access log, because query strings may contain confidential values. nginx writes one without query strings.
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
        # Without a level these libraries would add handlers of their own.
        "engineio.server": {"level": "ERROR"},
        "socketio.server": {"level": "ERROR"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
    "formatters": {"line": _formats["json" if os.environ.get("DASHBOARD_LOG_FORMAT") == "json" else "text"]},
}


def post_worker_init(worker: "Worker") -> None:
    """Set up a worker after the fork; where sockets are served, follow the database and run the periodic tasks."""
    # The loaded modules stay: searching them for garbage again and again took a tenth of the time of ingest.
    gc.freeze()
    from dashboard import live, maintenance  # noqa: PLC0415  (not before the fork)
    from dashboard.app import find_engine  # noqa: PLC0415
    from dashboard.http.strict_server import StrictHandler, StrictServer  # noqa: PLC0415

    worker.server_class, worker.wsgi_handler = StrictServer, StrictHandler
    if _role == "web":
        gc.set_threshold(GC_THRESHOLD)
    else:
        live.start(worker.wsgi)
        maintenance.start(find_engine(worker.wsgi), worker.wsgi.config["SETTINGS"])

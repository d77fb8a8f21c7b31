"""The settings for a plain `gunicorn wsgi:app` in a checkout; they are in the package."""

from dashboard.cli.serving.gunicorn_config import (
    bind,
    control_socket_disable,
    graceful_timeout,
    logconfig_dict,
    post_worker_init,
    worker_class,
    worker_connections,
    workers,
)

__all__ = [
    "bind",
    "control_socket_disable",
    "graceful_timeout",
    "logconfig_dict",
    "post_worker_init",
    "worker_class",
    "worker_connections",
    "workers",
]

"""The application with a future simple-websocket that needs another kind of thread."""

# ruff: noqa: E402
from gevent import monkey

monkey.patch_all()

from typing import Any

import simple_websocket

known = simple_websocket.Server.__init__


def start(self: Any, environ: dict[str, Any], **options: Any) -> None:
    """Take no thread that cannot be joined."""
    if not hasattr(options["thread_class"], "join"):
        raise TypeError("thread_class must have a join method")
    known(self, environ, **options)


simple_websocket.Server.__init__ = start

from wsgi import app

__all__ = ["app"]

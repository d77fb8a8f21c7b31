"""The application with a future Engine.IO that opens a WebSocket differently."""

# ruff: noqa: E402
from gevent import monkey

monkey.patch_all()

from collections.abc import Callable
from typing import Any

from engineio.async_drivers import gevent as driver


class OtherWebSocket:
    """Behaves like the driver's own class, without its private attributes."""

    def __init__(self, handler: Callable[..., Any], server: Any) -> None:
        self._known = driver.WebSocketWSGI(lambda _websocket: handler(self), server)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        return self._known(environ, start_response)

    def send(self, message: str | bytes) -> None:
        self._known.send(message)

    def wait(self) -> Any:
        return self._known.wait()

    def close(self) -> None:
        self._known.close()


driver._async["websocket"] = OtherWebSocket

from wsgi import app

__all__ = ["app"]

"""Requests below a path prefix, whether or not the proxy in front strips it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest

from dashboard.http.prefix import PrefixMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer with SCRIPT_NAME and PATH_INFO."""
    start_response("200 OK", [])
    return [repr((environ.get("SCRIPT_NAME"), environ.get("PATH_INFO"))).encode()]


@pytest.mark.parametrize(
    ("prefix", "path", "script_name", "path_info"),
    [
        ("/dash", "/dash/api/projects", "/dash", "/api/projects"),
        ("/dash", "/dash/", "/dash", "/"),
        ("/dash", "/dash", "/dash", "/"),
        ("/dash", "/api/projects", "/dash", "/api/projects"),
        ("/dash", "/dashboard", "/dash", "/dashboard"),
        ("/dash", "/", "/dash", "/"),
        ("/a/b", "/a/b/c", "/a/b", "/c"),
        ("", "/api/projects", None, "/api/projects"),
    ],
)
def test_the_prefix_is_moved_from_path_info_to_script_name(
    prefix: str, path: str, script_name: str | None, path_info: str
) -> None:
    started: list[str] = []
    environ = {"PATH_INFO": path}
    (body,) = PrefixMiddleware(answer, prefix)(environ, lambda status, *_: started.append(status))  # type: ignore[arg-type]
    assert body.decode() == repr((script_name, path_info))
    assert started == ["200 OK"]


def test_a_request_without_a_path_is_answered_below_the_prefix() -> None:
    (body,) = PrefixMiddleware(answer, "/dash")({}, lambda *_: None)  # type: ignore[arg-type]
    assert body == b"('/dash', None)"

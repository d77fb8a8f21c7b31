"""Who may read: anyone on this machine, from elsewhere only with the secret. Closed by default."""

import hmac
import ipaddress
import re
from http import HTTPStatus

from flask import Flask, Request, request

from dashboard.config import Settings
from dashboard.http.context import current_settings
from dashboard.http.problems import ProblemError

FORWARDING_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


def may_read(incoming: Request, settings: Settings) -> bool:
    """Return whether the request may see pages, the reading API and live events."""
    return comes_from_loopback(incoming) or holds_secret(incoming, settings)


PUBLIC_ENDPOINTS = frozenset(
    {
        "static",
        "system.check_health",
        "system.check_readiness",
        "webhooks.receive_deployment",
        "webhooks.receive_dialect",
    }
)
"""Open to anyone; the webhooks authenticate each delivery themselves."""
SECRET_ENDPOINTS = frozenset(
    {
        "deliveries.show_deliveries",
        "deliveries.show_delivery",
        "pages.show_deliveries",
        "pages.show_delivery",
        "replay.replay_delivery",
        "replay.replay_matching",
    }
)
"""Only for who holds the secret, on this machine too."""
READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def init_access(app: Flask) -> None:
    """Let every endpoint that is in neither list above be read only by those who may."""
    app.before_request(_check_access)


def _check_access() -> None:
    settings = current_settings()
    if request.endpoint in PUBLIC_ENDPOINTS:
        return
    if request.endpoint in SECRET_ENDPOINTS:
        require_secret(request, settings)
        require_own_page(request)
    else:
        require_read(request, settings)


def require_read(incoming: Request, settings: Settings) -> None:
    """Raise 401 unless the request may read; browsers then ask for a password, which is the secret."""
    if not may_read(incoming, settings):
        raise _unauthorised("Reading from another machine needs the secret, as bearer token or as password.")


def require_secret(incoming: Request, settings: Settings) -> None:
    """Raise 401 unless the request holds the secret, wherever it comes from."""
    if not holds_secret(incoming, settings):
        raise _unauthorised("This needs the secret, as bearer token or as password.")


def require_own_page(incoming: Request) -> None:
    """Raise 403 if a browser was told by a page elsewhere to change something: it sends the password by itself."""
    if incoming.method not in READING_METHODS and not comes_from_own_page(incoming):
        raise ProblemError(HTTPStatus.FORBIDDEN, "A page of another site may not do this.")


def comes_from_own_page(incoming: Request) -> bool:
    """Return whether it was a page of ours that made the browser ask, or no browser asks at all."""
    site, origin = incoming.headers.get("Sec-Fetch-Site"), incoming.headers.get("Origin")
    if site is not None:
        return site in {"same-origin", "none"}
    return origin is None or re.sub("^https?://", "", origin) == incoming.host


def comes_from_loopback(incoming: Request) -> bool:
    """Return whether the peer, and whoever a proxy says it speaks for, is this machine.

    A header that cannot be understood counts as a foreign address. The Host must be this machine's too: else a page
    elsewhere could read through the visitor's browser by pointing its own name here. A peer on a Unix socket has no
    address: it is a proxy, and must say for whom it speaks.
    """
    hops = [hop for header in FORWARDING_HEADERS for hop in incoming.headers.get(header, "").split(",") if hop.strip()]
    addresses = [incoming.remote_addr, *hops] if incoming.remote_addr else hops
    return bool(addresses) and all(map(_is_loopback, addresses)) and _names_loopback(incoming.host)


def holds_secret(incoming: Request, settings: Settings) -> bool:
    """Return whether the Authorization header carries the secret: as bearer token, or as password of any user."""
    authorization = incoming.authorization
    if authorization is None:
        return False
    if authorization.type == "bearer":
        # WSGI gives the bytes of a header as Latin-1.
        given = (authorization.token or "").encode("latin-1", errors="replace")
    else:
        given = (authorization.password or "").encode()
    return hmac.compare_digest(given, settings.webhook_secret.encode())


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.strip()).is_loopback
    except ValueError:
        return False


def _names_loopback(host: str) -> bool:
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return name.rstrip(".").lower() == "localhost" or _is_loopback(name.strip("[]"))


def _unauthorised(detail: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": 'Basic realm="deployment dashboard"'}
    )

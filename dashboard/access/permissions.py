"""Access to endpoints: reading is open to this machine, and to others with the secret. Closed by default."""

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
    """Return whether the request may read pages, the API and live events."""
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
"""Open to everyone; the webhooks authenticate each delivery themselves."""
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
"""Open only with the secret, on this machine, too."""
READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def init_access(app: Flask) -> None:
    """Check each request; an endpoint that is in neither set above requires permission to read."""
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
    """Raise 401 unless the request may read; browsers then ask for a password: the secret."""
    if not may_read(incoming, settings):
        raise _unauthorised("Requests from other machines need the secret, as a bearer token or as a password.")


def require_secret(incoming: Request, settings: Settings) -> None:
    """Raise 401 unless the request carries the secret, even from this machine."""
    if not holds_secret(incoming, settings):
        raise _unauthorised("This request needs the secret, as a bearer token or as a password.")


def require_own_page(incoming: Request) -> None:
    """Raise 403 for a cross-site request that changes something (CSRF): browsers send the stored password with it."""
    if incoming.method not in READING_METHODS and not comes_from_own_page(incoming):
        raise ProblemError(HTTPStatus.FORBIDDEN, "Requests from pages of other sites are not allowed.")


def comes_from_own_page(incoming: Request) -> bool:
    """Return whether the request comes from one of our pages, or not from a browser."""
    site, origin = incoming.headers.get("Sec-Fetch-Site"), incoming.headers.get("Origin")
    if site is not None:
        return site in {"same-origin", "none"}
    return origin is None or re.sub("^https?://", "", origin) == incoming.host


def comes_from_loopback(incoming: Request) -> bool:
    """Return whether the peer and every address that proxies forward are this machine's.

    A forwarded address that cannot be parsed counts as another machine's. The Host must be this machine's, too, or a
    page elsewhere could read through a visitor's browser by pointing its own name here (DNS rebinding). A peer on a
    Unix socket has no address: it is a proxy, and must forward the client's.
    """
    hops = [hop for header in FORWARDING_HEADERS for hop in incoming.headers.get(header, "").split(",") if hop.strip()]
    addresses = [incoming.remote_addr, *hops] if incoming.remote_addr else hops
    return bool(addresses) and all(map(_is_loopback, addresses)) and _names_loopback(incoming.host)


def holds_secret(incoming: Request, settings: Settings) -> bool:
    """Return whether the Authorization header contains the secret, as a bearer token or as any user's password."""
    authorization = incoming.authorization
    if authorization is None:
        return False
    if authorization.type == "bearer":
        # WSGI decodes the bytes of a header as Latin-1.
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

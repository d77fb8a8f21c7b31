"""Whether a delivery comes from who holds the secret: bearer token, GitHub's signature, Standard Webhooks.

Works on raw bytes and fails closed: every credential that a request carries must be right, and there must be one.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import datetime

from werkzeug.datastructures import Headers

TOLERANCE_S = 5 * 60
"""How far a Standard Webhooks timestamp may be from our clock (Standard Webhooks 1.0.0)."""

HEX_SHA256 = re.compile(r"sha256=([0-9a-fA-F]{64})\Z")
UNIX_SECONDS = re.compile(r"[0-9]{1,12}\Z")


class AuthenticationError(Exception):
    """A delivery that is not shown to come from the source; the text says why and holds no secret."""


def authenticate(secret: str, headers: Headers, body: bytes, now: datetime) -> None:
    """Return if the delivery is authentic, raise AuthenticationError otherwise.

    `body` is what came over the wire, unparsed.
    """
    presented = [check for is_presented, check in SCHEMES if is_presented(headers)]
    if not presented:
        raise AuthenticationError("no bearer token and no signature")
    for check in presented:
        check(secret, headers, body, now)


def make_signing_key(secret: str) -> bytes:
    """Return the key of Standard Webhooks: the decoded bytes of `whsec_…`, else the characters themselves."""
    if secret.startswith("whsec_"):
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    return secret.encode()


def _check_bearer(secret: str, headers: Headers, _body: bytes, _now: datetime) -> None:
    token = headers["Authorization"].split(" ", 1)[1].strip()
    if not hmac.compare_digest(_to_bytes(token), secret.encode()):
        raise AuthenticationError("wrong bearer token")


def _check_hub(secret: str, headers: Headers, body: bytes, _now: datetime) -> None:
    match = HEX_SHA256.match(headers["X-Hub-Signature-256"])
    if match is None:
        raise AuthenticationError("X-Hub-Signature-256 is not sha256= and 64 hexadecimal digits")
    if not hmac.compare_digest(bytes.fromhex(match[1]), hmac.digest(secret.encode(), body, hashlib.sha256)):
        raise AuthenticationError("wrong X-Hub-Signature-256")


def _check_standard(secret: str, headers: Headers, body: bytes, now: datetime) -> None:
    message_id, timestamp, signatures = (headers.get(name, "") for name in STANDARD_HEADERS)
    if not (message_id and timestamp and signatures):
        raise AuthenticationError("webhook-id, webhook-timestamp and webhook-signature belong together")
    if not UNIX_SECONDS.match(timestamp):
        raise AuthenticationError("webhook-timestamp is not in whole seconds since 1970")
    if abs(int(timestamp) - now.timestamp()) > TOLERANCE_S:
        raise AuthenticationError("webhook-timestamp is more than 5 minutes away from our clock")
    expected = hmac.digest(make_signing_key(secret), _to_bytes(f"{message_id}.{timestamp}.") + body, hashlib.sha256)
    # Every one is compared, so that the time taken tells nothing about which of them matched.
    matches = [hmac.compare_digest(expected, given) for given in _read_signatures(signatures)]
    if not any(matches):
        raise AuthenticationError("wrong webhook-signature")


def _read_signatures(header: str) -> list[bytes]:
    """Return the signatures of version 1 in a list separated by spaces; others, and broken ones, are left out."""
    signatures = []
    for word in header.split(" "):
        version, _, encoded = word.partition(",")
        if version == "v1":
            try:
                signatures.append(base64.b64decode(encoded, validate=True))
            except (binascii.Error, ValueError):
                continue
    return signatures


def _to_bytes(header_text: str) -> bytes:
    """Return the bytes of a header as they were sent: WSGI decodes them as Latin-1."""
    return header_text.encode("latin-1", errors="replace")


STANDARD_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")

Check = Callable[[str, Headers, bytes, datetime], None]
SCHEMES: tuple[tuple[Callable[[Headers], bool], Check], ...] = (
    (lambda headers: headers.get("Authorization", "").lower().startswith("bearer "), _check_bearer),
    (lambda headers: "X-Hub-Signature-256" in headers, _check_hub),
    (lambda headers: "webhook-signature" in headers, _check_standard),
)
"""How a credential is recognised, and checked. A proxy's Basic authorization is none."""

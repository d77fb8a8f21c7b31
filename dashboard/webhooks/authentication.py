"""Whether a delivery comes from who holds a secret: tokens, and signatures over the raw bytes.

Fails closed: every credential that a request carries must be right, and there must be one.
"""

import base64
import binascii
import functools
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from werkzeug.datastructures import Authorization

from dashboard.access import Source

TOLERANCE_S = 5 * 60
"""How far a Standard Webhooks timestamp may be from our clock (Standard Webhooks 1.0.0)."""

HEX_SHA256 = re.compile(r"[0-9a-fA-F]{64}\Z")
UNIX_SECONDS = re.compile(r"[0-9]{1,12}\Z")
BASIC_DIALECTS = frozenset({"jenkins", "buildbot"})
"""Their servers can be told a user and a password, which is the token. Elsewhere Basic is a proxy's, and none."""


class AuthenticationError(Exception):
    """A delivery that is not shown to come from the source; the text says why and holds no secret."""


def find_source(sources: Iterable[Source], told: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Source:
    """Return the source that a delivery comes from; raise AuthenticationError if it comes from none.

    `told` is the dialect of the path or the headers, which counts for sources that name none. `body` is what came over
    the wire, unparsed.
    """
    errors = []
    for source in sources:
        try:
            authenticate(source.secrets, headers, body, now, takes_basic=(source.dialect or told) in BASIC_DIALECTS)
        except AuthenticationError as error:
            errors.append(error)
        else:
            return source
    raise errors[0] if errors else AuthenticationError("no source has a secret that is accepted")


def authenticate(
    secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime, *, takes_basic: bool = False
) -> None:
    """Return if each credential fits one of the secrets, raise AuthenticationError otherwise.

    Not all need the same one: GitLab's token and its signing key differ.
    """
    schemes = (*SCHEMES, BASIC) if takes_basic else SCHEMES
    presented = [check for is_presented, check in schemes if is_presented(headers)]
    if not presented:
        raise AuthenticationError("no bearer token and no signature")
    for check in presented:
        _check_any(check, secrets, headers, body, now)


def _check_any(check: "Check", secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    errors = []
    for secret in secrets:
        try:
            check(secret, headers, body, now)
        except AuthenticationError as error:
            errors.append(error)
        else:
            return
    raise errors[0] if errors else AuthenticationError("the source has no secret that is accepted")


def make_signing_key(secret: str) -> bytes:
    """Return the key of Standard Webhooks: the decoded bytes of `whsec_…`, else the characters themselves."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            return secret.encode()
    return secret.encode()


def _check_bearer(secret: str, headers: Mapping[str, str], _body: bytes, _now: datetime) -> None:
    token = headers["Authorization"].split(" ", 1)[1].strip()
    if not hmac.compare_digest(_to_bytes(token), secret.encode()):
        raise AuthenticationError("wrong bearer token")


def _check_basic(secret: str, headers: Mapping[str, str], _body: bytes, _now: datetime) -> None:
    given = Authorization.from_header(headers["Authorization"])
    password = given.password if given else None
    if password is None or not hmac.compare_digest(password.encode(), secret.encode()):
        raise AuthenticationError("wrong password")


def _check_gitlab(secret: str, headers: Mapping[str, str], _body: bytes, _now: datetime) -> None:
    if not hmac.compare_digest(_to_bytes(headers["X-Gitlab-Token"]), secret.encode()):
        raise AuthenticationError("wrong X-Gitlab-Token")


def _check_digest(
    header: str, prefix: str, secret: str, headers: Mapping[str, str], body: bytes, _now: datetime
) -> None:
    """Check a header that carries the HMAC-SHA256 of the body in hexadecimal digits, behind a prefix."""
    given = headers[header].removeprefix(prefix)
    if not headers[header].startswith(prefix) or not HEX_SHA256.match(given):
        raise AuthenticationError(f"{header} is not {prefix and prefix + ' and '}64 hexadecimal digits")
    if not hmac.compare_digest(bytes.fromhex(given), hmac.digest(secret.encode(), body, hashlib.sha256)):
        raise AuthenticationError(f"wrong {header}")


def _check_standard(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    message_id, timestamp, signatures = (headers.get(name) for name in STANDARD_HEADERS)
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

Check = Callable[[str, Mapping[str, str], bytes, datetime], None]
Scheme = tuple[Callable[[Mapping[str, str]], bool], Check]
SCHEMES: tuple[Scheme, ...] = (
    (lambda headers: headers.get("Authorization", "").lower().startswith("bearer "), _check_bearer),
    (
        lambda headers: "X-Hub-Signature-256" in headers,
        functools.partial(_check_digest, "X-Hub-Signature-256", "sha256="),
    ),
    # Bitbucket's; under the same name GitHub and Gitea still send what is signed with SHA-1, which is none.
    (
        lambda headers: headers.get("X-Hub-Signature", "").lower().startswith("sha256="),
        functools.partial(_check_digest, "X-Hub-Signature", "sha256="),
    ),
    # Without a secret Gitea and Forgejo send it empty.
    (lambda headers: bool(headers.get("X-Gitea-Signature")), functools.partial(_check_digest, "X-Gitea-Signature", "")),
    (
        lambda headers: bool(headers.get("X-Forgejo-Signature")),
        functools.partial(_check_digest, "X-Forgejo-Signature", ""),
    ),
    (lambda headers: "X-Gitlab-Token" in headers, _check_gitlab),
    (lambda headers: "webhook-signature" in headers, _check_standard),
)
BASIC: Scheme = (lambda headers: headers.get("Authorization", "").lower().startswith("basic "), _check_basic)
"""How a credential is recognised, and checked."""

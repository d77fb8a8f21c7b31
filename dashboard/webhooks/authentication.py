"""Authentication of deliveries: bearer tokens, passwords, and signatures over the raw body.

Fails closed: a request must carry at least one credential, and every one that it carries must be valid.
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

MAX_CLOCK_SKEW_S = 5 * 60
"""How far a timestamp may differ from our clock (Standard Webhooks 1.0.0)."""

HEX_SHA256 = re.compile(r"[0-9a-fA-F]{64}\Z")
UNIX_SECONDS = re.compile(r"[0-9]{1,12}\Z")
BASIC_DIALECTS = frozenset({"jenkins", "buildbot"})
"""The dialects whose servers can send a password, which is the secret. Elsewhere Basic belongs to a proxy: ignored."""


class AuthenticationError(Exception):
    """A delivery that cannot be authenticated; the text states the reason and contains no secret."""


class SignatureError(AuthenticationError):
    """A signature that does not belong to this body; it may belong to the unpacked one."""


def find_source(
    sources: Iterable[Source], dialect: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> Source:
    """Return the source that sent a delivery; raise AuthenticationError if no source did.

    `dialect` is the one that the path or the headers name; it counts for sources without a dialect of their own. `body`
    is the raw body.
    """
    errors = []
    for source in sources:
        try:
            authenticate(source.secrets, headers, body, now, takes_basic=(source.dialect or dialect) in BASIC_DIALECTS)
        except AuthenticationError as error:
            errors.append(error)
        else:
            return source
    raise _choose_error(errors) or AuthenticationError("no webhook source has a valid secret")


def authenticate(
    secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime, *, takes_basic: bool = False
) -> None:
    """Raise AuthenticationError unless every credential is valid for one of the secrets.

    Each may be valid for a different one: GitLab's token and its signing key differ.
    """
    schemes = (*SCHEMES, BASIC) if takes_basic else SCHEMES
    presented = [check for is_presented, check in schemes if is_presented(headers)]
    if not presented:
        raise AuthenticationError("no bearer token or signature")
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
    raise _choose_error(errors) or AuthenticationError("the webhook source has no valid secret")


def _choose_error(errors: Sequence[AuthenticationError]) -> AuthenticationError | None:
    """Return the error to report: that of a wrong signature, which all other credentials preceded, else the first."""
    return next((error for error in errors if isinstance(error, SignatureError)), errors[0] if errors else None)


def make_signing_key(secret: str) -> bytes:
    """Return the Standard Webhooks key of a secret: the decoded bytes of `whsec_…`, else the secret itself in UTF-8."""
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
    """Check a header that contains a prefix and the HMAC-SHA256 of the body in hexadecimal digits."""
    given = headers[header].removeprefix(prefix)
    if not headers[header].startswith(prefix) or not HEX_SHA256.match(given):
        raise AuthenticationError(f"{header} must be {prefix}<64 hexadecimal digits>")
    if not hmac.compare_digest(bytes.fromhex(given), hmac.digest(secret.encode(), body, hashlib.sha256)):
        raise SignatureError(f"wrong {header}")


def _check_standard(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    message_id, timestamp, signatures = (headers.get(name) for name in STANDARD_HEADERS)
    if not (message_id and timestamp and signatures):
        raise AuthenticationError("webhook-id, webhook-timestamp and webhook-signature must be sent together")
    if not UNIX_SECONDS.match(timestamp):
        raise AuthenticationError("webhook-timestamp must be a Unix time in whole seconds")
    if abs(int(timestamp) - now.timestamp()) > MAX_CLOCK_SKEW_S:
        raise AuthenticationError("webhook-timestamp is more than 5 minutes off the server clock")
    expected = hmac.digest(make_signing_key(secret), _to_bytes(f"{message_id}.{timestamp}.") + body, hashlib.sha256)
    # All signatures are compared, so that the time taken does not reveal which one matched.
    matches = [hmac.compare_digest(expected, given) for given in _read_signatures(signatures)]
    if not any(matches):
        raise SignatureError("wrong webhook-signature")


def _read_signatures(header: str) -> list[bytes]:
    """Return the well-formed signatures of version 1 in a list that is separated by spaces."""
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
    """Return the bytes of a header as sent: WSGI decodes them as Latin-1."""
    return header_text.encode("latin-1", errors="replace")


STANDARD_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")

Check = Callable[[str, Mapping[str, str], bytes, datetime], None]
"""(secret, headers, body, now); raises AuthenticationError if the credential is invalid."""
Scheme = tuple[Callable[[Mapping[str, str]], bool], Check]
"""Whether headers contain a credential of this kind, and its check."""
SCHEMES: tuple[Scheme, ...] = (
    (lambda headers: headers.get("Authorization", "").lower().startswith("bearer "), _check_bearer),
    (
        lambda headers: "X-Hub-Signature-256" in headers,
        functools.partial(_check_digest, "X-Hub-Signature-256", "sha256="),
    ),
    # Bitbucket's. GitHub and Gitea still send a SHA-1 signature in this header, which does not count as a credential.
    (
        lambda headers: headers.get("X-Hub-Signature", "").lower().startswith("sha256="),
        functools.partial(_check_digest, "X-Hub-Signature", "sha256="),
    ),
    # Gitea and Forgejo send it empty if they have no secret.
    (lambda headers: bool(headers.get("X-Gitea-Signature")), functools.partial(_check_digest, "X-Gitea-Signature", "")),
    (
        lambda headers: bool(headers.get("X-Forgejo-Signature")),
        functools.partial(_check_digest, "X-Forgejo-Signature", ""),
    ),
    (lambda headers: "X-Gitlab-Token" in headers, _check_gitlab),
    (lambda headers: "webhook-signature" in headers, _check_standard),
)
BASIC: Scheme = (lambda headers: headers.get("Authorization", "").lower().startswith("basic "), _check_basic)

"""Masking of secrets, and of what looks like one, in what senders wrote; formatting of bodies for display.

In doubt a harmless value is masked. What a body says about steps and revisions stays readable.
"""

import codecs
import itertools
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

MASK = "••••••"
MAX_SHOWN_BYTES = 256 * 1024
"""Maximum length of the displayed text, in bytes."""
MAX_FORM_FIELDS = 100
FORM = "application/x-www-form-urlencoded"

SECRET_WORDS = frozenset(
    {
        "password", "passwords", "passwd", "passphrase", "pwd", "secret", "secrets", "token", "tokens", "apikey",
        "credential", "credentials", "authorization", "auth", "jwt", "cookie", "cookies", "signature", "signatures",
        "accesskey", "privatekey", "accesstoken", "authtoken", "sessionid",
    }
)  # fmt: skip
"""Words that mark the value of a name as secret."""
SECRET_PAIRS = frozenset(
    {("api", "key"), ("access", "key"), ("private", "key"), ("signing", "key"), ("encryption", "key"), ("ssh", "key")}
    | {("session", "id")}
)
METADATA_WORDS = frozenset(
    {
        "at", "count", "enabled", "exists", "expires", "expiry", "in", "length", "limit", "name", "remaining",
        "required", "size", "status", "total", "type", "uri", "url", "used", "version",
    }
)  # fmt: skip
"""Last words of names whose values describe or count secrets but are none: `tokens_total`, `secret_name`."""
COMMIT_SCOPES = frozenset({"auth", "token", "tokens", "signature", "cookie", "cookies", "credentials"})
"""Secret words that commit messages also begin with: `auth: keep the session`."""

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?s:.)*?(?:-----END [A-Z ]{0,40}KEY(?: BLOCK)?-----|\Z)",
        r"(?<=://)[^\s/@:\"']*:[^\s/@\"']+(?=@)",
        r"(?<![A-Za-z0-9])(?:gh[oprsu]_|github_pat_|whsec_|npm_)[A-Za-z0-9_+/=]{4,}",
        r"(?<![A-Za-z0-9])(?:gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|imt)-|xox[a-z]-|xapp-|pypi-)[\w.-]{4,}",
        r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{12,}",
        r"(?<![A-Za-z0-9])AIza[\w-]{30,}",
        r"(?<![\w-])eyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?",
        r"(?i)(?<=\bbearer )[\w.~+/=-]{8,}",
        r"(?i)(?<=\bbasic )[\w+/=]{16,}",
    )
)
"""Secrets that are recognised by their form. No pattern may look far ahead from many positions: texts are long."""
ASSIGNMENT = re.compile(r"""(?<![\w.-])([\w.-]++)(\\?["']?[ \t]{0,8}[=:][ \t]{0,8})""")
"""A name with the separator before its value, in text that is not JSON."""
VALUE = re.compile(
    r"""\\?"(?:[^"\\]|\\.)*+"?|'[^']*+'?|(?:bearer|basic|token) [^\s,;&"']++|[^\s,;&"'}\]]++""", re.IGNORECASE
)
BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]')
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""Control and zero-width characters, characters that change the direction of text, and lone surrogates."""

Secrets = Collection[str]


@dataclass(frozen=True, slots=True)
class MaskedBody:
    """A body formatted for display, with secrets masked."""

    text: str
    """Empty for a binary body."""
    kind: str
    """`json`, `form`, `text` or `binary`."""
    is_whole: bool = True
    """False if the text was cut after MAX_SHOWN_BYTES."""


def mask_body(body: bytes, media_type: str, known: Secrets = (), *, is_cut: bool = False) -> MaskedBody:
    """Return a body formatted and masked. `known`: secrets to mask everywhere; `is_cut`: its end is missing."""
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(body, final=not is_cut)
    except UnicodeDecodeError:
        return MaskedBody("", "binary")
    if media_type.partition(";")[0].strip().lower() == FORM:
        return _truncate("form", _format_form(text, known))
    formatted = _format_json(text, known)
    if formatted is None:
        return _truncate("text", escape_invisible(mask_text(text, known)))
    return _truncate("json", formatted)


def mask_value(value: Any, known: Secrets = (), name: str = "") -> Any:  # noqa: ANN401
    """Return a decoded JSON value with secrets masked, in the same shape; `name` is its name, if it has one."""
    if names_secret(name) and not (value is None or value == "" or isinstance(value, bool)):
        return MASK
    if isinstance(value, Mapping):
        return {mask_phrase(key, known): mask_value(member, known, key) for key, member in value.items()}
    if isinstance(value, list):
        return [mask_value(member, known) for member in value]
    return mask_phrase(value, known) if isinstance(value, str) else value


def names_secret(name: str) -> bool:
    """Return whether a value of this name is secret: `access_token`, `dbPassword`, `X-Api-Key`, not `tokens_total`."""
    words = [word.lower() for word in WORD.findall(name)]
    if not words or words[-1] in METADATA_WORDS:
        return False
    return not SECRET_WORDS.isdisjoint(words) or not SECRET_PAIRS.isdisjoint(itertools.pairwise(words))


def mask_phrase(text: str, known: Secrets = ()) -> str:
    """Return a short text, such as a commit message, with secrets masked, but not what follows a scope like `auth:`."""
    return _mask_assignments(_mask_patterns(text, known), COMMIT_SCOPES)


def mask_text(text: str, known: Secrets = ()) -> str:
    """Return text that is not JSON, possibly cut, with secrets masked, and all values with secret names."""
    return _mask_assignments(_mask_patterns(text, known))


def escape_invisible(text: str) -> str:
    """Return the text with invisible characters written as in JSON: `\\u202e`."""
    return INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _mask_patterns(text: str, known: Secrets) -> str:
    for secret in known:
        text = text.replace(secret, MASK) if secret else text
    for pattern in PATTERNS:
        text = pattern.sub(MASK, text)
    return text


def _mask_assignments(text: str, scopes: Collection[str] = ()) -> str:
    """Return the text with the values of secret names masked, except what follows one of `scopes` and a plain colon."""
    kept: list[str] = []
    at = 0
    for found in ASSIGNMENT.finditer(text):
        is_scope = found[2].strip() == ":" and found[1].lower() in scopes
        if found.start() >= at and not is_scope and names_secret(found[1]):
            end = _find_end(text, found.end())
            kept += [text[at : found.end()], MASK if end > found.end() else ""]
            at = end
    return "".join([*kept, text[at:]])


def _find_end(text: str, start: int) -> int:
    """Return the end of the value at `start`; objects and lists end after their closing bracket, or with the text."""
    if text[start : start + 1] not in {"{", "["}:
        value = VALUE.match(text, start)
        return value.end() if value else start
    depth = 0
    for found in BRACKET.finditer(text, start):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    return len(text)


def _format_json(text: str, known: Secrets) -> str | None:
    """Return JSON formatted and masked, None if the text is not JSON or nested too deeply."""
    try:
        masked = mask_value(json.loads(text, object_pairs_hook=_build_object), known)
        return escape_invisible(json.dumps(masked, ensure_ascii=False, indent=2))
    except (ValueError, RecursionError):
        return None


def _format_form(text: str, known: Secrets) -> str:
    """Return a form as one `name = value` per line, with fields that hold JSON formatted."""
    try:
        pairs: Sequence[tuple[str, str]] = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS)
    except ValueError:
        return escape_invisible(mask_text(unquote_plus(text), known))
    lines = (f"{mask_phrase(name, known)} = {_format_field(name, value, known)}" for name, value in pairs)
    return escape_invisible("\n".join(lines))


def _format_field(name: str, value: str, known: Secrets) -> str:
    if names_secret(name):
        return MASK if value else ""
    formatted = _format_json(value, known) if value[:1] in {"{", "["} else None
    return mask_text(value, known) if formatted is None else formatted


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; raise ValueError for a repeated name, so that the body is shown as text, as it was sent."""
    built = dict(pairs)
    if len(built) != len(pairs):
        raise ValueError
    return built


def _truncate(kind: str, text: str) -> MaskedBody:
    raw = text.encode()
    return MaskedBody(raw[:MAX_SHOWN_BYTES].decode(errors="ignore"), kind, is_whole=len(raw) <= MAX_SHOWN_BYTES)

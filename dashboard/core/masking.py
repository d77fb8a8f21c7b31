"""Bodies of deliveries as people may see them: formatted, with what is or looks like a secret masked.

Rather a harmless value too many is masked than a secret shown; what a body says of steps and revisions stays readable.
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
"""Bytes of a formatted body that are shown."""
MAX_FORM_FIELDS = 100
FORM = "application/x-www-form-urlencoded"

SECRET_WORDS = frozenset(
    {
        "password", "passwords", "passwd", "passphrase", "pwd", "secret", "secrets", "token", "tokens", "apikey",
        "credential", "credentials", "authorization", "auth", "jwt", "cookie", "cookies", "signature", "signatures",
        "accesskey", "privatekey", "accesstoken", "authtoken", "sessionid",
    }
)  # fmt: skip
"""Words that, in the name of a value, say that it is secret."""
SECRET_PAIRS = frozenset(
    {("api", "key"), ("access", "key"), ("private", "key"), ("signing", "key"), ("encryption", "key"), ("ssh", "key")}
    | {("session", "id")}
)
ABOUT_SECRETS = frozenset(
    {
        "at", "count", "enabled", "exists", "expires", "expiry", "in", "length", "limit", "name", "remaining",
        "required", "size", "status", "total", "type", "uri", "url", "used", "version",
    }
)  # fmt: skip
"""Last words of names that tell something of a secret or count them, and are none: `tokens_total`, `secret_name`."""
SUBJECTS = frozenset({"auth", "token", "tokens", "signature", "cookie", "cookies", "credentials"})
"""What messages of commits begin with, too: `auth: keep the session`."""

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
"""Values that are secrets wherever they stand. None of them may look far ahead from many places: texts are long."""
NAMED = re.compile(r"""(?<![\w.-])([\w.-]++)(\\?["']?[ \t]{0,8}[=:][ \t]{0,8})""")
"""A name and what stands between it and its value, in text that is no JSON."""
VALUE = re.compile(
    r"""\\?"(?:[^"\\]|\\.)*+"?|'[^']*+'?|(?:bearer|basic|token) [^\s,;&"']++|[^\s,;&"'}\]]++""", re.IGNORECASE
)
NESTED = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]')
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""Control characters, those that turn the direction of a text around, and halves of characters."""

Secrets = Collection[str]


@dataclass(frozen=True, slots=True)
class Shown:
    """A body as people may see it."""

    text: str
    kind: str
    """`json`, `form`, `text` or `binary`; of a binary one there is no text."""
    is_whole: bool = True
    """False: only the first MAX_SHOWN_BYTES bytes of the formatted text are there."""


def show_body(body: bytes, media_type: str, known: Secrets = (), *, is_cut: bool = False) -> Shown:
    """Return a body formatted and masked. `known` are secrets that must not be seen; `is_cut`: its end is missing."""
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(body, final=not is_cut)
    except UnicodeDecodeError:
        return Shown("", "binary")
    if media_type.partition(";")[0].strip().lower() == FORM:
        return _cut("form", _format_form(text, known))
    formatted = _format_json(text, known)
    return _cut("text", escape_invisible(mask_text(text, known))) if formatted is None else _cut("json", formatted)


def mask_value(value: Any, known: Secrets = (), name: str = "") -> Any:  # noqa: ANN401
    """Return a decoded JSON value, which has this name, with secrets masked; its shape stays."""
    if names_secret(name) and not (value is None or value == "" or isinstance(value, bool)):
        return MASK
    if isinstance(value, Mapping):
        return {mask_phrase(key, known): mask_value(member, known, key) for key, member in value.items()}
    if isinstance(value, list):
        return [mask_value(member, known) for member in value]
    return mask_phrase(value, known) if isinstance(value, str) else value


def names_secret(name: str) -> bool:
    """Return whether a value of that name is secret: `access_token`, `dbPassword`, `X-Api-Key`, not `tokens_total`."""
    words = [word.lower() for word in WORD.findall(name)]
    if not words or words[-1] in ABOUT_SECRETS:
        return False
    return not SECRET_WORDS.isdisjoint(words) or not SECRET_PAIRS.isdisjoint(itertools.pairwise(words))


def mask_phrase(text: str, known: Secrets = ()) -> str:
    """Return a text that people or programs wrote with secrets masked, and `password=…` in it."""
    return _mask_named(_mask_patterns(text, known), SUBJECTS)


def mask_text(text: str, known: Secrets = ()) -> str:
    """Return what is no JSON, perhaps only its beginning, with secrets masked, and the values of their names."""
    return _mask_named(_mask_patterns(text, known))


def escape_invisible(text: str) -> str:
    """Return the text with what cannot be seen, or makes others look different, written as JSON does: `\\u202e`."""
    return INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _mask_patterns(text: str, known: Secrets) -> str:
    for secret in known:
        text = text.replace(secret, MASK) if secret else text
    for pattern in PATTERNS:
        text = pattern.sub(MASK, text)
    return text


def _mask_named(text: str, subjects: Collection[str] = ()) -> str:
    """Return the text with the values of secret names masked; those of `subjects` count only with = or in quotes."""
    kept: list[str] = []
    at = 0
    for found in NAMED.finditer(text):
        is_subject = found[2].strip() == ":" and found[1].lower() in subjects
        if found.start() >= at and not is_subject and names_secret(found[1]):
            end = _find_end(text, found.end())
            kept += [text[at : found.end()], MASK if end > found.end() else ""]
            at = end
    return "".join([*kept, text[at:]])


def _find_end(text: str, start: int) -> int:
    """Return where the value that begins there ends; an object or a list ends with its last bracket, if it has one."""
    if text[start : start + 1] not in {"{", "["}:
        value = VALUE.match(text, start)
        return value.end() if value else start
    depth = 0
    for found in NESTED.finditer(text, start):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    return len(text)


def _format_json(text: str, known: Secrets) -> str | None:
    """Return JSON formatted and masked, None for what is none, or is nested too deeply."""
    try:
        masked = mask_value(json.loads(text, object_pairs_hook=_make_object), known)
        return escape_invisible(json.dumps(masked, ensure_ascii=False, indent=2))
    except (ValueError, RecursionError):
        return None


def _format_form(text: str, known: Secrets) -> str:
    """Return a form as JSON, in which the JSON of its fields is decoded."""
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


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; refuse one in which a name stands twice: shown as text, it is shown as it was sent."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError
    return made


def _cut(kind: str, text: str) -> Shown:
    raw = text.encode()
    return Shown(raw[:MAX_SHOWN_BYTES].decode(errors="ignore"), kind, is_whole=len(raw) <= MAX_SHOWN_BYTES)

"""Sizes in bytes, short times and JSON values as text."""

import json

from dashboard.pages.text.words import WORDS

KIB, MIB = 1024, 1024**2


def format_size(size: int) -> str:
    """Return a number of bytes in the largest unit that fits."""
    if size < KIB:
        return str(WORDS["size"]["bytes"].format(n=size))
    unit, name = (KIB, "kib") if size < MIB else (MIB, "mib")
    return str(WORDS["size"][name].format(n=_round(size / unit)))


def format_milliseconds(milliseconds: float | None) -> str:
    """Return a short time; empty for None."""
    if milliseconds is None:
        return ""
    if milliseconds < 1:
        return str(WORDS["span"]["moment"])
    if milliseconds < 1000:
        return str(WORDS["span"]["milliseconds"].format(n=_round(milliseconds)))
    return str(WORDS["span"]["seconds"].format(n=_round(milliseconds / 1000)))


def format_json(value: object) -> str:
    """Return a value as JSON, a text as it is."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _round(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0") if number < 10 else f"{number:.0f}"

"""What a search index knows deployments by: numbers for short pieces of their texts, and for whole values of fields.

A text that contains another one has all of its pieces, so an index of pieces finds it; two pieces with one number only
mean that more rows have to be looked at.
"""

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

WORDS = re.compile(r"([a-z0-9]+)|([^\W_a-z0-9]+)")
LATIN, OTHER = 3, 2
"""Characters in a piece: two of a Chinese word say as much as three of an English one."""


def list_pieces(text: str) -> set[int]:
    """Return the numbers of all pieces of a text; none if each of its words is shorter than a piece."""
    return {_number(piece) for piece in _cut(text.casefold())}


def name_value(field: str, value: str) -> int:
    """Return the number of a field's whole value."""
    return _number(f"{field}={value}")


def list_terms(texts: Iterable[str | None], values: Mapping[str, Any]) -> list[int]:
    """Return all that something is found by: the pieces of its texts, and the values that its fields have."""
    pieces = set[int]().union(*(list_pieces(text) for text in texts if text))
    return sorted(pieces | {name_value(field, value) for field, value in values.items() if value is not None})


def _cut(text: str) -> Iterator[str]:
    for latin, other in WORDS.findall(text):
        word, length = (latin, LATIN) if latin else (other, OTHER)
        for start in range(len(word) - length + 1):
            yield word[start : start + length]


def _number(piece: str) -> int:
    """Return a number that fits PostgreSQL's integer."""
    return zlib.crc32(piece.encode(errors="replace")) - 2**31

"""Terms of the search index: hashed trigrams of texts (bigrams of CJK), and hashed values of whole fields.

A text that contains a phrase contains all its n-grams, so the index misses no match. Two n-grams with the same hash
only mean that more rows are checked.
"""

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

WORDS = re.compile(r"([a-z0-9]+)|([^\W_a-z0-9]+)")
LATIN_LENGTH, OTHER_LENGTH = 3, 2
"""Characters per n-gram: two of a Chinese word distinguish as well as three of an English one."""


def hash_ngrams(text: str) -> set[int]:
    """Return the hashes of all n-grams of a text; none if each of its words is shorter than an n-gram."""
    return {_hash_term(ngram) for ngram in _split_ngrams(text.casefold())}


def hash_value(field: str, value: str) -> int:
    """Return the hash of a field with its whole value."""
    return _hash_term(f"{field}={value}")


def list_terms(texts: Iterable[str | None], values: Mapping[str, Any]) -> list[int]:
    """Return all terms of an item, sorted: the n-grams of its texts, and the values of its fields."""
    ngrams = set[int]().union(*(hash_ngrams(text) for text in texts if text))
    return sorted(ngrams | {hash_value(field, value) for field, value in values.items() if value is not None})


def _split_ngrams(text: str) -> Iterator[str]:
    for latin, other in WORDS.findall(text):
        word, length = (latin, LATIN_LENGTH) if latin else (other, OTHER_LENGTH)
        for start in range(len(word) - length + 1):
            yield word[start : start + length]


def _hash_term(term: str) -> int:
    """Return a hash in the range of PostgreSQL's integer."""
    return zlib.crc32(term.encode(errors="replace")) - 2**31

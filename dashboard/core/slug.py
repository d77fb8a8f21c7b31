"""Slugs: the names of projects in URLs."""

import functools
import re
import unicodedata

MAX_SLUG_LENGTH = 255
"""The maximum length of a project's slug. `make_slug` does not cut: a caller cuts or refuses a longer one."""


@functools.lru_cache(maxsize=4096)
def make_slug(name: str) -> str:
    """Return the slug of a name: letters and digits of any script, dots, underscores and hyphens.

    Empty if the name has none of them.
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    kept = "".join(character if _belongs_in_slug(character) else "-" for character in text)
    return re.sub("-+", "-", kept).strip("-.")


def _belongs_in_slug(character: str) -> bool:
    # Vowels of Indic and Thai scripts are marks and belong to the word; variation selectors of emoji are marks, too.
    is_mark = unicodedata.category(character) in {"Mn", "Mc"} and not "\ufe00" <= character <= "\ufe0f"
    return character.isalnum() or character in {".", "_"} or is_mark

"""Names of projects as parts of URLs."""

import functools
import re
import unicodedata


@functools.lru_cache(maxsize=4096)
def make_slug(name: str) -> str:
    """Return the name as part of a URL: letters and digits of any script, dots, underscores and hyphens.

    Empty, or without any letter, if the name has none.
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    kept = "".join(character if _belongs_in_slug(character) else "-" for character in text)
    return re.sub("-+", "-", kept).strip("-.")


def _belongs_in_slug(character: str) -> bool:
    """Return whether it is kept: the vowels of Indic and Thai scripts are marks, the variants of emoji are too."""
    is_mark = unicodedata.category(character) in {"Mn", "Mc"} and not "\ufe00" <= character <= "\ufe0f"
    return character.isalnum() or character in {".", "_"} or is_mark

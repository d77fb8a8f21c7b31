"""Slugs: the addresses of projects. They are made from names, but say nothing about what a project is."""

import functools
import hashlib
import re
import unicodedata

MAX_SLUG_LENGTH = 255
"""The maximum length of a project's slug. `make_slug` does not cut: a caller cuts or refuses a longer one."""
MAX_SUFFIX_LENGTH = 10


@functools.lru_cache(maxsize=4096)
def make_slug(name: str) -> str:
    """Return the slug of a name: letters and digits of any script, dots, underscores and hyphens.

    Empty if the name has none of them.
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    kept = "".join(character if _belongs_in_slug(character) else "-" for character in text)
    return re.sub("-+", "-", kept).strip("-.")


def make_project_slug(name: str) -> str:
    """Return the slug that a project of this name gets if it is free: never empty, at most MAX_SLUG_LENGTH."""
    slug = make_slug(name)[:MAX_SLUG_LENGTH].strip("-.")
    if any(map(str.isalnum, slug)):
        return slug
    return "project-" + hashlib.sha256(name.encode()).hexdigest()[:12]


def number_slug(slug: str, number: int) -> str:
    """Return the slug with a number, for a project whose slug is taken: `shop-2`."""
    return f"{slug[: MAX_SLUG_LENGTH - MAX_SUFFIX_LENGTH]}-{number}"


def _belongs_in_slug(character: str) -> bool:
    # Vowels of Indic and Thai scripts are marks and belong to the word; variation selectors of emoji are marks, too.
    is_mark = unicodedata.category(character) in {"Mn", "Mc"} and not "\ufe00" <= character <= "\ufe0f"
    return character.isalnum() or character in {".", "_"} or is_mark

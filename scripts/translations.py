"""`make translations`: updates the catalogs with the messages in the code, and prints untranslated messages.

Also writes the words and constants that the tests of the JavaScript modules use. The running program uses none of it.
"""

import json
import sys
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from dashboard.pages.constants import CONSTANTS
from dashboard.pages.text import languages
from tests.support.message_catalogs import extract, find_catalog, list_untranslated, read_catalog, translate_words
from tests.support.servers import REPOSITORY

TABLES = REPOSITORY / "tests" / "js"
UNUSED_HEADERS = (b'"PO-Revision-Date:', b'"Last-Translator:', b'"Report-Msgid-Bugs-To:')
"""Babel writes these headers even if they are empty; git knows when and by whom."""


def write_catalog(catalog: Catalog) -> bytes:
    """Return the text of a catalog's file, without UNUSED_HEADERS."""
    file = BytesIO()
    write_po(file, catalog, width=100, include_lineno=False, sort_by_file=True)
    lines = file.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(UNUSED_HEADERS))


def write_table(name: str, table: Mapping[str, Any]) -> None:
    """Write a table for the tests of the scripts."""
    (TABLES / name).write_text(json.dumps(table, ensure_ascii=False, indent=2) + "\n")


def main() -> int:
    """Update the files; return 1 if messages lack a translation, else 0."""
    missing: list[str] = []
    for language in languages.LANGUAGES:
        if language != languages.DEFAULT:
            catalog = read_catalog(language)
            catalog.update(extract(), no_fuzzy_matching=True, update_creation_date=False)
            catalog.obsolete.clear()
            find_catalog(language).write_bytes(write_catalog(catalog))
            missing += [f"{language}: {word}" for word in list_untranslated(catalog)]
            languages.read_catalog.cache_clear()
        write_table(f"text/words.{language}.json", translate_words(language))
    write_table("constants.json", CONSTANTS)
    print(*missing, sep="\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())

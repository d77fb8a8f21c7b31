"""`make translations`: updates the catalogs with the messages in the code, and prints untranslated messages.

Also writes the words and constants that the tests of the JavaScript modules use. The running program uses none of it.
"""

import json
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po
from flask import Flask

from dashboard.pages.constants import CONSTANTS
from dashboard.pages.text import languages
from dashboard.pages.text.words import list_words

ROOT = Path(__file__).parent.parent
TABLES = ROOT / "tests" / "js"
KEYWORDS = {**DEFAULT_KEYWORDS, "word": ((1, "c"), 2), "plural": (1, 2)}
"""The functions whose arguments are messages: gettext's own, and those of pages/text/words.py and plurals.py."""


def extract() -> Catalog:
    """Return a catalog of all messages in templates and Python files, without translations."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods = [(mapping["pattern"], mapping["method"]) for mapping in mappings]
    options = {mapping["pattern"]: {"trimmed": "true", "silent": "false"} for mapping in mappings}
    found = Catalog()
    for file, _line, message, comments, context in extract_from_dir(
        ROOT, methods, options, KEYWORDS, directory_filter=lambda path: Path(path).name not in {".venv", "node_modules"}
    ):
        found.add(message, None, [(file, 0)], auto_comments=comments, context=context)
    return found


def read_catalog(language: str) -> Catalog:
    """Return the catalog of a language from its file."""
    with find_catalog(language).open("rb") as file:
        return read_po(file, locale=language)


def find_catalog(language: str) -> Path:
    """Return the path of a language's catalog."""
    return languages.TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"


def translate_words(language: str) -> dict[str, str]:
    """Return the words that the JavaScript modules get in a language, by their dotted names."""
    app = Flask("words")
    languages.init_app(app)
    with app.test_request_context(headers={"Accept-Language": languages.TAGS[language]}):
        return dict(list_words())


def list_untranslated(catalog: Catalog) -> list[str]:
    """Return the messages of a catalog that lack a translation, or one of its plural forms."""
    return [str(item.id) for item in catalog if item.id and (not has_all_forms(item.string) or item.fuzzy)]


def has_all_forms(translation: str | list[str] | tuple[str, ...] | None) -> bool:
    """Return whether all plural forms of a translation exist."""
    return bool(translation) and (isinstance(translation, str) or all(translation or ()))


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
            with find_catalog(language).open("wb") as file:
                write_po(file, catalog, width=100, include_lineno=False, sort_by_file=True)
            missing += [f"{language}: {word}" for word in list_untranslated(catalog)]
            languages.read_catalog.cache_clear()
        write_table(f"text/words.{language}.json", translate_words(language))
    write_table("constants.json", CONSTANTS)
    print(*missing, sep="\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())

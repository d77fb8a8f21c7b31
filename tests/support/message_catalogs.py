"""The message catalogs, what should be in them, and the words of the pages; for the test of them and the script."""

import tomllib
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask

from dashboard.pages.text import languages
from dashboard.pages.text.words import list_words
from tests.support.servers import REPOSITORY

KEYWORDS = {**DEFAULT_KEYWORDS, "word": ((1, "c"), 2), "plural": (1, 2)}
"""The functions whose arguments are messages: gettext's own, and those of pages/text/words.py and plurals.py."""


def extract() -> Catalog:
    """Return a catalog of all messages in templates and Python files, without translations."""
    mappings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods = [(mapping["pattern"], mapping["method"]) for mapping in mappings]
    options = {mapping["pattern"]: {"trimmed": "true", "silent": "false"} for mapping in mappings}
    found = Catalog()
    for file, _line, message, comments, context in extract_from_dir(
        REPOSITORY,
        methods,
        options,
        KEYWORDS,
        directory_filter=lambda path: Path(path).name not in {".venv", "node_modules"},
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

"""The language of a page: what the visitor chose, else what the browser prefers, else English.

The catalogs are read from `translations/<language>/LC_MESSAGES/messages.po` at start, with no compiled file in between
(see docs/decisions). The only texts here are the names of the languages.
"""

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, Response, has_request_context, request
from flask_babel import Babel, Domain, get_locale, refresh

LANGUAGES = {"en": "English", "zh": "简体中文"}
"""The name of every language, in that language, by its locale."""
TAGS = {"en": "en", "zh": "zh-Hans"}
"""Language tags for `lang` and Intl: Chinese in simplified characters."""
DEFAULT = "en"
COOKIE = "language"
ENGLISH = NullTranslations()
TRANSLATIONS = Path(__file__).parents[2] / "translations"


class Catalogs(Domain):  # type: ignore[misc]
    """The translations of each language, from its .po file."""

    def get_translations(self) -> NullTranslations:
        """Return those of the current request; outside of a request English, which needs none."""
        locale = get_locale()
        return read_catalog(locale.language) if locale else ENGLISH


def init_app(app: Flask) -> None:
    """Translate templates and texts into the language of the request."""
    babel = Babel()
    babel.domain_instance = Catalogs()
    babel.init_app(app, default_locale=DEFAULT, locale_selector=choose_language)
    app.before_request(refresh)
    app.context_processor(provide_language)
    app.after_request(_vary_by_language)
    for language in LANGUAGES:
        read_catalog(language)


@cache
def read_catalog(language: str) -> NullTranslations:
    """Return the translations into a language; English has none, because its texts are in the code."""
    path = TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"
    if language == DEFAULT:
        return ENGLISH
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def choose_language() -> str:
    """Return the language of the answer to this request."""
    if not has_request_context():
        return DEFAULT
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return chosen
    # By the first part of each tag, so that en-GB before zh means English, and zh-TW simplified rather than English.
    preferred = (tag.partition("-")[0].lower() for tag, quality in request.accept_languages if quality > 0)
    return next((language for language in preferred if language in LANGUAGES), DEFAULT)


def get_language() -> str:
    """Return the language of the request, English outside of one."""
    locale = get_locale()
    return str(locale.language) if locale else DEFAULT


def provide_language() -> dict[str, object]:
    """Return the template context: the language of the page, and those to choose from."""
    return {"language": get_language(), "LANGUAGES": LANGUAGES, "TAGS": TAGS}


def _vary_by_language(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.vary.update(("Accept-Language", "Cookie"))
    return response

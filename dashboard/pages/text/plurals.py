"""Texts with plural forms: two in English, one in Chinese. The scripts select a form by Intl.PluralRules."""

from collections.abc import Iterator
from functools import cache

from babel import Locale
from flask_babel import get_translations

from dashboard.pages.text.languages import get_language


class Plural:
    """A text with a number `{n}` in it, translated into the language of the request whenever it is used."""

    def __init__(self, one: str, other: str) -> None:
        self.one, self.other = one, other

    def choose(self, n: int) -> str:
        """Return the form for a number, with its placeholders."""
        form: str = get_translations().ungettext(self.one, self.other, n)
        return form

    def format(self, **values: object) -> str:
        """Return the form for the number among the values, filled in."""
        n = values["n"]
        assert isinstance(n, int)
        return self.choose(n).format(**values)

    def list_forms(self) -> Iterator[tuple[str, str]]:
        """Yield (plural category, form) for each category of the language, like `one` or `other`."""
        for category, n in find_examples(get_language()).items():
            yield category, self.choose(n)


@cache
def find_examples(language: str) -> dict[str, int]:
    """Return an example number for each plural category of a language."""
    get_category = Locale(language).plural_form
    return {get_category(n): n for n in range(100)}


def plural(one: str, other: str) -> Plural:
    """Mark a text with a number for translation. `make translations` finds it by this name."""
    return Plural(one, other)

"""Parses the form of filters above a list from the query string; the list's own module has the parsers of its fields.

Knows the language of the page, not the database.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Generic, TypeVar

from flask_babel import gettext as _

from dashboard.core.storable import UNSTORABLE
from dashboard.http.delivery_filter import MAX_FILTER_LENGTH
from dashboard.queries.projects import find_slug
from dashboard.queries.reader import Reader

Filters = TypeVar("Filters")
FieldParsers = Mapping[str, Callable[[str], Any]]
"""By the name of a field, the function that converts its text, or raises FilterError."""


class FilterError(ValueError):
    """A filter has an invalid value. The text is shown to the visitor."""


@dataclass(frozen=True, slots=True)
class FilterForm(Generic[Filters]):
    """The form as it was sent: `values` as given, `errors` by field, `filters` from the valid values."""

    values: Mapping[str, Any]
    errors: Mapping[str, str]
    filters: Filters


def parse_fields(
    arguments: Mapping[str, str], parsers: FieldParsers, make: Callable[..., Filters]
) -> FilterForm[Filters]:
    """Return the form. Empty fields are ignored; `make` is called with the valid values by field."""
    values = {name: arguments[name].strip() for name in parsers if arguments.get(name, "").strip()}
    errors: dict[str, str] = {}
    understood: dict[str, Any] = {}
    for name, value in values.items():
        try:
            understood[name] = parsers[name](value)
        except FilterError as error:
            errors[name] = str(error)
    if {"since", "until"} <= understood.keys() and understood["until"] <= understood["since"]:
        errors["until"] = _("The last day is before the first day.")
    return FilterForm(values, errors, make(**understood))


def parse_project(projects: Collection[str], value: str) -> str:
    """Return the slug. Raises FilterError if the project does not exist."""
    if value not in projects:
        raise FilterError(_("Project “%(name)s” does not exist.", name=value))
    return value


def follow_slug(reader: Reader, arguments: Mapping[str, str]) -> Mapping[str, str]:
    """Return the arguments with the present slug of a renamed project in place of a former one."""
    slug = arguments.get("project")
    current = find_slug(reader, slug) if slug and not UNSTORABLE.search(slug) else None
    return {**arguments, "project": current} if current else arguments


def parse_text(value: str) -> str:
    """Return the text. Raises FilterError if it is longer than MAX_FILTER_LENGTH."""
    if len(value) > MAX_FILTER_LENGTH:
        raise FilterError(_("At most %(num)s characters.", num=MAX_FILTER_LENGTH))
    return value


def parse_day(value: str) -> datetime:
    """Return the start of a day in UTC. Raises FilterError."""
    try:
        return datetime.combine(date.fromisoformat(value), time(), UTC)
    except ValueError:
        raise FilterError(_("“%(value)s” is not a date. Example: 2024-01-31.", value=value)) from None


def parse_last_day(value: str) -> datetime:
    """Return the end of a day in UTC. Raises FilterError."""
    try:
        return parse_day(value) + timedelta(days=1)
    except OverflowError:
        raise FilterError(_("“%(value)s” is not a date. Example: 2024-01-31.", value=value)) from None

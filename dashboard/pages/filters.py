"""What a visitor asks the history for, as the address of the page says it. Knows the language, not the database."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask_babel import gettext as _

from dashboard.core.words import State
from dashboard.queries.deployments import DeploymentFilters

NAMES = ("q", "project", "state", "environment", "branch", "triggered_by", "since", "until")
LONGEST = 300
DAY = timedelta(days=1)


class FilterError(ValueError):
    """A value that no filter understands; the text is for the visitor."""


@dataclass(frozen=True, slots=True)
class FilterForm:
    """The form as it was sent: `values` as given, `errors` by field, `filters` for what was understood."""

    values: Mapping[str, Any]
    errors: Mapping[str, str]
    filters: DeploymentFilters


def read_form(arguments: Mapping[str, str], projects: Collection[str]) -> FilterForm:
    """Return the form; a field that is empty or missing narrows nothing."""
    values = {name: arguments[name].strip() for name in NAMES if arguments.get(name, "").strip()}
    errors: dict[str, str] = {}
    understood: dict[str, Any] = {}
    for name, value in values.items():
        try:
            understood[name] = _read_project(value, projects) if name == "project" else READERS[name](value)
        except FilterError as error:
            errors[name] = str(error)
    if {"since", "until"} <= understood.keys() and understood["until"] <= understood["since"]:
        errors["until"] = _("The last day is before the first.")
    return FilterForm(values, errors, DeploymentFilters(**understood))


def _read_project(value: str, projects: Collection[str]) -> str:
    if value not in projects:
        raise FilterError(_("There is no project “%(name)s”.", name=value))
    return value


def _read_text(value: str) -> str:
    if len(value) > LONGEST:
        raise FilterError(_("This is longer than %(num)s characters.", num=LONGEST))
    return value


def _read_state(value: str) -> State:
    try:
        return State(value)
    except ValueError:
        raise FilterError(_("There is no state “%(name)s”.", name=value)) from None


def _read_day(value: str) -> datetime:
    """Return the beginning of a day in UTC."""
    try:
        return datetime.combine(date.fromisoformat(value), time(), UTC)
    except ValueError:
        raise FilterError(_("“%(value)s” is not a day like 2024-01-31.", value=value)) from None


def _read_last_day(value: str) -> datetime:
    """Return the end of a day in UTC."""
    try:
        return _read_day(value) + DAY
    except OverflowError:
        raise FilterError(_("“%(value)s” is not a day like 2024-01-31.", value=value)) from None


READERS: dict[str, Callable[[str], Any]] = {
    "q": _read_text,
    "environment": _read_text,
    "branch": _read_text,
    "triggered_by": _read_text,
    "state": _read_state,
    "since": _read_day,
    "until": _read_last_day,
}

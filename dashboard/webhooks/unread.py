"""What of a body has no effect, as warnings to its sender: unknown status words, and items of lists beyond a limit.

A place is a path of names: `jobs.[].status` is the status of each item of the list `jobs`, `step_details.{}` each value
of the map `step_details`. Bodies are untrusted, so warnings are few and short.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from dashboard.core.storable import UNSTORABLE
from dashboard.core.view_types.deliveries import DeliveryWarning
from dashboard.webhooks.dialects.payload import read_text, read_value

MAX_WARNINGS = 20
"""The maximum number of unknown words that an answer names."""
MAX_FIELD_LENGTH, MAX_WORD_LENGTH = 200, 100
"""Characters of a field and of a status word that a warning quotes."""
EACH_ITEM, EACH_VALUE = "[]", "{}"


def find_unknown_words(body: Any, places: Sequence[str], is_known: Callable[[str], bool]) -> list[DeliveryWarning]:  # noqa: ANN401
    """Return a warning for each of the first MAX_WARNINGS status words that are not known."""
    words = (pair for place in places for pair in _list_words(body, place.split(".")))
    unknown = ((field, word) for field, word in words if not is_known(word))
    return [
        {
            "field": _shorten(field, MAX_FIELD_LENGTH),
            "text": f'Unknown status "{_shorten(word, MAX_WORD_LENGTH)}": it claims nothing.',
        }
        for field, word in itertools.islice(unknown, MAX_WARNINGS)
    ]


def find_cut_lists(body: Any, limits: Mapping[str, int]) -> list[DeliveryWarning]:  # noqa: ANN401
    """Return a warning for each list that is longer than the limit of its place; the empty place is the body itself."""
    lists = ((place, read_value(body, *filter(None, place.split("."))), limit) for place, limit in limits.items())
    return [
        {"field": place, "text": f"{len(items)} items: only the first {limit} are applied."}
        for place, items, limit in lists
        if isinstance(items, list) and len(items) > limit
    ]


def _list_words(body: Any, path: Sequence[str], field: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Yield each text at a path, with its field: `jobs[2].status`."""
    if not path:
        if word := read_text(body):
            yield field, word
        return
    name, *rest = path
    if name == EACH_ITEM:
        for place, item in enumerate(body if isinstance(body, list) else ()):
            yield from _list_words(item, rest, f"{field}[{place}]")
    elif isinstance(body, Mapping):
        for key in body if name == EACH_VALUE else (name,):
            if key in body:
                yield from _list_words(body[key], rest, f"{field}.{key}" if field else key)


def _shorten(text: str, limit: int) -> str:
    storable = UNSTORABLE.sub("\ufffd", text)
    return storable if len(storable) <= limit else storable[:limit] + "…"

"""What of a body has no effect, as warnings to its sender: unknown status words, and items of lists beyond a limit.

A place is a path of names: `jobs.[].status` is the status of each item of the list `jobs`, `step_details.{}` each value
of the map `step_details`. Bodies are untrusted, so warnings are few and short.
"""

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dashboard.core.storable import UNSTORABLE
from dashboard.core.view_types.deliveries import DeliveryWarning
from dashboard.webhooks.dialects.payload import read_text, read_value

MAX_WARNINGS = 20
"""The maximum number of unknown words that an answer names."""
MAX_FIELD_LENGTH, MAX_WORD_LENGTH = 200, 100
"""Characters of a field and of a status word that a warning quotes."""
EACH_ITEM, EACH_VALUE = "[]", "{}"

Keys = tuple[str | int, ...]


def find_unknown_words(body: Any, places: Sequence[str], is_known: Callable[[str], bool]) -> list[DeliveryWarning]:  # noqa: ANN401
    """Return a warning for each of the first MAX_WARNINGS status words that are not known."""
    found = itertools.chain.from_iterable(_find_values(body, _split(place)) for place in places)
    # Most words are known as they are; only others are worth the time to read them as the parsers do.
    doubtful = ((keys, value) for keys, value in found if not (type(value) is str and is_known(value)))
    unknown = ((keys, word) for keys, value in doubtful if (word := read_text(value)) and not is_known(word))
    return [
        {
            "field": _shorten(_name_field(keys), MAX_FIELD_LENGTH),
            "text": f'Unknown status "{_shorten(word, MAX_WORD_LENGTH)}": it claims nothing.',
        }
        for keys, word in itertools.islice(unknown, MAX_WARNINGS)
    ]


def find_cut_lists(body: Any, limits: Mapping[str, int]) -> list[DeliveryWarning]:  # noqa: ANN401
    """Return a warning for each list that is longer than the limit of its place; the empty place is the body itself."""
    lists = ((place, read_value(body, *filter(None, place.split("."))), limit) for place, limit in limits.items())
    return [
        {"field": place, "text": f"{len(items)} items: only the first {limit} are applied."}
        for place, items, limit in lists
        if isinstance(items, list) and len(items) > limit
    ]


@functools.cache
def _split(place: str) -> tuple[str, ...]:
    return tuple(place.split("."))


def _find_values(body: Any, path: Sequence[str]) -> list[tuple[Keys, Any]]:  # noqa: ANN401
    """Return the values at a path, each with the keys and indices that lead to it."""
    nodes: list[tuple[Keys, Any]] = [((), body)]
    for name in path:
        if name == EACH_ITEM:
            lists = ((keys, node) for keys, node in nodes if isinstance(node, list))
            nodes = [((*keys, index), item) for keys, node in lists for index, item in enumerate(node)]
        elif name == EACH_VALUE:
            maps = ((keys, node) for keys, node in nodes if isinstance(node, dict))
            nodes = [((*keys, key), value) for keys, node in maps for key, value in node.items()]
        else:
            nodes = [((*keys, name), node[name]) for keys, node in nodes if isinstance(node, dict) and name in node]
        if not nodes:
            break
    return nodes


def _name_field(keys: Keys) -> str:
    """Return how a field is written: `jobs[2].status`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")


def _shorten(text: str, limit: int) -> str:
    storable = UNSTORABLE.sub("\ufffd", text)
    return storable if len(storable) <= limit else storable[:limit] + "…"

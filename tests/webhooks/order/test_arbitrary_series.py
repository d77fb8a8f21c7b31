"""Series with shuffled statuses, times and texts: their order does not matter either."""

import copy
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.arbitrary_bodies import list_places
from tests.support.delivery_orders import anonymise, read_deployment
from tests.support.sender_deliveries import RUNS, Delivery, Json, renew_key, write_wire
from tests.support.sender_series import SERIES

DEALT = re.compile(
    "_at$|_on$|^time|timemillis$|updated|stopped|started$|created$|status$|state$|conclusion|phase|outcome|^results?$"
    "|duration|description|failure_reason|allow_failure|environment$|branch$|^ref$|complete$|error|message|title|^name$",
    re.IGNORECASE,
)
"""Fields that say how things are; those that say what it is about stay."""
ANY_RUN = 4_999_999
Placed = tuple[int, tuple[Any, ...]]
"""Which delivery, and where in its body."""


def list_leaves(deliveries: Sequence[Delivery]) -> Iterator[tuple[Placed, Any]]:
    """Yield the places of the deliveries' statuses, times and texts, with their values."""
    for number, delivery in enumerate(deliveries):
        for place in list_places(delivery.body):
            value: Any = delivery.body
            for key in place:
                value = value[key]
            if DEALT.search(str(place[-1])) and not isinstance(value, dict | list):
                yield (number, place), value


@st.composite
def dealt_anew(draw: st.DrawFn, name: str) -> list[Delivery]:
    """Return the deliveries of a series in which values of equally named fields have changed their places."""
    deliveries = copy.deepcopy(SERIES[name](ANY_RUN))
    leaves = list(list_leaves(deliveries))
    pools: dict[str, list[Any]] = defaultdict(list)
    for (_, place), value in leaves:
        pools[place[-1]].append(value)
    chosen = draw(st.lists(st.sampled_from([placed for placed, _ in leaves]), max_size=25))
    for number, (*way, last) in chosen:
        holder: Any = deliveries[number].body
        for key in way:
            holder = holder[key]
        holder[last] = draw(st.sampled_from(pools[last]))
    return deliveries


def move(delivery: Delivery, run: int) -> Delivery:
    """Return the same delivery on another run."""
    body: Json = json.loads(json.dumps(delivery.body).replace(str(ANY_RUN), str(run)))
    return replace(delivery, body=body, key=delivery.key.replace(str(ANY_RUN), str(run)))


def show_moved(client: FlaskClient, deliveries: Sequence[Delivery]) -> list[Json]:
    """Post the deliveries on a new run; return what became of it: one deployment, or as many as they turned into."""
    run = next(RUNS)
    ids = set()
    for delivery in deliveries:
        path, raw, headers = write_wire(move(delivery, run))
        response = client.post(path, data=raw, headers=headers)
        assert response.status_code == 200, response.text
        ids.add(response.get_json()["deployment_id"])
    views = (anonymise(read_deployment(client, number), run) for number in ids - {None})
    return sorted(views, key=lambda view: json.dumps(view, sort_keys=True))


@pytest.mark.parametrize("name", SERIES)
def test_any_order_of_an_arbitrary_series_shows_the_same(shared_client: FlaskClient, name: str) -> None:
    @settings(max_examples=20)
    @given(st.data(), dealt_anew(name))
    def compare(data: st.DataObject, deliveries: list[Delivery]) -> None:
        repeated = data.draw(st.sampled_from(deliveries))
        order = data.draw(st.permutations([*deliveries, repeated, renew_key(repeated)]))
        assert show_moved(shared_client, order) == show_moved(shared_client, deliveries)

    compare()

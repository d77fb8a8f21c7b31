"""CI servers' deliveries posted in many orders, with repetitions, and the deployments that they show."""

import itertools
import json
import math
import random
from collections.abc import Iterable, Iterator, Sequence

from flask.testing import FlaskClient

from tests.support.ingest import strip_receipt
from tests.support.sender_deliveries import RUNS, Delivery, Json, Series, renew_key, write_wire


def deliver(client: FlaskClient, delivery: Delivery) -> Json:
    """Post a delivery, which must be accepted; return the answer."""
    path, raw, headers = write_wire(delivery)
    response = client.post(path, data=raw, headers=headers)
    assert response.status_code == 200, response.text
    answer: Json = response.get_json()
    assert answer["verdict"] in {"applied", "duplicate"}, answer
    return answer


def read_deployment(client: FlaskClient, deployment_id: int) -> Json:
    """Return a deployment as the API shows it."""
    view: Json = client.get(f"/api/deployments/{deployment_id}").get_json()
    return view


def anonymise(view: Json, run: int) -> Json:
    """Return the view without the fields of its receipt, and RUN for the run's number: equal for equal runs.

    An estimate rests on other runs and on the clock, so it is none of what deliveries say.
    """
    kept = {name: value for name, value in strip_receipt(view).items() if name not in {"url", "estimate", "run_key"}}
    anonymous: Json = json.loads(json.dumps(kept).replace(str(run), "RUN"))
    return anonymous


def show(client: FlaskClient, deliveries: Iterable[Delivery]) -> Json:
    """Post deliveries on one deployment, or on a run and what it deploys; return the deployment or run."""
    ids = {deliver(client, delivery)["deployment_id"] for delivery in deliveries}
    views = [read_deployment(client, deployment_id) for deployment_id in ids]
    (view,) = views if len(views) == 1 else (view for view in views if view["run_id"])
    return view


def show_in_order(client: FlaskClient, series: Series) -> Json:
    """Post the series once, in its order; return its deployment without the fields of its receipt."""
    run = next(RUNS)
    return anonymise(show(client, series(run)), run)


def show_in_any_order(client: FlaskClient, series: Series) -> Json:
    """Post a short series in each of its orders; return its deployment, which is the same after all of them."""
    first = show_in_order(client, series)
    for places in itertools.permutations(range(len(series(0)))):
        run = next(RUNS)
        deliveries = series(run)
        view = anonymise(show(client, (deliveries[place] for place in places)), run)
        assert (places, view) == (places, first)
    return first


def list_orders(length: int, max_orders: int, seed: int) -> Iterator[tuple[int, ...]]:
    """Yield every order of so many deliveries, or if these are more than `max_orders`, so many random ones."""
    if math.factorial(length) <= max_orders:
        yield from itertools.permutations(range(length))
        return
    chance = random.Random(seed)
    for _ in range(max_orders):
        yield tuple(chance.sample(range(length), length))


def repeat_some(deliveries: Sequence[Delivery], seed: int) -> list[Delivery]:
    """Return the deliveries with a copy of one of them, and of one under another key, each at a random later place."""
    chance = random.Random(seed)
    repeated = list(deliveries)
    for make_copy in (lambda delivery: delivery, renew_key):
        place = chance.randrange(len(repeated))
        repeated.insert(chance.randint(place + 1, len(repeated)), make_copy(repeated[place]))
    return repeated

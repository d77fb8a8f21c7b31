"""Deliveries as each sender makes them, with its own headers and proof; and reading what became of them."""

import base64
import itertools
import json
import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask.testing import FlaskClient

from tests.support.deliveries import strip_receipt
from tests.support.posting import BEARER, PATH, sign_hub
from tests.support.servers import SECRET

Json = dict[str, Any]
RUNS = itertools.count(5_000_001)
"""Numbers of runs; nothing else in a body or an answer has these digits in it."""
BASIC = "Basic " + base64.b64encode(f"ci:{SECRET}".encode()).decode()
STRUCTURED = "application/cloudevents+json"


@dataclass(frozen=True)
class Delivery:
    """What a sender posts."""

    sender: str
    event: str
    body: Json
    key: str = ""
    """What stays the same when it is sent again; senders without a header for it have none."""


Wire = tuple[str, bytes, dict[str, str]]
"""Path, raw body and headers."""
Series = Callable[[int], list[Delivery]]
"""Makes the deliveries on the run of that number, in their order."""


def _sign_github(delivery: Delivery, body: bytes) -> dict[str, str]:
    headers = {"X-GitHub-Event": delivery.event, "X-GitHub-Delivery": delivery.key, "X-GitHub-Hook-ID": "1"}
    return headers | {"X-Hub-Signature-256": sign_hub(body), "X-Hub-Signature": "sha1=" + "0" * 40}


def _sign_gitea(delivery: Delivery, body: bytes) -> dict[str, str]:
    headers = {"X-Gitea-Event": delivery.event, "X-Gitea-Delivery": delivery.key}
    return _sign_github(delivery, body) | headers | {"X-Gitea-Signature": sign_hub(body).removeprefix("sha256=")}


def _sign_forgejo(delivery: Delivery, body: bytes) -> dict[str, str]:
    headers = {"X-Forgejo-Event": delivery.event, "X-Forgejo-Delivery": delivery.key}
    return _sign_gitea(delivery, body) | headers | {"X-Forgejo-Signature": sign_hub(body).removeprefix("sha256=")}


def _sign_gitlab(delivery: Delivery, _body: bytes) -> dict[str, str]:
    headers = {"X-Gitlab-Event": delivery.event, "Idempotency-Key": delivery.key, "X-Gitlab-Event-UUID": "1"}
    return headers | {"X-Gitlab-Token": SECRET, "X-Gitlab-Instance": "https://gitlab.example.org"}


def _sign_bitbucket(delivery: Delivery, body: bytes) -> dict[str, str]:
    headers = {"X-Event-Key": delivery.event, "X-Request-UUID": delivery.key, "X-Attempt-Number": "1"}
    return headers | {"X-Hub-Signature": sign_hub(body)}


def _sign_with_password(_delivery: Delivery, _body: bytes) -> dict[str, str]:
    return {"Authorization": BASIC}


def _sign_cdevent(delivery: Delivery, _body: bytes) -> dict[str, str]:
    context = delivery.body.get("context")
    if context is None:
        return {**BEARER, "Content-Type": STRUCTURED}
    attributes = {f"ce-{name}": context[name] for name in ("id", "source", "type")}
    return {**BEARER, **attributes, "ce-specversion": "1.0", "ce-time": context["timestamp"]}


SIGN: Mapping[str, Callable[[Delivery, bytes], dict[str, str]]] = {
    "github": _sign_github,
    "gitea": _sign_gitea,
    "forgejo": _sign_forgejo,
    "gitlab": _sign_gitlab,
    "bitbucket": _sign_bitbucket,
    "jenkins": _sign_with_password,
    "cdevents": _sign_cdevent,
    "buildbot": _sign_with_password,
}
"""The headers of each sender."""
NAMED_BY_PATH = frozenset({"jenkins", "buildbot"})
KEYLESS = frozenset({"jenkins", "cdevents", "buildbot"})
"""Their keys are made from their bodies."""


def make_series(sender: str, run: int, *events: tuple[str, Json]) -> list[Delivery]:
    """Return deliveries of a sender, each of an event with a body."""
    return [Delivery(sender, event, body, f"{sender}-{run}-{n}") for n, (event, body) in enumerate(events)]


def write_wire(delivery: Delivery) -> Wire:
    """Return the request that is this delivery."""
    raw = json.dumps(delivery.body).encode()
    path = f"{PATH}/{delivery.sender}" if delivery.sender in NAMED_BY_PATH else PATH
    return path, raw, {"Content-Type": "application/json", **SIGN[delivery.sender](delivery, raw)}


def renew_key(delivery: Delivery) -> Delivery:
    """Return a delivery that says the same under another key."""
    if delivery.sender in KEYLESS:
        return replace(delivery, body={**delivery.body, "copy": delivery.key})
    return replace(delivery, key=delivery.key + "-again")


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
    kept = {name: value for name, value in strip_receipt(view).items() if name not in {"url", "estimate"}}
    anonymous: Json = json.loads(json.dumps(kept).replace(str(run), "RUN"))
    return anonymous


def show(client: FlaskClient, deliveries: Iterable[Delivery]) -> Json:
    """Post deliveries on one deployment; return it."""
    answers = [deliver(client, delivery) for delivery in deliveries]
    (deployment_id,) = {answer["deployment_id"] for answer in answers}
    return read_deployment(client, deployment_id)


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


def list_orders(length: int, most: int, seed: int) -> Iterator[tuple[int, ...]]:
    """Yield every order of so many deliveries, or if these are more than `most`, so many random ones."""
    if math.factorial(length) <= most:
        yield from itertools.permutations(range(length))
        return
    chance = random.Random(seed)
    for _ in range(most):
        yield tuple(chance.sample(range(length), length))


def repeat_some(deliveries: Sequence[Delivery], seed: int) -> list[Delivery]:
    """Return the deliveries with a copy of one of them, and of one under another key, each at a random later place."""
    chance = random.Random(seed)
    repeated = list(deliveries)
    for make_copy in (lambda delivery: delivery, renew_key):
        place = chance.randrange(len(repeated))
        repeated.insert(chance.randint(place + 1, len(repeated)), make_copy(repeated[place]))
    return repeated

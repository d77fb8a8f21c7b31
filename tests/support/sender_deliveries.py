"""Deliveries as each CI server makes them, with its own headers and credentials."""

import base64
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.support.servers import SECRET
from tests.support.webhook_client import BEARER, PATH, sign_hub

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


def _sign_native(delivery: Delivery, _body: bytes) -> dict[str, str]:
    return {**BEARER, "Idempotency-Key": delivery.key}


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
    "native": _sign_native,
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
    """Return the same delivery under another key."""
    if delivery.sender in KEYLESS:
        return replace(delivery, body={**delivery.body, "copy": delivery.key})
    return replace(delivery, key=delivery.key + "-again")

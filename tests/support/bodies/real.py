"""Real bodies, posted with the headers and credentials of their senders.

For the test of them and for the table in docs/senders.md. The bodies are not in the repository: GitHub's are examples
of an npm package, the others are in the corpora.
"""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.bodies.corpora import CORPORA
from tests.support.bodies.github_examples import read_examples
from tests.support.servers import SECRET, DashboardServer
from tests.support.webhook_client import BEARER, PATH, sign_hub

JSON = "application/json"
STAGES = "a build's stages (wfapi/describe)"
GITLAB_EVENTS = {
    "pipeline": "Pipeline Hook",
    "build": "Job Hook",
    "deployment": "Deployment Hook",
    "push": "Push Hook",
}
"""What the header says, by what the body calls itself."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request that a sender makes."""

    sender: str
    event: str
    """Both as the table names them."""
    headers: Mapping[str, str]
    body: bytes
    path: str = PATH


@dataclass(frozen=True, slots=True)
class Answer:
    """What the dashboard answered to a delivery."""

    delivery: Delivery
    status: int
    receipt: Mapping[str, Any]
    """Or the problem document."""

    @property
    def verdict(self) -> str:
        """The verdict, or the title of a problem."""
        return str(self.receipt.get("verdict") or self.receipt["title"])


def list_deliveries(attempt: str = "first") -> list[Delivery]:
    """Return a delivery for every body there is, by sender; GitHub's alone where there are no corpora.

    With another word for the attempt each is the same, under an id that its sender has not used before. Jenkins and
    CDEvents have none that is not part of the body: theirs stay as they are.
    """
    return [delivery for read in READERS.values() for delivery in read(attempt)]


def post_all(server: DashboardServer, deliveries: Iterable[Delivery]) -> list[Answer]:
    """Post them one after the other; return the answers in this order."""
    return [
        Answer(delivery, *server.request(delivery.path, delivery.body, delivery.headers)) for delivery in deliveries
    ]


def read_github(attempt: str) -> Iterator[Delivery]:
    """Yield the examples of the npm package, of github.com and of every version of its server."""
    for number, (event, example) in enumerate(read_examples()):
        body = json.dumps(example, separators=(",", ":"), ensure_ascii=False).encode()
        headers = {
            "Content-Type": JSON,
            "User-Agent": "GitHub-Hookshot/1f2e3d4",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": make_id("github", attempt, number),
            "X-GitHub-Hook-ID": "1",
            "X-GitHub-Hook-Installation-Target-ID": "2",
            "X-GitHub-Hook-Installation-Target-Type": "repository",
            "X-Hub-Signature": "sha1=" + hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest(),
            "X-Hub-Signature-256": sign_hub(body),
        }
        yield Delivery("GitHub", event, headers, body)


def read_gitlab(attempt: str) -> Iterator[Delivery]:
    """Yield the hooks of GitLab, with the secret token."""
    for path in list_files("gitlab"):
        body = path.read_bytes()
        event = json.loads(body)["object_kind"]
        headers = {
            "Content-Type": JSON,
            "User-Agent": "GitLab/18.0.0",
            "X-Gitlab-Event": GITLAB_EVENTS[event],
            "X-Gitlab-Event-UUID": make_id("gitlab event", attempt, path.stem),
            "X-Gitlab-Instance": "https://gitlab.example.org",
            "X-Gitlab-Token": SECRET,
            "X-Gitlab-Webhook-UUID": make_id("gitlab webhook"),
            "Idempotency-Key": make_id("gitlab", attempt, path.stem),
        }
        yield Delivery("GitLab", event, headers, body)


def read_bitbucket(attempt: str) -> Iterator[Delivery]:
    """Yield the hooks of Bitbucket Cloud, whose signature has the name of GitHub's old one."""
    for path in list_files("bitbucket"):
        body = path.read_bytes()
        event = path.stem.replace("-", ":", 1).replace("-", "_")
        headers = {
            "Content-Type": JSON,
            "User-Agent": "Bitbucket-Webhooks/2.0",
            "X-Attempt-Number": "1",
            "X-Event-Key": event,
            "X-Hook-UUID": make_id("bitbucket hook"),
            "X-Hub-Signature": sign_hub(body),
            "X-Request-UUID": make_id("bitbucket", attempt, path.stem),
        }
        yield Delivery("Bitbucket Cloud", event, headers, body)


def read_jenkins(_attempt: str) -> Iterator[Delivery]:
    """Yield what the Generic Event plugin posts, and answers of Jenkins' API that a pipeline's script can post.

    The plugin proves nothing: a proxy adds the secret. Neither has an id of the delivery in a header.
    """
    password = base64.b64encode(f"jenkins:{SECRET}".encode()).decode()
    for path in sorted(list_files("jenkins"), key=lambda path: (path.stem.partition("-")[0] != "generic", path)):
        body = path.read_bytes()
        notification = json.loads(body)
        if "data" in notification:
            headers = {**BEARER, "Content-Type": f"{JSON}; charset=UTF-8", "X-Event-Type": notification["type"]}
            yield Delivery("Jenkins, Generic Event plugin", notification["type"], headers, body, f"{PATH}/jenkins")
        else:
            event = STAGES if "stages" in notification else "others: builds, jobs, nodes, logs, …"
            headers = {"Authorization": f"Basic {password}", "Content-Type": JSON, "User-Agent": "curl/8.14.1"}
            yield Delivery("Jenkins, answers of its API", event, headers, body, f"{PATH}/jenkins")


def read_cdevents(_attempt: str) -> Iterator[Delivery]:
    """Yield every type in the three modes of CloudEvents over HTTP, and all of them in one batch."""
    envelopes = {path.stem.replace("_", "."): wrap_event(path) for path in list_files("cdevents-0.4.1")}
    for event, envelope in envelopes.items():
        context = {f"ce-{name}": value for name, value in envelope.items() if isinstance(value, str)}
        del context["ce-datacontenttype"]
        yield send_event(event, envelope["data"], JSON, **context)
        yield send_event(event, envelope, "application/cloudevents+json; charset=UTF-8")
        yield send_event(event, [envelope], "application/cloudevents-batch+json; charset=UTF-8")
    if envelopes:
        yield send_event("all of these in a batch", list(envelopes.values()), "application/cloudevents-batch+json")


def wrap_event(path: Path) -> dict[str, Any]:
    """Return the CloudEvent around the CDEvent in a file."""
    event = json.loads(path.read_bytes())
    attributes = {name: event["context"][name] for name in ("id", "source", "type")}
    time = event["context"]["timestamp"]
    return {"specversion": "1.0", **attributes, "time": time, "datacontenttype": JSON, "data": event}


def send_event(event: str, body: Any, media_type: str, **headers: str) -> Delivery:
    """Return the delivery of a CloudEvent, which has nothing of its own to prove who sends it."""
    raw = json.dumps(body, ensure_ascii=False).encode()
    return Delivery("CDEvents", event, {**BEARER, "Content-Type": media_type, **headers}, raw)


def list_files(folder: str) -> list[Path]:
    """Return the bodies in a folder of the corpora, none where there are no corpora."""
    return sorted((CORPORA / folder).glob("*.json"))


def make_id(*parts: object) -> str:
    """Return a UUID that is the same for the same parts."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, " ".join(map(str, parts))))


READERS: Mapping[str, Callable[[str], Iterable[Delivery]]] = {
    "GitHub": read_github,
    "GitLab": read_gitlab,
    "Bitbucket Cloud": read_bitbucket,
    "Jenkins": read_jenkins,
    "CDEvents": read_cdevents,
}

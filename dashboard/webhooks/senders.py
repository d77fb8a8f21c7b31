"""How deliveries of each dialect look from outside: the headers that tell it, its event and its key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.core.words import NATIVE
from dashboard.webhooks.dialects import bitbucket, buildbot, cdevents, gitea, github, gitlab, jenkins
from dashboard.webhooks.dialects.payload import Parsed


@dataclass(frozen=True, slots=True)
class Sender:
    """One of the CI servers' dialects; the native one, which refuses what it does not understand, is none of them."""

    name_event: Callable[[str | None, Any], str]
    """(header that names the event or None, body) → event."""
    parse: Callable[[str, Any], Parsed]
    event_headers: tuple[str, ...] = ()
    """Also tell the dialect of a delivery whose path and source do not."""
    key_headers: tuple[str, ...] = ()
    """Name what the sender keeps the same when it sends again."""
    name_delivery: Callable[[str, Any], str | None] | None = None
    """(event, body) → the same, for senders that have no such header."""


SENDERS: Mapping[str, Sender] = {
    # Gitea and Forgejo send GitHub's headers too: so they come first.
    "gitea": Sender(
        gitea.name_event,
        gitea.parse,
        ("X-Forgejo-Event", "X-Gitea-Event"),
        ("X-Forgejo-Delivery", "X-Gitea-Delivery"),
    ),
    "github": Sender(github.name_event, github.parse, ("X-GitHub-Event",), ("X-GitHub-Delivery",)),
    "gitlab": Sender(gitlab.name_event, gitlab.parse, ("X-Gitlab-Event",), ("Idempotency-Key", "webhook-id")),
    "bitbucket": Sender(bitbucket.name_event, bitbucket.parse, ("X-Event-Key",), ("X-Request-UUID",)),
    "cdevents": Sender(cdevents.name_event, cdevents.parse, ("ce-type",), name_delivery=cdevents.name_delivery),
    "jenkins": Sender(jenkins.name_event, jenkins.parse, name_delivery=jenkins.name_delivery),
    "buildbot": Sender(buildbot.name_event, buildbot.parse, name_delivery=buildbot.name_delivery),
}
DIALECTS = (NATIVE, *SENDERS)
NATIVE_KEY_HEADERS = ("webhook-id", "X-GitHub-Delivery", "Idempotency-Key")
CLOUDEVENTS = "application/cloudevents"
"""How the media types of structured and batched CloudEvents begin."""
KEPT_HEADERS = (
    *dict.fromkeys(
        (
            *NATIVE_KEY_HEADERS,
            *(header for sender in SENDERS.values() for header in (*sender.event_headers, *sender.key_headers)),
            "Content-Type", "Content-Encoding", "User-Agent", "webhook-timestamp", "X-Attempt-Number",
            "X-Gitlab-Instance", "ce-id", "ce-source", "ce-specversion", "ce-time",
        )
    ),
)  # fmt: skip
"""What is kept with a delivery: nothing that authenticates."""


CREDENTIAL_HEADERS = (
    "Authorization", "X-Hub-Signature-256", "X-Hub-Signature", "X-Gitea-Signature", "X-Forgejo-Signature",
    "X-Gitlab-Token", "webhook-id", "webhook-timestamp", "webhook-signature",
)  # fmt: skip
VARIABLES = {
    name: name.replace("-", "_").upper() if name == "Content-Type" else f"HTTP_{name.replace('-', '_').upper()}"
    for name in (*KEPT_HEADERS, *CREDENTIAL_HEADERS)
}
"""Where WSGI has the headers that mean something here."""


def read_headers(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return, under the names that this package uses, the headers of a delivery that mean something here."""
    return {name: environ[variable] for name, variable in VARIABLES.items() if variable in environ}


def detect_dialect(headers: Mapping[str, str], content_type: str) -> str:
    """Return the dialect that the headers of a delivery tell, native if none does. Signatures tell nothing."""
    if content_type.startswith(CLOUDEVENTS):
        return "cdevents"
    told = (name for name, sender in SENDERS.items() if any(header in headers for header in sender.event_headers))
    return next(told, NATIVE)


def read_first(headers: Mapping[str, str], names: tuple[str, ...]) -> tuple[str, str] | None:
    """Return name and value of the first of these headers that is there and not empty."""
    return next(((name, value) for name in names if (value := headers.get(name))), None)

"""The registry of dialects: their parsers, and the headers that identify dialect, event and delivery."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.core.words import NATIVE
from dashboard.webhooks.dialects import bitbucket, buildbot, cdevents, gitea, github, gitlab, jenkins
from dashboard.webhooks.dialects.payload import MAX_JOBS, MAX_STEPS, Parsed


def _list_places(*things: str) -> tuple[str, ...]:
    """Return where the status words of runs, jobs, steps and checks are, as GitHub and Gitea name them."""
    return tuple(f"{thing}.{name}" for thing in things for name in ("status", "conclusion"))


@dataclass(frozen=True, slots=True)
class Sender:
    """A CI server's dialect. The native dialect is not one of these: it rejects invalid deliveries."""

    name_event: Callable[[str | None, Any], str]
    """(event in the header or None, body) → event."""
    parse: Callable[[str, Any], Parsed]
    event_headers: tuple[str, ...] = ()
    """The headers that name the event; they also identify the dialect if neither path nor source does."""
    key_headers: tuple[str, ...] = ()
    """The headers whose value stays the same when the sender sends a delivery again."""
    name_delivery: Callable[[str, Any], str | None] | None = None
    """(event, body) → a key that stays the same, for senders without such a header."""
    words: Container[str] = ()
    """The known status words, in lower case."""
    status_places: tuple[str, ...] = ()
    """Where status words are in a body, see unread."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """Places of the lists of jobs, steps or events, with the number of items that the parser reads."""


SENDERS: Mapping[str, Sender] = {
    # Gitea and Forgejo come first because they send GitHub's headers, too.
    "gitea": Sender(
        gitea.name_event,
        gitea.parse,
        ("X-Forgejo-Event", "X-Gitea-Event"),
        ("X-Forgejo-Delivery", "X-Gitea-Delivery"),
        words=gitea.WORDS,
        status_places=(
            *_list_places("workflow_run", "workflow_job", "workflow_job.steps.[]", "run", "job", "job.steps.[]"),
            "state",
        ),
        limits={"workflow_job.steps": MAX_STEPS, "job.steps": MAX_STEPS},
    ),
    "github": Sender(
        github.name_event,
        github.parse,
        ("X-GitHub-Event",),
        ("X-GitHub-Delivery",),
        words=github.WORDS,
        status_places=(
            *_list_places("workflow_run", "workflow_job", "workflow_job.steps.[]", "check_run"),
            "deployment_status.state",
            "state",
        ),
        limits={"workflow_job.steps": MAX_STEPS},
    ),
    "gitlab": Sender(
        gitlab.name_event,
        gitlab.parse,
        ("X-Gitlab-Event",),
        ("Idempotency-Key", "webhook-id"),
        words=gitlab.WORDS,
        status_places=("object_attributes.status", "builds.[].status", "build_status", "status"),
        limits={"builds": MAX_JOBS},
    ),
    "bitbucket": Sender(
        bitbucket.name_event,
        bitbucket.parse,
        ("X-Event-Key",),
        ("X-Request-UUID",),
        words=bitbucket.WORDS,
        status_places=("commit_status.state",),
    ),
    "cdevents": Sender(
        cdevents.name_event,
        cdevents.parse,
        ("ce-type",),
        name_delivery=cdevents.name_delivery,
        words=cdevents.WORDS,
        status_places=tuple(f"{event}subject.content.outcome" for event in ("", "data.", "[].", "[].data.")),
        limits={"": MAX_JOBS},
    ),
    "jenkins": Sender(
        jenkins.name_event,
        jenkins.parse,
        name_delivery=jenkins.name_delivery,
        words=jenkins.WORDS,
        status_places=("build.status", "data.result", "status", "stages.[].status"),
        limits={"stages": MAX_STEPS},
    ),
    "buildbot": Sender(
        buildbot.name_event,
        buildbot.parse,
        name_delivery=buildbot.name_delivery,
        words=tuple(map(str, range(len(buildbot.RESULTS)))),
        status_places=("results", "steps.[].results"),
        limits={"steps": MAX_STEPS},
    ),
}
DIALECTS = (NATIVE, *SENDERS)
OTHER_NAMES: Mapping[str, str] = {"forgejo": "gitea"}
"""Names that a person may use for a dialect, and its own name."""
NATIVE_KEY_HEADERS = ("webhook-id", "X-GitHub-Delivery", "Idempotency-Key")
CLOUDEVENTS = "application/cloudevents"
"""The prefix of the media types of structured and batched CloudEvents."""
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
"""The headers that are stored with a delivery; none of them authenticates."""
CREDENTIAL_HEADERS = (
    "Authorization", "X-Hub-Signature-256", "X-Hub-Signature", "X-Gitea-Signature", "X-Forgejo-Signature",
    "X-Gitlab-Token", "webhook-id", "webhook-timestamp", "webhook-signature",
)  # fmt: skip
ENVIRON_KEYS = {
    name: name.replace("-", "_").upper() if name == "Content-Type" else f"HTTP_{name.replace('-', '_').upper()}"
    for name in (*KEPT_HEADERS, *CREDENTIAL_HEADERS)
}
"""The WSGI key of each header that this package reads."""


def read_headers(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return the stored headers and the credentials of a request, by name."""
    return {name: environ[key] for name, key in ENVIRON_KEYS.items() if key in environ}


def detect_dialect(headers: Mapping[str, str], content_type: str) -> str:
    """Return the dialect by the headers of a delivery, native if none identifies one. Signatures do not count."""
    if content_type.startswith(CLOUDEVENTS):
        return "cdevents"
    found = (name for name, sender in SENDERS.items() if any(header in headers for header in sender.event_headers))
    return next(found, NATIVE)


def find_header(headers: Mapping[str, str], names: tuple[str, ...]) -> tuple[str, str] | None:
    """Return name and value of the first of these headers that is present and not empty, None if none is."""
    return next(((name, value) for name in names if (value := headers.get(name))), None)

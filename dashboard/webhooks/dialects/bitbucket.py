"""The dialect of Bitbucket Cloud: commit statuses, set by CI servers and by its own Pipelines. Pure.

Source: https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/
"""

from collections.abc import Mapping
from typing import Any

from dashboard.core.registers import Outcome, claim_node
from dashboard.core.report import Report
from dashboard.core.words import Conclusion, Meaning, Status
from dashboard.webhooks.dialects.branches import name_fork_branch
from dashboard.webhooks.dialects.payload import (
    MAX_NAME_LENGTH,
    MAX_TEXT_LENGTH,
    MAX_URL_LENGTH,
    Body,
    Events,
    Ignored,
    Parsed,
    count_milliseconds,
    identify,
    parse_event,
    read_host,
    read_meaning,
    read_object,
    read_text,
    read_time,
    require,
)

WORDS: Mapping[str, Meaning] = {
    "inprogress": (Status.IN_PROGRESS, None),
    "successful": (Status.COMPLETED, Conclusion.SUCCESS),
    "failed": (Status.COMPLETED, Conclusion.FAILURE),
    "stopped": (Status.COMPLETED, Conclusion.CANCELLED),
}


def name_event(header_event: str | None, body: Any) -> str:  # noqa: ANN401
    """Return the event of a delivery: the one that its header names, else one guessed from the body."""
    return header_event or ("repo:commit_status_updated" if read_object(body, "commit_status") else "unnamed")


def parse(event: str, body: Any) -> Parsed:  # noqa: ANN401
    """Return the reports in the body of an event, or why it is ignored; raise MalformedError."""
    return parse_event(EVENTS, event, read_object(body))


def _parse_status(body: Body) -> Parsed:
    """Return the report of a commit status: a deployment with one job.

    The URL is no part of the identity: a status can begin with one address and end with another. When the CI server
    runs again, it reports the same key: the later status is a new generation.
    """
    status = read_object(body, "commit_status")
    key: str = require("commit_status.key", read_text(status, "key"))
    sha: str = require("commit_status.commit", _read_commit(status))
    name: str = require("repository.full_name", read_text(body, "repository", "full_name"))
    url = read_text(status, "url", limit=MAX_URL_LENGTH)
    uuid = read_text(body, "repository", "uuid")
    parts = (_read_host(body), uuid or name.lower(), "status", sha, key)
    identity = identify("bitbucket", name, parts, sender_id=uuid)
    outcome = _read_outcome(status)
    stamp, notes = outcome.reported_at, _read_notes(status, outcome)
    values = _describe_status(body, status) | notes | {"repository": name, "commit_hash": sha, "run_url": url}
    node = claim_node(values, outcome=outcome, stamp=stamp)
    job = claim_node({"name": read_text(status, "name") or key, **notes}, outcome=outcome, stamp=stamp)
    project = claim_node({"name": name, "repository": name}, stamp=stamp)
    return (Report(identity, project, node, {key: job}),)


def _read_host(body: Body) -> str:
    links = read_object(body, "repository", "links")
    return read_host(*(read_text(links, name, "href", limit=MAX_URL_LENGTH) for name in ("html", "self")))


def _read_commit(status: Body) -> str | None:
    """Return the hash of the commit; older statuses have it only in a URL."""
    url = read_text(status, "links", "commit", "href", limit=MAX_URL_LENGTH) or ""
    _, found, sha = url.rpartition("/commit/")
    return read_text(status, "commit", "hash") or (sha.strip("/")[:MAX_NAME_LENGTH] if found else None)


def _read_outcome(status: Body) -> Outcome:
    word: str = require("commit_status.state", read_text(status, "state"))
    stamp = read_time(status, "updated_on") or read_time(status, "created_on")
    rank, conclusion = read_meaning(WORDS, word)
    ended_at = stamp if rank == Status.COMPLETED else None
    return Outcome(rank, word, conclusion, ended_at, count_milliseconds(stamp), stamp)


def _read_notes(status: Body, outcome: Outcome) -> dict[str, str | None]:
    description = read_text(status, "description", limit=MAX_TEXT_LENGTH)
    # An empty error replaces that of an earlier run that failed.
    return {"message": description, "error": description if outcome.conclusion == Conclusion.FAILURE else ""}


def _describe_status(body: Body, status: Body) -> dict[str, str | None]:
    source, branch = read_object(status, "commit", "repository"), read_text(status, "refname")
    return {
        "branch": name_fork_branch(_name_owner(source), branch) if _is_fork(body, source) else branch,
        "commit_message": read_text(status, "commit", "message", limit=MAX_TEXT_LENGTH),
        "triggered_by": read_text(body, "actor", "nickname") or read_text(body, "actor", "display_name"),
    }


def _is_fork(body: Body, source: Body) -> bool:
    """Return whether the repository of a commit is another one than that of the body."""
    own = read_object(body, "repository")
    pairs = ((read_text(source, name), read_text(own, name)) for name in ("uuid", "full_name"))
    known = next(((one, other) for one, other in pairs if one and other), None)
    return known is not None and known[0].lower() != known[1].lower()


def _name_owner(source: Body) -> str | None:
    return (read_text(source, "full_name") or "").partition("/")[0] or None


CODE_EVENT = Ignored("code event; the builds it starts are reported as commit statuses")
DISCUSSION_EVENT = Ignored("issue or pull request event, not a build")
SETTINGS = Ignored("settings event, not a build")

EVENTS: Events = {
    "repo:commit_status_created": _parse_status,
    "repo:commit_status_updated": _parse_status,
    "pipeline:span_created": Ignored("trace of a pipeline; the pipeline is reported as a commit status"),
    "repo:fork": CODE_EVENT,
    "repo:push": CODE_EVENT,
    "issue:comment_created": DISCUSSION_EVENT,
    "issue:created": DISCUSSION_EVENT,
    "issue:updated": DISCUSSION_EVENT,
    "pullrequest:approved": DISCUSSION_EVENT,
    "pullrequest:changes_request_created": DISCUSSION_EVENT,
    "pullrequest:changes_request_removed": DISCUSSION_EVENT,
    "pullrequest:comment_created": DISCUSSION_EVENT,
    "pullrequest:comment_deleted": DISCUSSION_EVENT,
    "pullrequest:comment_reopened": DISCUSSION_EVENT,
    "pullrequest:comment_resolved": DISCUSSION_EVENT,
    "pullrequest:comment_updated": DISCUSSION_EVENT,
    "pullrequest:created": DISCUSSION_EVENT,
    "pullrequest:fulfilled": DISCUSSION_EVENT,
    "pullrequest:push": DISCUSSION_EVENT,
    "pullrequest:rejected": DISCUSSION_EVENT,
    "pullrequest:unapproved": DISCUSSION_EVENT,
    "pullrequest:updated": DISCUSSION_EVENT,
    "repo:commit_comment_created": DISCUSSION_EVENT,
    "project:updated": SETTINGS,
    "repo:created": SETTINGS,
    "repo:deleted": SETTINGS,
    "repo:imported": SETTINGS,
    "repo:transfer": SETTINGS,
    "repo:updated": SETTINGS,
}

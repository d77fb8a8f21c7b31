"""The dialect of Gitea and of Forgejo: workflow runs and jobs, and commit statuses. Pure.

Gitea (1.24 and later) sends GitHub's `workflow_run` and `workflow_job`. Forgejo has its own events, one for each
status: for runs that have ended (`action_run_…`), in later versions for every change of a job (`workflow_job_…`) and of
a run (`workflow_run_…`). Their body contains the whole run and, if the event is about a job, that job.
Both number the attempts of a job but not of a run: all attempts are one deployment, in which each is a new generation.
Sources: services/convert/action.go and modules/structs/hook.go of https://github.com/go-gitea/gitea,
services/webhook/notifier.go and modules/structs/action.go of https://codeberg.org/forgejo/forgejo.
"""

from collections.abc import Mapping
from typing import Any

from dashboard.core.report import Report
from dashboard.core.storable import MAX_INT
from dashboard.core.words import Conclusion, Meaning, Status
from dashboard.webhooks.dialects.actions import (
    claim_job,
    claim_project,
    claim_run,
    claim_steps,
    count_start,
    guess_event,
    identify_run,
    parse_commit_status,
    parse_job,
    parse_run,
    read_stamp,
    read_steps,
)
from dashboard.webhooks.dialects.payload import (
    MAX_TEXT_LENGTH,
    MAX_URL_LENGTH,
    Body,
    Events,
    Ignored,
    Parsed,
    parse_event,
    read_int,
    read_object,
    read_text,
)

WORDS: Mapping[str, Meaning] = {
    "requested": (Status.QUEUED, None),
    "queued": (Status.QUEUED, None),
    "pending": (Status.QUEUED, None),
    "waiting": (Status.QUEUED, None),
    "blocked": (Status.QUEUED, None),
    "in_progress": (Status.IN_PROGRESS, None),
    "running": (Status.IN_PROGRESS, None),
    "cancelling": (Status.IN_PROGRESS, None),
    "completed": (Status.COMPLETED, Conclusion.UNKNOWN),
    "success": (Status.COMPLETED, Conclusion.SUCCESS),
    "warning": (Status.COMPLETED, Conclusion.SUCCESS),
    "failure": (Status.COMPLETED, Conclusion.FAILURE),
    "error": (Status.COMPLETED, Conclusion.FAILURE),
    "cancelled": (Status.COMPLETED, Conclusion.CANCELLED),
    "skipped": (Status.COMPLETED, Conclusion.SKIPPED),
}
"""Gitea's and Forgejo's words for runs, jobs, steps and commit statuses; a warning does not block a merge."""
SUBJECTS = ("workflow_job", "workflow_run")
"""The events that are recognised by their body: Gitea's header was empty for events that were new to it."""


def name_event(header_event: str | None, body: Any) -> str:  # noqa: ANN401
    """Return the event of a delivery: the one that its header names, else one guessed from the body."""
    return guess_event(header_event, body, SUBJECTS)


def parse(event: str, body: Any) -> Parsed:  # noqa: ANN401
    """Return the reports in the body of an event, or why it is ignored; raise MalformedError."""
    return parse_event(EVENTS, event, read_object(body))


def _parse_run(body: Body) -> Parsed:
    return parse_run("gitea", WORDS, body, numbers_runs=False)


def _parse_job(body: Body) -> Parsed:
    # It is empty for a pull request, so it is never a fork's.
    branch = read_text(body, "workflow_job", "head_branch")
    return parse_job("gitea", WORDS, body, branch=branch, numbers_runs=False)


def _parse_status(body: Body) -> Parsed:
    home = read_text(body, "repository", "html_url", limit=MAX_URL_LENGTH)
    target_url = read_text(body, "target_url", limit=MAX_URL_LENGTH) or ""
    if home and target_url.startswith(f"{home}/actions/runs/"):
        return Ignored("job of Gitea Actions; it is reported as workflow_job")
    return parse_commit_status("gitea", WORDS, body)


def _parse_forgejo(body: Body) -> Parsed:
    """Return the report of a Forgejo body on a run and, if it contains one, on a job."""
    run, job = read_object(body, "run"), read_object(body, "job")
    # Events of runs have the repository in the run, events of jobs beside it.
    place = {"repository": read_object(body, "repository") or read_object(run, "repository")}
    identity = identify_run("gitea", place, read_text(run, "id"), None)
    node = claim_run(WORDS, place, run, _describe_run(run), generation=count_start(run))
    stamp = read_stamp(run)
    if not job:
        return (Report(identity, claim_project(place, stamp), node),)
    attempt = read_int(job, "attempt", maximum=MAX_INT) or 0
    key, job_node = claim_job(WORDS, job, stamp, generation=attempt)
    steps = claim_steps(WORDS, key, read_steps(job), stamp)
    return (Report(identity, claim_project(place, stamp), node, {key: job_node}, steps),)


def _describe_run(run: Body) -> dict[str, str | None]:
    ref = read_text(run, "prettyref") or "#"
    run_url = read_text(run, "html_url", limit=MAX_URL_LENGTH) or read_text(run, "run_html_url", limit=MAX_URL_LENGTH)
    return {
        # The ref of a pull request is its number, with a # before it.
        "branch": None if ref.startswith("#") else ref,
        "commit_hash": read_text(run, "commit_sha"),
        "triggered_by": read_text(run, "trigger_user", "login"),
        "trigger_type": read_text(run, "trigger_event") or read_text(run, "event"),
        "run_url": run_url,
        "message": read_text(run, "title", limit=MAX_TEXT_LENGTH),
    }


UNRELATED = Ignored("not about a run")

EVENTS: Events = {
    "workflow_run": _parse_run,
    "workflow_job": _parse_job,
    "status": _parse_status,
    "action_run_failure": _parse_forgejo,
    "action_run_recover": _parse_forgejo,
    "action_run_success": _parse_forgejo,
    "workflow_job_blocked": _parse_forgejo,
    "workflow_job_cancelled": _parse_forgejo,
    "workflow_job_failure": _parse_forgejo,
    "workflow_job_running": _parse_forgejo,
    "workflow_job_skipped": _parse_forgejo,
    "workflow_job_success": _parse_forgejo,
    "workflow_job_waiting": _parse_forgejo,
    "workflow_run_blocked": _parse_forgejo,
    "workflow_run_cancelled": _parse_forgejo,
    "workflow_run_failure": _parse_forgejo,
    "workflow_run_running": _parse_forgejo,
    "workflow_run_skipped": _parse_forgejo,
    "workflow_run_success": _parse_forgejo,
    "workflow_run_waiting": _parse_forgejo,
    "create": UNRELATED,
    "delete": UNRELATED,
    "fork": UNRELATED,
    "issue_assign": UNRELATED,
    "issue_comment": UNRELATED,
    "issue_label": UNRELATED,
    "issue_milestone": UNRELATED,
    "issues": UNRELATED,
    "package": UNRELATED,
    "pull_request": UNRELATED,
    "pull_request_approved": UNRELATED,
    "pull_request_assign": UNRELATED,
    "pull_request_comment": UNRELATED,
    "pull_request_label": UNRELATED,
    "pull_request_milestone": UNRELATED,
    "pull_request_rejected": UNRELATED,
    "pull_request_review": UNRELATED,
    "pull_request_review_approved": UNRELATED,
    "pull_request_review_comment": UNRELATED,
    "pull_request_review_rejected": UNRELATED,
    "pull_request_review_request": UNRELATED,
    "pull_request_sync": UNRELATED,
    "push": Ignored("code event; the runs it starts are reported separately"),
    "release": UNRELATED,
    "repository": UNRELATED,
    "wiki": UNRELATED,
}

"""The dialect of GitHub: workflow runs and jobs, deployments, check runs and commit statuses. Pure.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dashboard.core.registers import Outcome, Scalar, claim_node, merge_nodes
from dashboard.core.report import Report
from dashboard.core.words import Conclusion, Meaning, Status
from dashboard.webhooks.dialects.actions import (
    STARTED,
    claim_project,
    guess_event,
    identify_in_repository,
    parse_commit_status,
    parse_job,
    parse_run,
    read_attempt,
    read_first,
    read_outcome,
    read_stamp,
)
from dashboard.webhooks.dialects.branches import read_check_branch, read_head_branch
from dashboard.webhooks.dialects.payload import (
    DEFAULT_JOB,
    MAX_TEXT_LENGTH,
    MAX_URL_LENGTH,
    Body,
    Events,
    Ignored,
    Parsed,
    parse_event,
    read_int,
    read_meaning,
    read_object,
    read_text,
    require,
)

WORDS: Mapping[str, Meaning] = {
    "requested": (Status.QUEUED, None),
    "queued": (Status.QUEUED, None),
    "pending": (Status.QUEUED, None),
    "waiting": (Status.QUEUED, None),
    "in_progress": (Status.IN_PROGRESS, None),
    "completed": (Status.COMPLETED, Conclusion.UNKNOWN),
    "success": (Status.COMPLETED, Conclusion.SUCCESS),
    "failure": (Status.COMPLETED, Conclusion.FAILURE),
    "error": (Status.COMPLETED, Conclusion.FAILURE),
    "startup_failure": (Status.COMPLETED, Conclusion.FAILURE),
    "neutral": (Status.COMPLETED, Conclusion.NEUTRAL),
    "cancelled": (Status.COMPLETED, Conclusion.CANCELLED),
    "timed_out": (Status.COMPLETED, Conclusion.TIMED_OUT),
    "action_required": (Status.COMPLETED, Conclusion.ACTION_REQUIRED),
    "stale": (Status.COMPLETED, Conclusion.UNKNOWN),
    "skipped": (Status.COMPLETED, Conclusion.SKIPPED),
    # A newer deployment has replaced it: its outcome stays as reported before.
    "inactive": (Status.QUEUED, None),
}
"""Status and conclusion of runs, jobs, steps and checks; state of deployments and commit statuses."""
SUBJECTS = ("workflow_job", "deployment_status", "deployment", "workflow_run", "check_run", "check_suite")
"""The events that are recognised by their body; first those whose bodies contain the subjects of later ones."""


def name_event(header_event: str | None, body: Any) -> str:  # noqa: ANN401
    """Return the event of a delivery: the one that its header names, else one guessed from the body."""
    return guess_event(header_event, body, SUBJECTS)


def parse(event: str, body: Any) -> Parsed:  # noqa: ANN401
    """Return the reports in the body of an event, or why it is ignored; raise MalformedError."""
    return parse_event(EVENTS, event, read_object(body))


def _parse_run(body: Body) -> Parsed:
    return parse_run("github", WORDS, body)


def _parse_job(body: Body) -> Parsed:
    """Return the reports of a `workflow_job` body: on the run with the job, and on what a started job deploys."""
    # The body does not say whether its head_branch is a fork's; that of the run does.
    parsed = parse_job("github", WORDS, body)
    job, deployment = read_object(body, "workflow_job"), read_object(body, "deployment")
    outcome = read_outcome(WORDS, job, read_stamp(job))
    has_started = outcome is not None and outcome.status != Status.QUEUED and outcome.conclusion != Conclusion.SKIPPED
    if isinstance(parsed, Ignored) or not (has_started and read_text(deployment, "id")):
        return parsed
    run = {"id": job.get("run_id"), "run_attempt": job.get("run_attempt")}
    return (*parsed, _report_job_deployment({**body, "workflow_run": run}, job, outcome))


def _parse_status(body: Body) -> Parsed:
    return parse_commit_status("github", WORDS, body)


def _parse_deployment(body: Body) -> Parsed:
    """Return the report of a `deployment` or `deployment_status` body, whose status is newer than the deployment.

    A run can deploy to several environments: each of its deployments is one of its own, linked to the run.
    """
    return (_report_deployment(body, read_object(body, "deployment"), read_object(body, "deployment_status")),)


def _report_job_deployment(body: Body, job: Body, outcome: Outcome | None) -> Report:
    """Return the report of the deployment that a job makes: it starts and ends with the job until a status says more.

    The generation of its outcome is 0, and that of a status its id, which counts more.
    """
    report = _report_deployment(body, read_object(body, "deployment"), {})
    node = claim_node({}, outcome=outcome, stamp=read_stamp(job), started_at=read_first(job, STARTED))
    jobs = {key: merge_nodes(known, node) for key, known in report.jobs.items()}
    return replace(report, deployment=merge_nodes(report.deployment, node), jobs=jobs)


def _report_deployment(body: Body, deployment: Body, status: Body) -> Report:
    """Return the report of a deployment, which knows the run that made it if it was GitHub Actions."""
    deployment_id = require("deployment.id", read_text(deployment, "id"))
    identity = identify_in_repository("github", body, "deployment", deployment_id)
    stamp = read_stamp(status) or read_stamp(deployment)
    outcome = _read_deployment_outcome(status)
    description = read_text(status, "description", limit=MAX_TEXT_LENGTH)
    failed = outcome is not None and outcome.conclusion == Conclusion.FAILURE
    notes = {
        "message": description or read_text(deployment, "description", limit=MAX_TEXT_LENGTH),
        "error": description if failed else "",
    }
    values = _describe_deployment(body, deployment, status) | notes
    node = claim_node(values, outcome=outcome, stamp=stamp)
    job = claim_node({"name": DEFAULT_JOB, **notes}, outcome=outcome, stamp=stamp)
    return Report(identity, claim_project(body, stamp), node, {DEFAULT_JOB: job})


def _read_deployment_outcome(status: Body) -> Outcome | None:
    word = read_text(status, "state")
    if word is None:
        return None
    stamp = read_stamp(status)
    rank, conclusion = read_meaning(WORDS, word)
    # Several statuses of a second, the precision of GitHub's times, are in the order of their ids.
    generation = read_int(status, "id") or 0
    return Outcome(rank, word, conclusion, stamp if rank == Status.COMPLETED else None, generation, stamp)


def _describe_deployment(body: Body, deployment: Body, status: Body) -> dict[str, Scalar | None]:
    run, home = read_object(body, "workflow_run"), read_text(body, "repository", "html_url", limit=MAX_URL_LENGTH)
    run_id = read_text(run, "id")
    # The address of a deployment that a workflow makes may be elsewhere, and would not lead to its run.
    run_url = f"{home}/actions/runs/{run_id}"[:MAX_URL_LENGTH] if home and run_id else None
    log_url = read_text(status, "log_url", limit=MAX_URL_LENGTH)
    return {
        "environment": read_text(status, "environment") or read_text(deployment, "environment"),
        "repository": read_text(body, "repository", "full_name"),
        "branch": read_head_branch(body, {**run, "head_branch": deployment.get("ref")}),
        "commit_hash": read_text(deployment, "sha"),
        "triggered_by": read_text(deployment, "creator", "login"),
        "run_url": run_url or log_url or read_text(status, "target_url", limit=MAX_URL_LENGTH),
        "test_url": read_text(status, "environment_url", limit=MAX_URL_LENGTH),
        "of_run": run_id,
        "of_attempt": run_id and (read_attempt(run) or 1),
    }


def _parse_check_run(body: Body) -> Parsed:
    """Return the report of a `check_run` body: a check by an app other than Actions is a deployment with one job."""
    check = read_object(body, "check_run")
    if read_text(check, "app", "slug") == "github-actions":
        return Ignored("job of GitHub Actions; it is reported as workflow_job")
    check_id: str = require("check_run.id", read_text(check, "id"))
    identity = identify_in_repository("github", body, "check_run", check_id)
    stamp = read_stamp(check)
    outcome = read_outcome(WORDS, check, stamp)
    title, summary = (read_text(check, "output", name, limit=MAX_TEXT_LENGTH) for name in ("title", "summary"))
    failed = outcome is not None and outcome.conclusion in {Conclusion.FAILURE, Conclusion.TIMED_OUT}
    notes = {"message": title or summary, "error": (summary or title) if failed else ""}
    started_at = read_first(check, STARTED)
    node = claim_node(_describe_check(body, check) | notes, outcome=outcome, stamp=stamp, started_at=started_at)
    name = {"name": read_text(check, "name")}
    job = claim_node(name | notes, outcome=outcome, stamp=stamp, started_at=started_at)
    return (Report(identity, claim_project(body, stamp), node, {check_id: job}),)


def _describe_check(body: Body, check: Body) -> dict[str, str | None]:
    details_url = read_text(check, "details_url", limit=MAX_URL_LENGTH)
    return {
        "environment": read_text(check, "deployment", "environment"),
        "repository": read_text(body, "repository", "full_name"),
        "branch": read_check_branch(body, check),
        "commit_hash": read_text(check, "head_sha"),
        "run_url": details_url or read_text(check, "html_url", limit=MAX_URL_LENGTH),
    }


CODE_EVENT = Ignored("code event; the runs it starts are reported separately")
TRIGGER_EVENT = Ignored("the run it starts is reported as workflow_run")
REVIEW = Ignored("the run that waits for it is reported as workflow_run")
DISCUSSION_EVENT = Ignored("issue, pull request or discussion event, not a run")
SECURITY = Ignored("security event, not a run")
SETTINGS = Ignored("settings event, not a run")
USER_EVENT = Ignored("user or permission event, not a run")
BILLING_EVENT = Ignored("billing event, not a run")

EVENTS: Events = {
    "workflow_run": _parse_run,
    "workflow_job": _parse_job,
    "deployment": _parse_deployment,
    "deployment_status": _parse_deployment,
    "check_run": _parse_check_run,
    "status": _parse_status,
    "ping": Ignored("ping; the webhook works"),
    "check_suite": Ignored("its check runs and its workflow run are reported separately"),
    "deployment_protection_rule": REVIEW,
    "deployment_review": REVIEW,
    "repository_dispatch": TRIGGER_EVENT,
    "workflow_dispatch": TRIGGER_EVENT,
    "page_build": Ignored("the run that deploys GitHub Pages is reported as workflow_run"),
    "commit_comment": DISCUSSION_EVENT,
    "create": CODE_EVENT,
    "delete": CODE_EVENT,
    "fork": CODE_EVENT,
    "gollum": CODE_EVENT,
    "merge_group": CODE_EVENT,
    "package": CODE_EVENT,
    "push": CODE_EVENT,
    "registry_package": CODE_EVENT,
    "release": CODE_EVENT,
    "discussion": DISCUSSION_EVENT,
    "discussion_comment": DISCUSSION_EVENT,
    "issue_comment": DISCUSSION_EVENT,
    "issue_dependencies": DISCUSSION_EVENT,
    "issue_relates_to": DISCUSSION_EVENT,
    "issues": DISCUSSION_EVENT,
    "label": DISCUSSION_EVENT,
    "milestone": DISCUSSION_EVENT,
    "project": DISCUSSION_EVENT,
    "project_card": DISCUSSION_EVENT,
    "project_column": DISCUSSION_EVENT,
    "projects_v2": DISCUSSION_EVENT,
    "projects_v2_item": DISCUSSION_EVENT,
    "projects_v2_status_update": DISCUSSION_EVENT,
    "pull_request": DISCUSSION_EVENT,
    "pull_request_review": DISCUSSION_EVENT,
    "pull_request_review_comment": DISCUSSION_EVENT,
    "pull_request_review_thread": DISCUSSION_EVENT,
    "sub_issues": DISCUSSION_EVENT,
    "code_scanning_alert": SECURITY,
    "dependabot_alert": SECURITY,
    "repository_advisory": SECURITY,
    "repository_vulnerability_alert": SECURITY,
    "secret_scanning_alert": SECURITY,
    "secret_scanning_alert_location": SECURITY,
    "secret_scanning_scan": SECURITY,
    "security_advisory": SECURITY,
    "security_and_analysis": SECURITY,
    "branch_protection_configuration": SETTINGS,
    "branch_protection_rule": SETTINGS,
    "cache_sync": SETTINGS,
    "content_reference": SETTINGS,
    "custom_property": SETTINGS,
    "custom_property_values": SETTINGS,
    "deploy_key": SETTINGS,
    "enterprise": SETTINGS,
    "installation": SETTINGS,
    "installation_repositories": SETTINGS,
    "installation_target": SETTINGS,
    "meta": SETTINGS,
    "public": SETTINGS,
    "repository": SETTINGS,
    "repository_import": SETTINGS,
    "repository_ruleset": SETTINGS,
    "github_app_authorization": USER_EVENT,
    "member": USER_EVENT,
    "membership": USER_EVENT,
    "org_block": USER_EVENT,
    "organization": USER_EVENT,
    "personal_access_token_request": USER_EVENT,
    "star": USER_EVENT,
    "team": USER_EVENT,
    "team_add": USER_EVENT,
    "user": USER_EVENT,
    "watch": USER_EVENT,
    "marketplace_purchase": BILLING_EVENT,
    "sponsorship": BILLING_EVENT,
}

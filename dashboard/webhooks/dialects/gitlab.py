"""The dialect of GitLab: pipelines, their jobs, and deployments. Pure.

A pipeline hook contains the latest attempt of every job, a job hook one job; both report on the same deployment.
Sources: https://docs.gitlab.com/user/project/integrations/webhook_events/,
https://docs.gitlab.com/administration/system_hooks/ and lib/gitlab/data_builder of https://gitlab.com/gitlab-org/gitlab
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from dashboard.core.registers import Node, Outcome, Scalar, claim_node, merge_nodes
from dashboard.core.report import Identity, Report
from dashboard.core.steps import normalise_name
from dashboard.core.words import Conclusion, Meaning, Status
from dashboard.webhooks.dialects.branches import name_fork_branch
from dashboard.webhooks.dialects.gitlab_project import (
    claim_project,
    identify_in_project,
    name_project,
    read_project_url,
)
from dashboard.webhooks.dialects.payload import (
    DEFAULT_JOB,
    MAX_JOBS,
    MAX_NAME_LENGTH,
    MAX_TEXT_LENGTH,
    MAX_URL_LENGTH,
    Body,
    Events,
    Ignored,
    Parsed,
    find_latest,
    parse_event,
    read_flag,
    read_int,
    read_meaning,
    read_object,
    read_objects,
    read_seconds,
    read_text,
    read_time,
    read_value,
    require,
)

WORDS: Mapping[str, Meaning] = {
    "created": (Status.QUEUED, None),
    "waiting_for_resource": (Status.QUEUED, None),
    "preparing": (Status.QUEUED, None),
    "waiting_for_callback": (Status.QUEUED, None),
    "pending": (Status.QUEUED, None),
    "scheduled": (Status.QUEUED, None),
    "manual": (Status.QUEUED, None),
    "blocked": (Status.QUEUED, None),
    "running": (Status.IN_PROGRESS, None),
    "canceling": (Status.IN_PROGRESS, None),
    "success": (Status.COMPLETED, Conclusion.SUCCESS),
    "failed": (Status.COMPLETED, Conclusion.FAILURE),
    "canceled": (Status.COMPLETED, Conclusion.CANCELLED),
    "skipped": (Status.COMPLETED, Conclusion.SKIPPED),
}
"""Statuses of pipelines, jobs and deployments; only a deployment can be blocked."""
MAX_ENVIRONMENTS = 100
"""The maximum number of deployments that one hook reports, each of which is written as a deployment of its own."""
BUILD_FIELDS = (
    "id", "name", "status", "created_at", "started_at", "finished_at", "duration", "allow_failure", "failure_reason",
)  # fmt: skip
"""A job's fields in a pipeline hook; in a job hook they begin with `build_`."""


def name_event(header_event: str | None, body: Any) -> str:  # noqa: ANN401
    """Return the event of a delivery: the one that its body names, else the one that its header names.

    The body comes first because the header is the same for all system hooks.
    """
    header = (header_event or "unnamed").removesuffix(" Hook").casefold().replace(" ", "_")
    return read_text(body, "object_kind") or read_text(body, "event_name") or header


def parse(event: str, body: Any) -> Parsed:  # noqa: ANN401
    """Return the reports in the body of an event, or why it is ignored; raise MalformedError."""
    return parse_event(EVENTS, event, read_object(body))


def _parse_pipeline(body: Body) -> Parsed:
    """Return the report of a pipeline hook: the pipeline and the latest attempt of each of its jobs."""
    pipeline, builds = read_object(body, "object_attributes"), _read_builds(body)
    identity = _identify_run(body, read_text(pipeline, "id"))
    # A reopened pipeline keeps the time at which it ended before, so its jobs' times count, too.
    stamp = find_latest(_read_stamp(pipeline), *map(_read_stamp, builds))
    generation = max((read_int(build, "id") or 0 for build in builds), default=0)
    outcome = _read_outcome(pipeline, stamp, generation)
    started_at = min(filter(None, (read_time(build, "started_at") for build in builds)), default=None)
    values = _describe_run(body, identity) | _describe_pipeline(body, pipeline, outcome)
    node = claim_node(values, outcome=outcome, stamp=stamp, started_at=started_at)
    jobs = _claim_jobs(builds[:MAX_JOBS], _number_stages(pipeline))
    report = Report(identity, claim_project(body, stamp), node, jobs)
    return (report, *_report_environments(body, identity, builds, values))


def _parse_job(body: Body) -> Parsed:
    """Return the report of a job hook: one job, and the fields that describe its pipeline.

    The pipeline's status is left out: the hook contains the one from before the job changed.
    """
    build = {name: body.get(f"build_{name}") for name in BUILD_FIELDS} | {"environment": body.get("environment")}
    require("build_name", read_text(build, "name"))
    # The id of its "commit" is the pipeline's, also in versions that do not send pipeline_id.
    identity = _identify_run(body, read_text(body, "pipeline_id") or read_text(body, "commit", "id"))
    stamp = _read_stamp(build)
    values = _describe_run(body, identity) | {
        "branch": _read_ref(body),
        "commit_hash": read_text(body, "sha"),
        "message": read_text(body, "commit", "name"),
    }
    # The user may have retried the job without having started the pipeline: a claim without a time loses to any other.
    guess = claim_node({"triggered_by": _read_user(body)})
    node = merge_nodes(claim_node(values, stamp=stamp), guess)
    report = Report(identity, claim_project(body, stamp), node, _claim_jobs([build], {}))
    return (report, *_report_environments(body, identity, [build], values))


def _parse_deployment(body: Body) -> Parsed:
    """Return the report of a deployment hook, which names the job that deploys, and not its pipeline."""
    deployment_id: str = require("deployment_id", read_text(body, "deployment_id"))
    build_id = read_text(body, "deployable_id")
    parts = ("deployment of job", build_id) if build_id else ("deployment", deployment_id)
    identity = identify_in_project(body, *parts)
    stamp = read_time(body, "status_changed_at")
    outcome = _read_outcome({"status": body.get("status"), "finished_at": body.get("status_changed_at")}, stamp)
    values = {
        "environment": read_text(body, "environment"),
        "repository": name_project(body),
        "branch": _read_ref(body),
        "commit_hash": _read_commit(body),
        "commit_message": read_text(body, "commit_title", limit=MAX_TEXT_LENGTH),
        "triggered_by": _read_user(body),
        "run_url": read_text(body, "deployable_url", limit=MAX_URL_LENGTH),
        "test_url": read_text(body, "environment_external_url", limit=MAX_URL_LENGTH),
    }
    node = claim_node(values, outcome=outcome, stamp=stamp)
    job = claim_node({"name": DEFAULT_JOB}, outcome=outcome, stamp=stamp)
    return (Report(identity, claim_project(body, stamp), node, {DEFAULT_JOB: job}),)


def _read_commit(body: Body) -> str | None:
    short_sha = read_text(body, "short_sha")
    sha = (read_text(body, "commit_url", limit=MAX_URL_LENGTH) or "").rpartition("/commit/")[2]
    return sha[:MAX_NAME_LENGTH] if short_sha and sha.startswith(short_sha) else short_sha


def _describe_run(body: Body, identity: Identity) -> dict[str, str | None]:
    """Return the fields of a run that pipeline hooks and job hooks have in common."""
    home = read_project_url(body)
    return {
        "repository": name_project(body),
        "commit_message": read_text(body, "commit", "message", limit=MAX_TEXT_LENGTH),
        "run_url": home and f"{home}/-/pipelines/{identity.run_id}"[:MAX_URL_LENGTH],
    }


def _describe_pipeline(body: Body, pipeline: Body, outcome: Outcome | None) -> dict[str, str | float | None]:
    return {
        "branch": _read_branch(body, pipeline),
        "commit_hash": read_text(pipeline, "sha"),
        "triggered_by": _read_user(body),
        "trigger_type": read_text(pipeline, "source"),
        "duration_s": _read_duration(pipeline, outcome),
        "message": read_text(pipeline, "name") or read_text(body, "commit", "title", limit=MAX_TEXT_LENGTH),
    }


def _read_ref(body: Body) -> str | None:
    """Return the branch or tag of a job or deployment.

    None for a merge request, whose ref is no branch; the pipeline hook names its source branch.
    """
    ref = read_text(body, "ref") or ""
    return None if ref.startswith("refs/") else ref or None


def _read_branch(body: Body, pipeline: Body) -> str | None:
    """Return the branch of a pipeline, with its owner if it is for a merge request from another project.

    The pipelines of a fork in the fork itself belong to that project and so are on its own branch.
    """
    branch = read_text(pipeline, "ref")
    source = read_int(body, "merge_request", "source_project_id")
    target = read_int(body, "project", "id") or read_int(body, "merge_request", "target_project_id")
    return name_fork_branch(None, branch) if source and target and source != target else branch


def _read_builds(body: Body) -> Sequence[Body]:
    """Return the jobs that have a name; their key is made from it."""
    return [build for build in read_objects(body, "builds") if read_text(build, "name")]


def _number_stages(pipeline: Body) -> Mapping[str, int]:
    stages = read_value(pipeline, "stages")
    named = enumerate(stages if isinstance(stages, list) else ())
    return {stage: index for index, stage in named if isinstance(stage, str)}


def _claim_jobs(builds: Sequence[Body], numbers: Mapping[str, int]) -> dict[str, Node]:
    """Return the nodes of jobs by key; names that differ only in case or blanks are one job."""
    jobs: dict[str, Node] = {}
    for build in builds:
        key = normalise_name(read_text(build, "name") or "")[:MAX_NAME_LENGTH]
        jobs[key] = merge_nodes(jobs.get(key, Node()), _claim_job(build, numbers))
    return jobs


def _claim_job(build: Body, numbers: Mapping[str, int]) -> Node:
    """Return the node of a job. GitLab runs a job again as a new build with a higher id, which is its generation."""
    stamp = _read_stamp(build)
    # A skipped job that runs after the retry of an earlier one keeps its id, but has a start now.
    generation = 2 * (read_int(build, "id") or 0) + (read_time(build, "started_at") is not None)
    outcome = _read_outcome(build, stamp, generation)
    failed = outcome is not None and outcome.conclusion == Conclusion.FAILURE
    values = {
        "name": read_text(build, "name"),
        "number": numbers.get(read_text(build, "stage") or ""),
        "allowed_to_fail": read_flag(build, "allow_failure"),
        "duration_s": _read_duration(build, outcome),
        # An empty error replaces that of an earlier build that failed.
        "error": read_text(build, "failure_reason") if failed else "",
    }
    return claim_node(values, outcome=outcome, stamp=stamp, started_at=read_time(build, "started_at"))


def _report_environments(
    body: Body, run: Identity, builds: Sequence[Body], values: Mapping[str, Scalar | None]
) -> Iterator[Report]:
    """Yield the reports of what started jobs deploy; `values` are the fields of their pipeline."""
    for build in [build for build in builds if _deploys(build)][:MAX_ENVIRONMENTS]:
        stamp, started_at = _read_stamp(build), read_time(build, "started_at")
        outcome = _read_outcome(build, stamp)
        described = {name: values.get(name) for name in ("repository", "run_url", "branch", "commit_hash")}
        described |= {"environment": read_text(build, "environment", "name"), "of_run": run.run_id, "of_attempt": 1}
        node = claim_node(described, outcome=outcome, stamp=stamp, started_at=started_at)
        job = claim_node({"name": DEFAULT_JOB}, outcome=outcome, stamp=stamp, started_at=started_at)
        # The hooks of the deployment, the job and the pipeline all name the job.
        identity = identify_in_project(body, "deployment of job", str(read_text(build, "id")))
        yield Report(identity, claim_project(body, stamp), node, {DEFAULT_JOB: job})


def _deploys(build: Body) -> bool:
    """Return whether a job has begun to deploy to an environment; others stop, check or only announce one."""
    action = read_text(build, "environment", "action") or "start"
    named = read_text(build, "id") and read_text(build, "environment", "name")
    return bool(named) and action == "start" and read_time(build, "started_at") is not None


def _read_outcome(thing: Body, stamp: datetime | None, generation: int = 0) -> Outcome | None:
    word = read_text(thing, "status")
    if word is None:
        return None
    status, conclusion = read_meaning(WORDS, word)
    ended_at = read_time(thing, "finished_at") if status == Status.COMPLETED else None
    return Outcome(status, word, conclusion, ended_at, generation, stamp)


def _read_duration(thing: Body, outcome: Outcome | None) -> float | None:
    """Return the duration in seconds once it has ended, else None: GitLab sends the time so far while it runs."""
    ended = outcome is not None and outcome.status == Status.COMPLETED
    return read_seconds(thing, "duration") if ended else None


def _read_stamp(thing: Body) -> datetime | None:
    return find_latest(*(read_time(thing, name) for name in ("created_at", "started_at", "finished_at")))


def _read_user(body: Body) -> str | None:
    return read_text(body, "user", "username") or read_text(body, "user", "name")


def _identify_run(body: Body, pipeline_id: str | None) -> Identity:
    run_id: str = require("pipeline id", pipeline_id)
    return identify_in_project(body, "run", run_id, 1, run_id=run_id)


CODE_EVENT = Ignored("code event; the pipelines it starts are reported separately")
DISCUSSION_EVENT = Ignored("issue, comment or wiki event, not a pipeline")
SECURITY = Ignored("security event, not a pipeline")
SETTINGS = Ignored("settings event, not a pipeline")
USER_EVENT = Ignored("user or permission event, not a pipeline")

EVENTS: Events = {
    "pipeline": _parse_pipeline,
    "build": _parse_job,
    "job": _parse_job,
    "deployment": _parse_deployment,
    **dict.fromkeys(("merge_request", "push", "release", "repository_update", "tag_push"), CODE_EVENT),
    **dict.fromkeys((
        "confidential_issue", "confidential_note", "emoji", "issue", "milestone", "note", "wiki_page", "work_item",
    ), DISCUSSION_EVENT),
    **dict.fromkeys((
        "access_token", "deploy_token", "key_create", "key_destroy", "resource_access_token", "resource_deploy_token",
        "vulnerability",
    ), SECURITY),
    **dict.fromkeys((
        "feature_flag", "group_create", "group_destroy", "group_rename", "project", "project_create",
        "project_destroy", "project_rename", "project_transfer", "project_update", "subgroup", "subgroup_create",
        "subgroup_destroy",
    ), SETTINGS),
    **dict.fromkeys((
        "gitlab_subscription_member_approval", "gitlab_subscription_member_approvals", "member",
        "user_access_request_denied_for_group", "user_access_request_denied_for_project",
        "user_access_request_revoked_for_group", "user_access_request_revoked_for_project",
        "user_access_request_to_group", "user_access_request_to_project", "user_add_to_group", "user_add_to_team",
        "user_create", "user_destroy", "user_failed_login", "user_remove_from_group", "user_remove_from_team",
        "user_rename", "user_update_for_group", "user_update_for_team",
    ), USER_EVENT),
}  # fmt: skip

"""The dialect of GitLab: pipelines, their jobs, and deployments. Pure.

A pipeline hook names every job in its latest try, a job hook one job; both speak of the same deployment.
Sources: https://docs.gitlab.com/user/project/integrations/webhook_events/,
https://docs.gitlab.com/administration/system_hooks/ and lib/gitlab/data_builder of https://gitlab.com/gitlab-org/gitlab
"""

import functools
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dashboard.core.registers import Node, Outcome, claim_node, merge_nodes
from dashboard.core.report import Identity, Report
from dashboard.core.steps import normalise_name
from dashboard.core.words import Conclusion, Meaning, Status
from dashboard.webhooks.dialects.gitlab_project import claim_project, identify_in_project, name_project, read_home
from dashboard.webhooks.dialects.payload import (
    MOST_JOBS,
    NAME_LENGTH,
    TEXT_LENGTH,
    URL_LENGTH,
    Body,
    Events,
    Ignored,
    MalformedError,
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
"""Of pipelines, jobs and deployments; only a deployment is ever blocked."""
DEPLOY = "deploy"
"""Key and name of the only job of a deployment hook."""
BUILD_FIELDS = (
    "id", "name", "status", "created_at", "started_at", "finished_at", "duration", "allow_failure", "failure_reason",
)  # fmt: skip
"""What a pipeline hook says of a job; in a job hook they begin with `build_`."""


def name_event(told: str | None, body: Any) -> str:  # noqa: ANN401
    """Return the event that a delivery is: what the body calls itself, else what the header says.

    The header of every system hook is the same.
    """
    header = (told or "unnamed").removesuffix(" Hook").casefold().replace(" ", "_")
    return read_text(body, "object_kind") or read_text(body, "event_name") or header


def parse(event: str, body: Any) -> Parsed:  # noqa: ANN401
    """Return what the body of such an event says; raise MalformedError."""
    return parse_event(EVENTS, event, read_object(body))


def _parse_pipeline(body: Body) -> Parsed:
    """Return what a pipeline hook says: of the pipeline and of the latest try of each of its jobs."""
    pipeline, builds = read_object(body, "object_attributes"), _read_builds(body)
    identity = _identify_run(body, read_text(pipeline, "id"))
    # A pipeline that was reopened keeps the time at which it had ended before.
    stamp = find_latest(_read_stamp(pipeline), *map(_read_stamp, builds))
    generation = max((read_int(build, "id") or 0 for build in builds), default=0)
    outcome = _read_outcome(pipeline, stamp, generation)
    started_at = min(filter(None, (read_time(build, "started_at") for build in builds)), default=None)
    values = _describe_run(body, identity) | _describe_pipeline(body, pipeline, outcome)
    node = claim_node(values, outcome=outcome, stamp=stamp, started_at=started_at)
    jobs = _claim_jobs(builds, _number_stages(pipeline))
    return (Report(identity, claim_project(body, stamp), merge_nodes(node, _claim_environment(builds)), jobs),)


def _parse_job(body: Body) -> Parsed:
    """Return what a job hook says: of one job, and what it lets know of its pipeline, which is not how that goes.

    The pipeline's status in it is that before the job changed.
    """
    build = {name: body.get(f"build_{name}") for name in BUILD_FIELDS} | {"environment": body.get("environment")}
    require("build_name", read_text(build, "name"))
    # The commit in it is numbered like the pipeline, also by versions that do not name the pipeline.
    identity = _identify_run(body, read_text(body, "pipeline_id") or read_text(body, "commit", "id"))
    stamp = _read_stamp(build)
    ref = read_text(body, "ref") or ""
    values = _describe_run(body, identity) | {
        # That of a merge request is none; the pipeline hook names its source branch.
        "branch": None if ref.startswith("refs/") else ref or None,
        "commit_hash": read_text(body, "sha"),
        "message": read_text(body, "commit", "name"),
    }
    # Who ran a job again is not who started the pipeline: without a time it counts only if nothing else is known.
    guess = claim_node({"triggered_by": _read_user(body)})
    node = merge_nodes(claim_node(values, stamp=stamp), merge_nodes(guess, _claim_environment([build])))
    return (Report(identity, claim_project(body, stamp), node, _claim_jobs([build], {})),)


def _parse_deployment(body: Body) -> Parsed:
    """Return what a deployment hook says; which pipeline did it is not in it."""
    deployment_id = require("deployment_id", read_text(body, "deployment_id"))
    identity = identify_in_project(body, "deployment", deployment_id)
    stamp = read_time(body, "status_changed_at")
    outcome = _read_outcome({"status": body.get("status"), "finished_at": body.get("status_changed_at")}, stamp)
    values = {
        "environment": read_text(body, "environment"),
        "repository": name_project(body),
        "branch": read_text(body, "ref"),
        "commit_hash": _read_commit(body),
        "commit_message": read_text(body, "commit_title", most=TEXT_LENGTH),
        "triggered_by": _read_user(body),
        "run_url": read_text(body, "deployable_url", most=URL_LENGTH),
        "test_url": read_text(body, "environment_external_url", most=URL_LENGTH),
    }
    node = claim_node(values, outcome=outcome, stamp=stamp)
    job = claim_node({"name": DEPLOY}, outcome=outcome, stamp=stamp)
    return (Report(identity, claim_project(body, stamp), node, {DEPLOY: job}),)


def _read_commit(body: Body) -> str | None:
    short_sha = read_text(body, "short_sha")
    sha = (read_text(body, "commit_url", most=URL_LENGTH) or "").rpartition("/commit/")[2]
    return sha[:NAME_LENGTH] if short_sha and sha.startswith(short_sha) else short_sha


def _describe_run(body: Body, identity: Identity) -> dict[str, str | None]:
    """Return what hooks of pipelines and of jobs say alike."""
    home = read_home(body)
    return {
        "repository": name_project(body),
        "commit_message": read_text(body, "commit", "message", most=TEXT_LENGTH),
        "run_url": home and f"{home}/-/pipelines/{identity.run_id}"[:URL_LENGTH],
    }


def _describe_pipeline(body: Body, pipeline: Body, outcome: Outcome | None) -> dict[str, str | float | None]:
    return {
        "branch": read_text(pipeline, "ref"),
        "commit_hash": read_text(pipeline, "sha"),
        "triggered_by": _read_user(body),
        "trigger_type": read_text(pipeline, "source"),
        "duration_s": _read_duration(pipeline, outcome),
        "message": read_text(pipeline, "name") or read_text(body, "commit", "title", most=TEXT_LENGTH),
    }


def _read_builds(body: Body) -> Sequence[Body]:
    """Return the jobs that have a name, without which they could not be told apart."""
    builds = read_objects(body, "builds")
    if len(builds) > MOST_JOBS:
        raise MalformedError({"builds": [f"More than {MOST_JOBS} of them."]})
    return [build for build in builds if read_text(build, "name")]


def _number_stages(pipeline: Body) -> Mapping[str, int]:
    stages = read_value(pipeline, "stages")
    named = enumerate(stages if isinstance(stages, list) else ())
    return {stage: index for index, stage in named if isinstance(stage, str)}


def _claim_jobs(builds: Sequence[Body], numbers: Mapping[str, int]) -> dict[str, Node]:
    """Return the nodes of jobs; those whose names differ in case or blanks alone are one."""
    jobs: dict[str, Node] = {}
    for build in builds:
        key = normalise_name(read_text(build, "name") or "")[:NAME_LENGTH]
        jobs[key] = merge_nodes(jobs.get(key, Node()), _claim_job(build, numbers))
    return jobs


def _claim_job(build: Body, numbers: Mapping[str, int]) -> Node:
    """Return the node of a job: to run it again is to build it anew, under a higher id."""
    stamp = _read_stamp(build)
    # A skipped job that a retry of an earlier one brings back keeps its id: that it began tells.
    generation = 2 * (read_int(build, "id") or 0) + (read_time(build, "started_at") is not None)
    outcome = _read_outcome(build, stamp, generation)
    failed = outcome is not None and outcome.conclusion == Conclusion.FAILURE
    values = {
        "name": read_text(build, "name"),
        "number": numbers.get(read_text(build, "stage") or ""),
        "allowed_to_fail": read_flag(build, "allow_failure"),
        "duration_s": _read_duration(build, outcome),
        # What has not failed takes back what an earlier build had failed for.
        "error": read_text(build, "failure_reason") if failed else "",
    }
    return claim_node(values, outcome=outcome, stamp=stamp, started_at=read_time(build, "started_at"))


def _claim_environment(builds: Sequence[Body]) -> Node:
    """Return the node that claims where these jobs deploy to: the one that began last wins."""
    places = [build for build in builds if (read_text(build, "environment", "action") or "start") == "start"]
    claims = (
        claim_node({"environment": read_text(build, "environment", "name")}, stamp=started_at)
        for build in places
        if (started_at := read_time(build, "started_at"))
    )
    return functools.reduce(merge_nodes, claims, Node())


def _read_outcome(thing: Body, stamp: datetime | None, generation: int = 0) -> Outcome | None:
    word = read_text(thing, "status")
    if word is None:
        return None
    status, conclusion = read_meaning(WORDS, word)
    ended_at = read_time(thing, "finished_at") if status == Status.COMPLETED else None
    return Outcome(status, word, conclusion, ended_at, generation, stamp)


def _read_duration(thing: Body, outcome: Outcome | None) -> float | None:
    """Return how long it took; while it runs, GitLab says how long until now."""
    ended = outcome is not None and outcome.status == Status.COMPLETED
    return read_seconds(thing, "duration") if ended else None


def _read_stamp(thing: Body) -> datetime | None:
    return find_latest(*(read_time(thing, name) for name in ("created_at", "started_at", "finished_at")))


def _read_user(body: Body) -> str | None:
    return read_text(body, "user", "username") or read_text(body, "user", "name")


def _identify_run(body: Body, pipeline_id: str | None) -> Identity:
    run_id: str = require("pipeline id", pipeline_id)
    return identify_in_project(body, "run", run_id, 1, run_id=run_id)


CODE = Ignored("it tells of code; the pipelines that it starts tell of themselves")
TALK = Ignored("it tells of issues, merge requests and pages, not of a pipeline")
SECURITY = Ignored("it tells of security, not of a pipeline")
SETTINGS = Ignored("it tells of settings, not of a pipeline")
PEOPLE = Ignored("it tells of people and their rights, not of a pipeline")

EVENTS: Events = {
    "pipeline": _parse_pipeline,
    "build": _parse_job,
    "job": _parse_job,
    "deployment": _parse_deployment,
    **dict.fromkeys(("merge_request", "push", "release", "repository_update", "tag_push"), CODE),
    **dict.fromkeys((
        "confidential_issue", "confidential_note", "emoji", "issue", "milestone", "note", "wiki_page", "work_item",
    ), TALK),
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
    ), PEOPLE),
}  # fmt: skip

"""Reports from GitLab's pipelines and jobs."""

from typing import Any

import pytest

from dashboard.core.links import link_revision
from dashboard.webhooks.dialects.gitlab import EVENTS, WORDS, name_event, parse
from dashboard.webhooks.dialects.payload import Ignored
from tests.support.bodies.gitlab import HOME, REPOSITORY, SHA, make_build, make_job, make_pipeline
from tests.support.parsed_reports import at, make_identity, merge_in_any_order, only, outcome, read_errors, values

RUN = make_identity("gitlab", "octo/shop", ("gitlab.example.org", 62, "run", "31", 1), "31", 1)
STARTED, FINISHED = "2026-03-01 10:01:00 UTC", "2026-03-01 10:05:00 UTC"


def test_a_pipeline_reports_its_identity_and_outcome() -> None:
    build = make_build(7, "unit", started_at=STARTED, finished_at=FINISHED)
    body = make_pipeline("success", build, finished_at="2026-03-01 10:05:02 UTC", duration=240)
    report = only(parse("pipeline", body))
    assert report.identity == RUN
    assert values(report.project) == {"name": "octo/shop", "repository": "octo/shop"}
    assert values(report.deployment) == {
        "repository": "octo/shop",
        "branch": "main",
        "commit_hash": SHA,
        "commit_message": "Pay by card\n\nAt last.",
        "triggered_by": "grace",
        "trigger_type": "push",
        "run_url": f"{HOME}/-/pipelines/31",
        "duration_s": 240.0,
        "message": "Pay by card",
    }
    assert outcome(report.deployment) == ("completed", "success", "success")
    assert report.deployment.started_at == at("10:01:00")
    assert report.deployment.outcomes[0].completed_at == at("10:05:02")
    assert report.deployment.outcomes[0].generation == 7
    assert report.steps == {}


def test_the_name_of_a_pipeline_is_its_message() -> None:
    body = make_pipeline("running", name="Nightly")
    assert values(only(parse("pipeline", body)).deployment)["message"] == "Nightly"


def test_jobs_are_ordered_by_stage() -> None:
    builds = [
        make_build(9, "rollout", "created", stage="deploy"),
        make_build(8, "Unit  Tests", "running", stage="test", started_at=STARTED),
        make_build(7, "compile", "success", stage="build", started_at=STARTED, finished_at=FINISHED, duration=240.5),
        make_build(6, "lint", "failed", stage="elsewhere", allow_failure=True, failure_reason="script_failure"),
    ]
    jobs = only(parse("pipeline", make_pipeline("running", *builds))).jobs
    assert {key: values(job) for key, job in jobs.items()} == {
        "rollout": {"name": "rollout", "number": 2, "allowed_to_fail": False, "error": ""},
        "unit tests": {"name": "Unit  Tests", "number": 1, "allowed_to_fail": False, "error": ""},
        "compile": {"name": "compile", "number": 0, "allowed_to_fail": False, "error": "", "duration_s": 240.5},
        "lint": {"name": "lint", "allowed_to_fail": True, "error": "script_failure"},
    }
    assert {key: outcome(job) for key, job in jobs.items()} == {
        "rollout": ("queued", None, "created"),
        "unit tests": ("in_progress", None, "running"),
        "compile": ("completed", "success", "success"),
        "lint": ("completed", "failure", "failed"),
    }
    assert jobs["unit tests"].started_at == at("10:01:00")


def test_a_job_hook_reports_on_its_pipeline() -> None:
    fields = {"build_started_at": STARTED, "build_finished_at": FINISHED, "build_duration": 240.5}
    report = only(parse("build", make_job(7, "unit", "failed", build_failure_reason="script_failure", **fields)))
    assert report.identity == RUN
    assert values(report.deployment) == {
        "repository": "octo/shop",
        "branch": "main",
        "commit_hash": SHA,
        "commit_message": "Pay by card\n\nAt last.",
        "triggered_by": "ada",
        "run_url": f"{HOME}/-/pipelines/31",
    }
    assert report.deployment.outcome is None
    assert {key: values(job) for key, job in report.jobs.items()} == {
        "unit": {"name": "unit", "allowed_to_fail": False, "duration_s": 240.5, "error": "script_failure"}
    }
    assert outcome(report.jobs["unit"]) == ("completed", "failure", "failed")


def test_job_and_pipeline_hooks_agree_about_a_job() -> None:
    times = {"started_at": STARTED, "finished_at": FINISHED}
    pipeline = only(parse("pipeline", make_pipeline("running", make_build(7, "unit", "success", **times))))
    job = only(parse("build", make_job(7, "unit", "success", **{f"build_{name}": at for name, at in times.items()})))
    assert job.jobs["unit"].outcomes == pipeline.jobs["unit"].outcomes
    assert job.jobs["unit"].starts == pipeline.jobs["unit"].starts


def test_the_user_who_retries_a_job_does_not_replace_the_trigger_of_the_pipeline() -> None:
    late = make_job(9, "unit", "running", build_started_at="2026-03-01 12:00:00 UTC")
    merged = merge_in_any_order([only(parse("build", late)), only(parse("pipeline", make_pipeline("running")))])
    assert values(merged.deployment)["triggered_by"] == "grace"


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("pipeline_id", None, RUN.parts),
        ("project_id", None, ("gitlab.example.org", "octo/shop", "run", "31", 1)),
        ("project", {"id": 62, "web_url": HOME, "path_with_namespace": "octo/shop"}, RUN.parts),
        ("pipeline_id", "32", ("gitlab.example.org", 62, "run", "32", 1)),
        ("repository", {"homepage": HOME}, RUN.parts),
        ("repository", {"homepage": "http://10.0.0.1:3000/octo/shop"}, ("10.0.0.1:3000", 62, "run", "31", 1)),
    ],
)
def test_a_job_hook_names_its_pipeline_in_every_version_of_gitlab(
    field: str, value: Any, expected: tuple[Any, ...]
) -> None:
    identity = only(parse("build", make_job(7, "unit") | {field: value})).identity
    assert identity.parts == expected
    assert identity.project.path == "octo/shop"


@pytest.mark.parametrize(
    "ssh_url", ["git@gitlab.example.org:octo/shop.git", "ssh://git@gitlab.example.org:2222/octo/shop.git", None]
)
def test_the_project_of_a_job_hook_is_read_from_its_urls(ssh_url: str | None) -> None:
    body = make_job(7, "unit", repository=REPOSITORY | {"git_ssh_url": ssh_url})
    assert values(only(parse("build", body)).project)["name"] == "octo/shop"


def test_the_path_of_the_gitlab_installation_is_not_part_of_a_project() -> None:
    repository = REPOSITORY | {"homepage": "https://example.org/gitlab/octo/shop"}
    report = only(parse("build", make_job(7, "unit", repository=repository)))
    assert values(report.project)["name"] == "octo/shop"
    assert values(report.deployment)["run_url"] == "https://example.org/gitlab/octo/shop/-/pipelines/31"


def test_the_ref_of_a_merge_request_is_not_a_branch() -> None:
    report = only(parse("build", make_job(7, "unit", ref="refs/merge-requests/3/head")))
    assert "branch" not in values(report.deployment)


def test_a_pipeline_links_to_its_revision() -> None:
    claimed = values(only(parse("pipeline", make_pipeline())).deployment)
    links = link_revision(claimed["repository"], claimed["run_url"], claimed["branch"], claimed["commit_hash"])
    assert links == {"repository": HOME, "commit": f"{HOME}/-/commit/{SHA}", "branch": f"{HOME}/-/tree/main"}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("created", ("queued", None, "created")),
        ("waiting_for_resource", ("queued", None, "waiting_for_resource")),
        ("preparing", ("queued", None, "preparing")),
        ("waiting_for_callback", ("queued", None, "waiting_for_callback")),
        ("pending", ("queued", None, "pending")),
        ("scheduled", ("queued", None, "scheduled")),
        ("manual", ("queued", None, "manual")),
        ("blocked", ("queued", None, "blocked")),
        ("running", ("in_progress", None, "running")),
        ("canceling", ("in_progress", None, "canceling")),
        ("success", ("completed", "success", "success")),
        ("failed", ("completed", "failure", "failed")),
        ("canceled", ("completed", "cancelled", "canceled")),
        ("skipped", ("completed", "skipped", "skipped")),
        ("SUCCESS", ("completed", "success", "SUCCESS")),
        ("levitating", ("queued", None, "levitating")),
    ],
)
def test_status_words_have_their_meaning(word: str, expected: tuple[str, str | None, str]) -> None:
    assert outcome(only(parse("pipeline", make_pipeline(word))).deployment) == expected
    assert outcome(only(parse("build", make_job(7, "unit", word))).jobs["unit"]) == expected


def test_every_status_word_is_tested() -> None:
    assert len(WORDS) == 14


@pytest.mark.parametrize(
    "written",
    ["2026-03-01 12:30:19 UTC", "2026-03-01T12:30:19Z", "2026-03-01 13:30:19 +0100", "2026-03-01T12:30:19.000Z"],
)
def test_times_in_every_format(written: str) -> None:
    build = make_build(7, "unit", "success", started_at=written, finished_at=written)
    report = only(parse("pipeline", make_pipeline("success", build, finished_at=written)))
    for node in (report.deployment, report.jobs["unit"]):
        assert (node.started_at, node.outcomes[0].completed_at) == (at("12:30:19"), at("12:30:19"))


def test_open_pipelines_and_jobs_have_no_end_or_duration() -> None:
    build = make_build(7, "unit", "running", started_at=STARTED, finished_at=FINISHED, duration=3.0)
    report = only(parse("pipeline", make_pipeline("running", build, finished_at=FINISHED, duration=63)))
    assert [node.outcomes[0].completed_at for node in (report.deployment, report.jobs["unit"])] == [None, None]
    assert "duration_s" not in {**values(report.deployment), **values(report.jobs["unit"])}


@pytest.mark.parametrize(
    ("action", "started_at", "expected"),
    [
        ("start", STARTED, "production"),
        (None, STARTED, "production"),
        ("start", None, None),
        ("stop", STARTED, None),
        ("prepare", STARTED, None),
        ("verify", STARTED, None),
        ("access", STARTED, None),
    ],
)
def test_only_a_started_job_deploys_to_its_environment(
    action: str | None, started_at: str | None, expected: str | None
) -> None:
    environment = {"name": "production", "action": action}
    build = make_build(7, "rollout", "running", environment=environment, started_at=started_at)
    job = make_job(7, "rollout", "running", environment=environment, build_started_at=started_at)
    for parsed in (parse("pipeline", make_pipeline("running", build)), parse("build", job)):
        assert not isinstance(parsed, Ignored)
        run, *deployed = parsed
        assert "environment" not in values(run.deployment)
        assert [values(report.deployment)["environment"] for report in deployed] == [expected] * bool(expected)


def test_each_started_job_with_an_environment_makes_a_deployment_of_the_pipeline() -> None:
    builds = [
        make_build(8, "staging", environment={"name": "staging"}, started_at="2026-03-01 10:02:00 UTC"),
        make_build(9, "live", "failed", environment={"name": "production"}, started_at="2026-03-01 10:09:00 UTC"),
    ]
    parsed = parse("pipeline", make_pipeline("running", *builds))
    assert not isinstance(parsed, Ignored)
    shown = [(values(report.deployment), outcome(report.deployment)[1]) for report in parsed[1:]]
    assert [(fields["environment"], conclusion) for fields, conclusion in shown] == [
        ("staging", "success"),
        ("production", "failure"),
    ]
    assert {(fields["of_run"], fields["of_attempt"], fields["commit_hash"]) for fields, _ in shown} == {("31", 1, SHA)}


def test_a_pipeline_hook_makes_a_limited_number_of_deployments() -> None:
    place = {"environment": {"name": "production"}, "started_at": STARTED}
    parsed = parse("pipeline", make_pipeline("running", *(make_build(n, f"job {n}", **place) for n in range(1, 300))))
    assert not isinstance(parsed, Ignored)
    assert len(parsed) == 1 + 100


@pytest.mark.parametrize(
    ("header", "body", "expected"),
    [
        ("Job Hook", {"object_kind": "build"}, "build"),
        ("System Hook", {"object_kind": "pipeline"}, "pipeline"),
        ("System Hook", {"event_name": "project_create"}, "project_create"),
        ("Resource Access Token Hook", {"object_kind": "access_token", "event_name": "expiring"}, "access_token"),
        ("Pipeline Hook", {}, "pipeline"),
        ("Job Hook", [], "job"),
        ("Tag Push Hook", None, "tag_push"),
        (None, {"object_kind": "deployment"}, "deployment"),
        (None, {"object_kind": ["pipeline"]}, "unnamed"),
        (None, 3, "unnamed"),
    ],
)
def test_the_body_names_the_event_rather_than_the_header(header: str | None, body: Any, expected: str) -> None:
    assert name_event(header, body) == expected


@pytest.mark.parametrize("event", [event for event, handled in EVENTS.items() if isinstance(handled, Ignored)])
def test_events_without_a_pipeline_are_ignored(event: str) -> None:
    assert parse(event, {"object_kind": event}) == EVENTS[event]


def test_an_unknown_event_is_ignored_by_name() -> None:
    assert parse("tea_time", {}) == Ignored("unknown event 'tea_time'")


@pytest.mark.parametrize(
    ("event", "body", "field"),
    [
        ("pipeline", [], "pipeline id"),
        ("pipeline", make_pipeline(id=None), "pipeline id"),
        ("pipeline", make_pipeline(id={"of": "another kind"}), "pipeline id"),
        ("pipeline", make_pipeline() | {"project": {"id": 62}}, "project"),
        ("build", make_job(7, ""), "build_name"),
        ("build", make_job(7, "unit", pipeline_id=None, commit=None), "pipeline id"),
        ("job", make_job(7, "unit", repository=None), "project"),
    ],
)
def test_a_body_without_an_identity_is_malformed(event: str, body: Any, field: str) -> None:
    assert list(read_errors(parse, event, body)) == [field]


def test_values_of_a_wrong_type_are_dropped() -> None:
    odd = make_build(
        7, "unit", ["success"], started_at="soon", duration="long", allow_failure="yes", environment="live"
    )
    body = make_pipeline("running", odd, make_build(8, ""), stages="build") | {"user": None, "commit": [1]}
    report = only(parse("pipeline", body | {"builds": [*body["builds"], "nothing"]}))
    assert {key: values(job) for key, job in report.jobs.items()} == {"unit": {"name": "unit", "error": ""}}
    assert report.jobs["unit"].outcome is None
    assert {"triggered_by", "commit_message", "environment"}.isdisjoint(values(report.deployment))


def test_names_that_differ_only_in_case_are_one_job() -> None:
    builds = [make_build(7, "Unit", "failed"), make_build(8, "unit", "success")]
    jobs = only(parse("pipeline", make_pipeline("failed", *builds))).jobs
    assert jobs == only(parse("pipeline", make_pipeline("failed", *reversed(builds)))).jobs
    assert list(jobs) == ["unit"]

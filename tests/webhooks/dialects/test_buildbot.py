"""Reports from Buildbot's HttpStatusPush on builds and their steps."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard.webhooks.dialects.buildbot import EVENTS, WORDS, name_delivery, name_event, parse
from dashboard.webhooks.dialects.payload import MAX_STEPS, Ignored
from tests.support.bodies.buildbot import (
    BUILDING,
    BUILT,
    FAILED,
    MASTER,
    PREPARED,
    SHA,
    TEST_FAILED,
    TESTING,
    TIDIED,
    make_build,
    make_step,
)
from tests.support.parsed_reports import at, make_identity, merge_in_any_order, only, outcome, read_errors, values

BUILD = make_identity("buildbot", "octo/shop", (MASTER, "shop ci", "run", "71", 1), "71", 1)


def read(body: Any) -> Any:
    """Return the report of a build."""
    return only(parse("build", body))


def test_a_running_build_reports_its_identity_and_steps() -> None:
    report = read(make_build(PREPARED, BUILDING))
    assert report.identity == BUILD
    assert values(report.project) == {"name": "octo/shop", "repository": "octo/shop"}
    assert values(report.deployment) == {
        "repository": "octo/shop",
        "branch": "main",
        "commit_hash": SHA,
        "triggered_by": "Grace",
        "trigger_type": "on-push",
        "run_url": "https://bot.example.org/ci/#/builders/4/builds/12",
    }
    assert outcome(report.deployment) == ("in_progress", None, "started")
    assert report.deployment.started_at == at("10:00:00")
    assert values(report.jobs["shop ci"]) == {"name": "Shop CI"}
    assert outcome(report.jobs["shop ci"]) == ("in_progress", None, "started")
    assert {key: values(step) for key, step in report.steps.items()} == {
        ("shop ci", "worker_preparation"): {"name": "worker_preparation", "number": 0, "message": "worker w1 ready"},
        ("shop ci", "build"): {"name": "Build", "number": 1},
    }
    assert outcome(report.steps["shop ci", "build"]) == ("in_progress", None, "started")
    assert report.steps["shop ci", "build"].started_at == at("10:00:01")


def test_a_failed_build_has_the_error_on_the_step_and_the_deployment() -> None:
    report = read(FAILED)
    assert outcome(report.deployment) == outcome(report.jobs["shop ci"]) == ("completed", "failure", "failure")
    assert report.deployment.outcomes[0].completed_at == at("10:01:00")
    assert values(report.deployment)["error"] == "failed 2 of 9 failed"
    assert values(report.steps["shop ci", "test_website"]) == {
        "name": "测试网站",
        "number": 2,
        "error": "2 of 9 failed",
    }
    assert report.steps["shop ci", "test_website"].outcomes[0].completed_at == at("10:00:40")
    assert outcome(report.steps["shop ci", "tidy up"]) == ("completed", "skipped", "skipped")
    assert values(report.steps["shop ci", "tidy up"])["message"] == "'rm' (skipped)"


@pytest.mark.parametrize(
    ("results", "complete", "expected"),
    [
        (0, True, ("completed", "success", "success")),
        (1, True, ("completed", "success", "warnings")),
        (2, True, ("completed", "failure", "failure")),
        (3, True, ("completed", "skipped", "skipped")),
        (4, True, ("completed", "failure", "exception")),
        (5, True, ("completed", "cancelled", "retry")),
        (6, True, ("completed", "cancelled", "cancelled")),
        (7, True, ("completed", "unknown", "7")),
        (None, True, ("completed", "unknown", "finished")),
        (7, False, ("queued", None, "7")),
        (-1, False, ("in_progress", None, "started")),
        (None, False, ("in_progress", None, "started")),
    ],
)
def test_the_meaning_of_every_result_of_builds_and_steps(
    results: int | None, complete: bool, expected: tuple[str, str | None, str]
) -> None:
    stands: dict[str, Any] = {"results": results, "complete": complete}
    report = read(make_build(make_step(0, "Build", "10:00:00", **stands), **stands))
    nodes = [report.deployment, report.jobs["shop ci"], report.steps["shop ci", "build"]]
    assert [outcome(node) for node in nodes] == [expected] * 3


def test_a_step_that_has_not_started_is_queued() -> None:
    report = read(make_build(make_step(0, "Deploy", None)))
    assert outcome(report.steps["shop ci", "deploy"]) == ("queued", None, "pending")
    assert report.steps["shop ci", "deploy"].started_at is None


def test_a_hidden_step_is_kept() -> None:
    hidden = make_step(1, "Build", "10:00:01", "10:00:20", hidden=True)
    merged = merge_in_any_order([read(make_build(BUILDING)), read(make_build(hidden))])
    assert outcome(merged.steps["shop ci", "build"]) == ("completed", "success", "success")


def test_the_reports_of_a_build_merge_in_any_order() -> None:
    bodies = [
        make_build(state_string="created"),
        make_build(PREPARED, BUILDING),
        make_build(PREPARED, BUILT, TESTING),
        make_build(PREPARED, BUILT, TEST_FAILED, TIDIED),
        FAILED,
    ]
    merged = merge_in_any_order([read(body) for body in bodies])
    final = read(FAILED)
    assert outcome(merged.deployment) == ("completed", "failure", "failure")
    assert merged.deployment.fields == final.deployment.fields
    assert {key: (node.fields, node.started_at) for key, node in merged.steps.items()} == {
        key: (node.fields, node.started_at) for key, node in final.steps.items()
    }


def test_an_end_before_the_start_is_kept_as_sent() -> None:
    report = read(make_build(make_step(0, "Build", "10:00:09", "10:00:03", results=6)))
    step = report.steps["shop ci", "build"]
    assert (step.started_at, step.outcomes[0].completed_at) == (at("10:00:09"), at("10:00:03"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1772359200, datetime(2026, 3, 1, 10, tzinfo=UTC)),
        (1772359200.25, datetime(2026, 3, 1, 10, 0, 0, 250_000, UTC)),
        ("2026-03-01T10:00:00Z", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("2026-03-01 18:00:00+08:00", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        (0, None),
        (None, None),
        ("soon", None),
    ],
)
def test_times_are_seconds_or_iso_8601(value: Any, expected: datetime | None) -> None:
    assert read(make_build(started_at=value, complete=True, results=0)).deployment.started_at == expected


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("https://git.example.org/octo/shop.git", "octo/shop"),
        ("ssh://git@git.example.org:2222/octo/shop/", "octo/shop"),
        ("git@git.example.org:octo/shop.git", "octo/shop"),
        ("/srv/git/shop", "srv/git/shop"),
        ("", "frontend"),
    ],
)
def test_a_repository_is_named_by_its_path(repository: str, expected: str) -> None:
    report = read(make_build(source={"project": "", "repository": repository, "codebase": "frontend"}))
    assert values(report.deployment)["repository"] == values(report.project)["name"] == expected


def test_a_build_without_sources_belongs_to_a_project_named_like_its_builder() -> None:
    report = read(make_build(buildset={"sourcestamps": []}))
    assert (report.identity.project.path, values(report.project)) == ("shop ci", {"name": "Shop CI"})


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"got_revision": ["c0ffee12", "Git"], "owner": ["Lin Wei", "Force"]}, ("c0ffee12", "Lin Wei")),
        ({"got_revision": [{"frontend": "c0ffee12", "backend": "deadbeef"}, "Git"]}, ("c0ffee12", None)),
        ({"owners": [["Grace <grace@example.org>", "Lin Wei"], "Build"]}, (None, "Grace, Lin Wei")),
        ({"got_revision": "c0ffee12", "owners": [], "owner": None}, (None, None)),
        (None, (None, None)),
    ],
)
def test_properties_name_the_revision_and_the_trigger(properties: Any, expected: tuple[str | None, str | None]) -> None:
    body = make_build(source={"revision": None, "codebase": "frontend"}, properties=properties)
    claimed = values(read(body).deployment)
    assert (claimed.get("commit_hash"), claimed.get("triggered_by")) == expected


def test_the_log_excludes_the_environment_of_the_worker() -> None:
    content = "hpython3 deploy.py\nh  API_TOKEN=s3cret\nouploading\nerefused\nhprogram finished with exit code 1\n"
    logs = [
        {"name": "stdio", "type": "s", "content": {"firstline": 0, "content": content}},
        {"name": "page", "type": "h", "content": {"firstline": 0, "content": "<p>o</p>"}},
        {"name": "not sent", "type": "s"},
    ]
    report = read(make_build(make_step(0, "Deploy", "10:00:00", "10:00:05", results=2, logs=logs)))
    assert values(report.steps["shop ci", "deploy"])["log"] == "uploading\nrefused"


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://bot.example.org/other/#/builders/4/builds/12"},
        {"url": "https://elsewhere.example.org/ci/#/builders/4/builds/12"},
        {"builder": {"name": "Shop nightly"}},
        {"buildid": 72},
    ],
)
def test_other_masters_builders_and_rebuilds_are_other_deployments(change: dict[str, Any]) -> None:
    assert read(make_build(**change)).identity.digest != BUILD.digest


@pytest.mark.parametrize(
    ("body", "event", "reason"),
    [
        (
            {"buildrequest": {}, "builder": {"name": "Shop CI"}, "results": None},
            "buildrequest",
            "reported when it starts",
        ),
        ({"buildset": {}, "builds": [make_build()]}, "buildset", "reported separately"),
        ("Build started.", "text", "MessageFormatterFunction"),
        ({}, "unnamed", "unknown event 'unnamed'"),
        ([make_build()], "unnamed", "unknown event 'unnamed'"),
        (None, "unnamed", "unknown event 'unnamed'"),
    ],
)
def test_a_body_that_is_not_a_build_is_named_and_ignored_with_a_reason(body: Any, event: str, reason: str) -> None:
    assert name_event(None, body) == event
    parsed = parse(event, body)
    assert isinstance(parsed, Ignored)
    assert reason in parsed.reason


def test_the_body_of_a_build_is_named_and_read() -> None:
    assert name_event(None, make_build()) == "build"
    assert only(parse("build", make_build())).identity.run_id == "71"


def test_an_event_is_named_by_its_header() -> None:
    assert name_event("push", make_build()) == "push"
    assert parse("push", make_build()) == Ignored("unknown event 'push'")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**make_build(), "builder": None}, "builder.name"),
        ({**make_build(), "buildid": {}}, "buildid"),
        ([], "builder.name"),
    ],
)
def test_a_body_without_an_identity_is_malformed(body: Any, field: str) -> None:
    assert list(read_errors(parse, "build", body)) == [field]


def test_of_a_build_with_too_many_steps_the_first_are_taken() -> None:
    body = make_build(*(make_step(number, f"s{number}", "10:00:00") for number in range(MAX_STEPS + 1)))
    assert [key for _, key in read(body).steps][:: MAX_STEPS - 1] == ["s0", f"s{MAX_STEPS - 1}"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [(make_build(), "71 started"), (FAILED, "71 failure"), (make_build(buildid=None), None)],
)
def test_a_delivery_is_named_by_its_build_and_status(body: Any, expected: str | None) -> None:
    assert name_delivery("build", body) == expected
    assert name_delivery("text", body) is None


def test_ten_thousand_steps_are_accepted() -> None:
    report = read(make_build(*(make_step(number, "Build", "10:00:00") for number in range(MAX_STEPS))))
    assert len(report.steps) == MAX_STEPS


def test_the_tables_have_only_keys_that_can_be_looked_up() -> None:
    assert [word for word in WORDS if word != word.casefold()] == []
    assert list(EVENTS) == ["build", "buildrequest", "buildset", "text"]

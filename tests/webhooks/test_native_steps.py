"""Steps and jobs in the native dialect: their notations, keys, names and categories."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.webhook_client import apply, list_steps, post, read, refuse, show

SPECIFIED_EXAMPLE = """\
{
  "project": "项目名称",
  "repository": "源仓库",
  "branch": "main",
  "commit_hash": "latest",
  "status": "success|failed",
  "triggered_by": "axi-deploy",
  "trigger_type": "manual",
  "deploy_type": "backend|static",
  "deploy_path": "部署路径",
  "test_url": "测试URL",
  "message": "部署消息",
  "timestamp": "2024-01-01T00:00:00Z",
  "step_details": {
    "validate_artifact": "success",
    "parse_secrets": "success",
    "server_init": "skipped",
    "deploy_project": "success",
    "configure_nginx": "success",
    "start_service": "skipped",
    "test_website_static": "skipped",
    "test_website_backend": "success"
  }
}
"""
"""As the specification prints it, `|` between the words to choose from."""
SPECIFIED_STEPS = [
    ("validate_artifact", "validation", "success"),
    ("parse_secrets", "validation", "success"),
    ("server_init", "configuration", "skipped"),
    ("deploy_project", "deployment", "success"),
    ("configure_nginx", "configuration", "success"),
    ("start_service", "service", "skipped"),
    ("test_website_static", "testing", "skipped"),
    ("test_website_backend", "testing", "success"),
]


def read_steps(view: dict[str, Any], *names: str) -> list[tuple[Any, ...]]:
    """Return the named values of each step, in the order shown."""
    return [tuple(step[name] for name in names) for step in list_steps(view)]


def post_specified(client: FlaskClient, **replaced: str) -> dict[str, Any]:
    """Post the example with other words; return its deployment."""
    text = SPECIFIED_EXAMPLE
    for old, new in replaced.items():
        text = text.replace(old, new)
    response = post(client, text.encode())
    assert response.status_code == 200, response.text
    return read(client, response.get_json())


@pytest.mark.parametrize("words", [{}, {"success|failed": "success", "backend|static": "backend"}])
def test_the_example_of_the_specification_has_eight_steps(shared_client: FlaskClient, words: dict[str, str]) -> None:
    view = post_specified(shared_client, **words)
    assert read_steps(view, "key", "category", "conclusion") == SPECIFIED_STEPS
    assert [step["number"] for step in list_steps(view)] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert (view["completed_steps"], view["total_steps"], view["progress_pct"]) == (8, 8, 100)


def test_the_example_of_the_specification_with_chosen_words_is_fully_shown(shared_client: FlaskClient) -> None:
    view = post_specified(shared_client, **{"main": "v2", "success|failed": "failed", "backend|static": "static"})
    assert (view["project"]["slug"], view["project"]["name"]) == ("项目名称", "项目名称")
    shown = {name: view[name] for name in ("environment", "repository", "branch", "commit_hash", "deploy_path")}
    assert shown == {
        "environment": "production",
        "repository": "源仓库",
        "branch": "v2",
        "commit_hash": "latest",
        "deploy_path": "部署路径",
    }
    assert (view["triggered_by"], view["trigger_type"], view["deploy_type"]) == ("axi-deploy", "manual", "static")
    assert (view["test_url"], view["message"]) == ("测试URL", "部署消息")
    assert (view["status"], view["conclusion"], view["state"]) == ("completed", "failure", "failed")
    assert view["completed_at"] == "2024-01-01T00:00:00Z"


def test_the_example_of_the_specification_as_printed_is_not_a_success(shared_client: FlaskClient) -> None:
    view = post_specified(shared_client, 项目名称="as printed")
    assert (view["status"], view["conclusion"]) == ("completed", "unknown")
    assert view["status_raw"] == "success|failed"
    assert view["deploy_type"] is None


@pytest.mark.parametrize(
    ("chinese", "key", "category"),
    [
        ("验证构建产物", "validate_artifact", "validation"),
        ("解析部署密钥", "parse_secrets", "validation"),
        ("服务器初始化", "server_init", "configuration"),
        ("部署项目", "deploy_project", "deployment"),
        ("配置Nginx", "configure_nginx", "configuration"),
        ("配置nginx", "configure_nginx", "configuration"),
        ("启动服务", "start_service", "service"),
        ("测试网站", "test_website", "testing"),
    ],
)
def test_chinese_name_and_english_key_are_one_step(
    shared_client: FlaskClient, chinese: str, key: str, category: str
) -> None:
    run = {"project": "chinese", "run_id": chinese}
    apply(shared_client, **run, step_name=chinese, step_status="running")
    view = show(shared_client, **run, step_name=key, step_status="success")
    assert read_steps(view, "key", "category", "status") == [(key, category, "completed")]


def test_test_website_differs_from_the_static_and_backend_steps(shared_client: FlaskClient) -> None:
    names = {"测试网站": "ok", "test_website_static": "ok", "test_website_backend": "ok"}
    view = show(shared_client, run_id="websites", step_details=names)
    assert {key for (key,) in read_steps(view, "key")} == {
        "test_website",
        "test_website_static",
        "test_website_backend",
    }


@pytest.mark.parametrize(
    ("number", "fields"),
    [
        (1, {"step_details": {"Unit tests": "running"}}),
        (2, {"step_details": {"Unit tests": {"status": "running", "message": "m"}}}),
        (3, {"steps": [{"name": "Unit tests", "status": "running"}]}),
        (4, {"step": {"name": "Unit tests", "status": "running"}}),
        (5, {"step_name": "Unit tests", "step_status": "running"}),
    ],
)
def test_a_step_can_be_written_in_five_ways(shared_client: FlaskClient, number: int, fields: dict[str, Any]) -> None:
    view = show(shared_client, run_id=f"way {number}", **fields)
    assert read_steps(view, "key", "name", "category", "status") == [
        ("unit tests", "Unit tests", "testing", "in_progress")
    ]
    assert (view["jobs"][0]["key"], view["jobs"][0]["name"]) == ("deploy", "deploy")
    assert view["jobs"][0]["current_step_index"] == 0


def test_an_object_of_a_step_may_have_more_fields(shared_client: FlaskClient) -> None:
    fields = {
        "status": "failed",
        "number": 7,
        "started_at": "2026-01-01T08:00:00+08:00",
        "completed_at": "2026-01-01T00:00:02.5Z",
        "message": "compiling",
        "error": "no space left",
        "log": "line 1\nline 2",
    }
    view = show(shared_client, run_id="objects", step_details={"compile": fields})
    times = ("2026-01-01T00:00:00Z", "2026-01-01T00:00:02.500000Z", 2.5)
    assert read_steps(view, "started_at", "completed_at", "duration_s") == [times]
    notes = ("compiling", "no space left", "line 1\nline 2")
    assert read_steps(view, "number", "conclusion", "message", "error", "log") == [(7, "failure", *notes)]


@pytest.mark.parametrize(
    "other", ["unit tests", "UNIT TESTS", "  Unit \t tests\n", "Ｕｎｉｔ　ｔｅｓｔｓ", "unit\u00a0tests"]
)
def test_names_that_look_equal_are_one_step(shared_client: FlaskClient, other: str) -> None:
    run = {"project": "equal", "run_id": other}
    apply(shared_client, **run, step_name="Unit tests", step_status="running")
    view = show(shared_client, **run, step_name=other, step_status="success")
    assert read_steps(view, "key", "status") == [("unit tests", "completed")]


def test_equal_names_in_one_list_get_numbered_keys(shared_client: FlaskClient) -> None:
    steps = [{"name": name, "status": "ok"} for name in ("Ship", "ship", "部署项目", " SHIP ", "部署项目")]
    view = show(shared_client, run_id="equals", steps=steps)
    keys = [key for (key,) in read_steps(view, "key")]
    assert keys == ["ship", "ship#2", "deploy_project", "ship#3", "deploy_project#2"]


def test_known_step_named_twice_keeps_its_category(shared_client: FlaskClient) -> None:
    steps = [{"name": "start_service"}, {"name": "start_service"}]
    view = show(shared_client, run_id="twice", steps=steps)
    assert read_steps(view, "key", "category") == [("start_service", "service"), ("start_service#2", "service")]


def test_equal_names_of_two_deliveries_are_one_step(shared_client: FlaskClient) -> None:
    apply(shared_client, run_id="again", steps=[{"name": "a", "status": "running"}])
    view = show(shared_client, run_id="again", steps=[{"name": "a", "status": "ok"}])
    assert read_steps(view, "key", "status") == [("a", "completed")]


def test_shorter_list_deletes_nothing(shared_client: FlaskClient) -> None:
    apply(shared_client, run_id="shorter", step_details={"a": "ok", "b": "ok"})
    view = show(shared_client, run_id="shorter", step_details={"b": "ok"})
    assert {key for (key,) in read_steps(view, "key")} == {"a", "b"}


def test_jobs_are_named_by_steps_payload_or_list(shared_client: FlaskClient) -> None:
    view = show(
        shared_client,
        run_id="jobs",
        job="Build",
        steps=[{"name": "compile"}, {"name": "unit", "job": "Test"}],
        jobs=[{"name": "Lint", "status": "success", "steps": [{"name": "ruff", "status": "ok"}]}, {"name": "Empty"}],
    )
    shown = {(job["key"], job["name"]): [step["key"] for step in job["steps"]] for job in view["jobs"]}
    assert shown == {
        ("build", "Build"): ["compile"],
        ("test", "Test"): ["unit"],
        ("lint", "Lint"): ["ruff"],
        ("empty", "Empty"): [],
    }


def test_equal_names_in_different_jobs_are_different_steps(shared_client: FlaskClient) -> None:
    steps = [{"name": "checkout", "job": "a"}, {"name": "checkout", "job": "b"}]
    view = show(shared_client, run_id="two jobs", steps=steps)
    assert read_steps(view, "key") == [("checkout",), ("checkout",)]
    assert [job["key"] for job in view["jobs"]] == ["a", "b"]


def test_progress_counts_steps_of_jobs_and_jobs_of_the_run(shared_client: FlaskClient) -> None:
    jobs = [
        {"name": "a", "status": "success", "steps": [{"name": "x", "status": "ok"}]},
        {"name": "b", "steps": [{"name": "x", "status": "ok"}, {"name": "y", "status": "running"}, {"name": "z"}]},
        {"name": "c", "status": "queued"},
    ]
    view = show(shared_client, run_id="progress", status="running", jobs=jobs)
    assert [job["job_progress_pct"] for job in view["jobs"]] == [100, 33, 0]
    assert [job["current_step_index"] for job in view["jobs"]] == [None, 1, None]
    assert (view["completed_jobs"], view["total_jobs_visible"], view["run_progress_pct"]) == (1, 3, 33)
    assert (view["completed_steps"], view["total_steps"], view["progress_pct"]) == (2, 4, 50)


def test_steps_are_ordered_by_their_numbers(shared_client: FlaskClient) -> None:
    steps = [{"name": "last"}, {"name": "ten", "number": 10}, {"name": "nine", "number": 9}]
    view = show(shared_client, run_id="numbers", steps=steps)
    assert read_steps(view, "key", "number") == [("nine", 9), ("ten", 10), ("last", None)]


def test_steps_with_blank_names_are_dropped(shared_client: FlaskClient) -> None:
    view = show(shared_client, run_id="blank", step_details={" ": "ok"}, steps=[{"name": None}], step_name="")
    assert list_steps(view) == []


def test_step_without_a_name_is_refused(shared_client: FlaskClient) -> None:
    assert set(refuse(shared_client, steps=[{"status": "ok"}], step={})) == {"steps.0.name", "step.name"}

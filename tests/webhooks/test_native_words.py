"""Status words of the native dialect and what they mean on deployments, jobs and steps."""

import pytest
from flask.testing import FlaskClient

from tests.support.webhook_client import apply, list_steps, show

MEANINGS = [
    ("pending", "queued", None, "queued"),
    ("queued", "queued", None, "queued"),
    ("waiting", "queued", None, "waiting"),
    ("running", "in_progress", None, "running"),
    ("in_progress", "in_progress", None, "running"),
    ("started", "in_progress", None, "running"),
    ("success", "completed", "success", "success"),
    ("succeeded", "completed", "success", "success"),
    ("ok", "completed", "success", "success"),
    ("failed", "completed", "failure", "failed"),
    ("failure", "completed", "failure", "failed"),
    ("error", "completed", "failure", "failed"),
    ("cancelled", "completed", "cancelled", "cancelled"),
    ("canceled", "completed", "cancelled", "cancelled"),
    ("aborted", "completed", "cancelled", "cancelled"),
    ("skipped", "completed", "skipped", "skipped"),
    ("timed_out", "completed", "timed_out", "failed"),
    ("timeout", "completed", "timed_out", "failed"),
    ("neutral", "completed", "neutral", "neutral"),
]
UNKNOWN = [
    "deploying",
    "成功",
    "done",
    "succes",
    "completed",
    "true",
    "1",
    "success!",
    "in progress",
    "成功|failed",
    "|",
]


@pytest.mark.parametrize(("word", "status", "conclusion", "state"), MEANINGS)
def test_a_status_word_has_one_meaning_for_deployments_jobs_and_steps(
    shared_client: FlaskClient, word: str, status: str, conclusion: str | None, state: str
) -> None:
    job = {"name": "j", "status": word, "steps": [{"name": "s", "status": word}]}
    view = show(shared_client, project="words", run_id=word, status=word, jobs=[job])
    for node in (view["jobs"][0], view["jobs"][0]["steps"][0]):
        assert (node["status"], node["conclusion"], node["state"]) == (status, conclusion, state)
    assert (view["status"], view["conclusion"], view["status_raw"]) == (status, conclusion, word)
    assert view["state"] == state


@pytest.mark.parametrize("word", ["SUCCESS", "Success", "  success\n"])
def test_case_and_blanks_around_a_word_do_not_matter(shared_client: FlaskClient, word: str) -> None:
    view = show(shared_client, run_id=f"case {word}", status=word, step_name="s", step_status=word)
    assert (view["conclusion"], list_steps(view)[0]["conclusion"]) == ("success", "success")


@pytest.mark.parametrize("word", UNKNOWN)
def test_an_unknown_status_word_claims_nothing_and_is_stored(shared_client: FlaskClient, word: str) -> None:
    view = show(shared_client, project="unknown", run_id=word, status=word, step_name="s", step_status=word)
    assert (view["status"], view["conclusion"], view["status_raw"]) == ("queued", None, word)
    step = list_steps(view)[0]
    assert (step["status"], step["conclusion"], step["status_raw"]) == ("queued", None, word)


def test_an_unknown_status_word_after_a_known_one_changes_nothing(shared_client: FlaskClient) -> None:
    before = apply(shared_client, run_id="later", status="running")
    after = apply(shared_client, run_id="later", status="deploying")
    assert (after["verdict"], after["seq"]) == ("applied", before["seq"])


def test_success_with_a_failed_job_is_only_partial(shared_client: FlaskClient) -> None:
    view = show(shared_client, run_id="partial", status="success", jobs=[{"name": "a", "status": "failed"}])
    assert (view["conclusion"], view["state"]) == ("success", "partial")


def test_steps_alone_never_make_a_deployment_a_success(shared_client: FlaskClient) -> None:
    view = show(shared_client, run_id="steps only", step_details={"a": "success", "b": "success"})
    assert (view["status"], view["conclusion"], view["state"]) == ("in_progress", None, "running")


def test_open_step_of_an_ended_deployment_is_unknown_and_not_done(shared_client: FlaskClient) -> None:
    view = show(shared_client, run_id="left open", status="failed", step_name="s", step_status="running")
    (step,) = list_steps(view)
    assert (step["state"], step["is_done"], step["is_current"]) == ("unknown", False, False)


def test_late_report_corrects_an_ended_deployment(shared_client: FlaskClient) -> None:
    before = apply(shared_client, run_id="late", status="failed", step_name="s", step_status="running")
    after = apply(shared_client, run_id="late", step_name="s", step_status="failed")
    assert after["seq"] == before["seq"] + 1
    assert list_steps(shared_client.get(f"/api/deployments/{after['deployment_id']}").get_json())[0]["is_done"]

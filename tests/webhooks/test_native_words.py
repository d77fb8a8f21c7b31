"""Status words of the native dialect and what they mean on deployments, jobs and steps."""

import itertools

import pytest
from flask.testing import FlaskClient

from tests.support.webhook_client import apply, list_steps, read, show

MEANINGS = {
    ("queued", None, "queued"): "pending queued created requested scheduled not_started assigned preparing",
    ("queued", None, "waiting"): "waiting blocked on_hold suspended manual approval",
    ("in_progress", None, "running"): (
        "running in_progress started building deploying processing progressing active canceling cancelling"
    ),
    ("completed", "success", "success"): (
        "success succeeded successful ok pass passed fixed healthy synced succeeded_with_issues partially_succeeded"
    ),
    ("completed", "failure", "failed"): (
        "failed failure fail error errored broken unstable crashed degraded rejected infrastructure_failure"
    ),
    ("completed", "cancelled", "cancelled"): (
        "cancelled canceled cancel aborted killed stopped terminated interrupted superseded declined"
    ),
    ("completed", "skipped", "skipped"): "skipped not_run not_built ignored",
    ("completed", "timed_out", "failed"): "timed_out timeout expired",
    ("completed", "neutral", "neutral"): "neutral out_of_sync",
    ("completed", "unknown", "unknown"): "finished completed complete done ended",
}
WAITING = MEANINGS["queued", None, "waiting"].split()
WORDS = [(word, *meaning) for meaning, words in MEANINGS.items() for word in words.split()]
SPELLINGS = [
    ("UNSTABLE", "failed"),
    ("NOT_BUILT", "skipped"),
    ("SucceededWithIssues", "success"),
    ("Succeeded with issues", "success"),
    ("SUCCESSFUL", "success"),
    ("partially-succeeded", "success"),
    ("TimedOut", "failed"),
    ("timed out", "failed"),
    ("InProgress", "running"),
    ("In Progress", "running"),
    ("in-progress", "running"),
    ("INPROGRESS", "running"),
    ("On Hold", "waiting"),
    ("notStarted", "queued"),
    ("Not-Run", "skipped"),
    ("OutOfSync", "neutral"),
    ("infrastructure failure", "failed"),
    ("_done_", "unknown"),
]
"""Spellings of several CI systems, and the state that they show as."""
UNKNOWN = [
    "wobbling",
    "成功",
    "succes",
    "true",
    "1",
    "success!",
    "成功|failed",
    "running|success",
    "|",
]


@pytest.mark.parametrize(("word", "status", "conclusion", "state"), WORDS)
def test_a_status_word_has_one_meaning_for_deployments_jobs_and_steps(
    shared_client: FlaskClient, word: str, status: str, conclusion: str | None, state: str
) -> None:
    job = {"name": "j", "status": word, "steps": [{"name": "s", "status": word}]}
    view = show(shared_client, project="words", run_id=word, status=word, jobs=[job])
    for node in (view["jobs"][0], view["jobs"][0]["steps"][0]):
        assert (node["status"], node["conclusion"], node["state"]) == (status, conclusion, state)
    assert (view["status"], view["conclusion"], view["status_raw"]) == (status, conclusion, word)
    assert (view["state"], view["status_known"]) == (state, True)


@pytest.mark.parametrize(("word", "state"), SPELLINGS)
def test_case_blanks_underscores_and_hyphens_in_a_word_do_not_matter(
    shared_client: FlaskClient, word: str, state: str
) -> None:
    answer = apply(shared_client, run_id=f"spelt {word}", status=word, step_name="s", step_status=word)
    view = read(shared_client, answer)
    assert (view["state"], view["status_raw"], list_steps(view)[0]["state"]) == (state, word, state)
    assert "warnings" not in answer


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("passed", "success"),
        ("UNSTABLE", "failed"),
        ("SucceededWithIssues", "success"),
        ("SUCCESSFUL", "success"),
        ("errored", "failed"),
        ("killed", "cancelled"),
        ("finished", "unknown"),
    ],
)
def test_final_words_of_ci_systems_end_a_deployment_in_any_order_and_number(
    shared_client: FlaskClient, word: str, state: str
) -> None:
    reports = [{"status": "running"}, {"status": word, "completed_at": "2026-11-27T09:00:00Z"}]
    for number, order in enumerate(itertools.product(reports, repeat=3)):
        if reports[1] in order:
            answers = [apply(shared_client, run_id=f"{word} {number}", **report) for report in order]
            assert read(shared_client, answers[-1])["state"] == state


def test_deployments_that_wait_are_found_by_their_state(shared_client: FlaskClient) -> None:
    waiting = [apply(shared_client, project="held", run_id=word, status=word)["deployment_id"] for word in WAITING]
    apply(shared_client, project="held", run_id="queued", status="queued")
    listed = shared_client.get("/api/deployments?project=held&state=waiting").get_json()["items"]
    assert {each["id"] for each in listed} == set(waiting)


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
    assert (view["status_known"], step["status_known"]) == (False, False)


def test_an_unknown_status_word_after_a_known_one_changes_nothing(shared_client: FlaskClient) -> None:
    before = apply(shared_client, run_id="later", status="running")
    after = apply(shared_client, run_id="later", status="wobbling")
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

"""Status words that no table knows: the answer warns of them, the delivery keeps the warning, the pages show them."""

import importlib
import re
from collections.abc import Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.core.words import NATIVE, NATIVE_WORDS, Meaning, is_known_word
from dashboard.webhooks.senders import DIALECTS
from dashboard.webhooks.unread import MAX_WARNINGS
from tests.support.bodies import bitbucket, buildbot, cdevents, gitea, github, gitlab, jenkins
from tests.support.webhook_client import BEARER, apply, make_payload, post, read
from tests.webhooks.foreign_checks import receive

WORD = "wobbling"
BAD_STEP = github.make_step(2, conclusion=WORD)
FOREIGN: list[tuple[str, str, Any, str]] = [
    ("github", "workflow_run", github.make_run(WORD), "workflow_run.status"),
    ("github", "workflow_run", github.make_run("completed", WORD), "workflow_run.conclusion"),
    ("github", "workflow_job", github.make_job(WORD), "workflow_job.status"),
    (
        "github",
        "workflow_job",
        github.make_job("in_progress", steps=[github.make_step(1), BAD_STEP]),
        "workflow_job.steps[1].conclusion",
    ),
    ("github", "deployment_status", github.make_deployment(WORD), "deployment_status.state"),
    ("github", "check_run", github.make_check("completed", WORD), "check_run.conclusion"),
    ("github", "status", github.make_status(WORD), "state"),
    ("gitea", "workflow_run", gitea.make_run(WORD), "workflow_run.status"),
    ("gitea", "workflow_job", gitea.make_job("completed", WORD, steps=[]), "workflow_job.conclusion"),
    ("gitea", "status", gitea.make_status(WORD), "state"),
    ("gitea", "action_run_success", gitea.make_forgejo_run(WORD), "run.status"),
    ("gitea", "workflow_job_success", gitea.make_forgejo_job(WORD), "job.status"),
    ("gitlab", "Pipeline Hook", gitlab.make_pipeline(WORD), "object_attributes.status"),
    (
        "gitlab",
        "Pipeline Hook",
        gitlab.make_pipeline("running", gitlab.make_build(1, "a"), gitlab.make_build(2, "b", WORD)),
        "builds[1].status",
    ),
    ("gitlab", "Job Hook", gitlab.make_job(1, "a", WORD), "build_status"),
    ("gitlab", "Deployment Hook", gitlab.make_deployment(WORD), "status"),
    ("bitbucket", "repo:commit_status_updated", bitbucket.make_status(WORD), "commit_status.state"),
    ("jenkins", "", jenkins.make_notification("COMPLETED", WORD), "build.status"),
    ("jenkins", "", jenkins.make_run("completed", WORD), "data.result"),
    ("jenkins", "", jenkins.make_stages(WORD), "status"),
    ("jenkins", "", jenkins.make_stages("SUCCESS", jenkins.make_stage("Build", WORD)), "stages[0].status"),
    ("cdevents", "", cdevents.make_pipeline_run("finished", WORD), "subject.content.outcome"),
    ("cdevents", "", cdevents.wrap(cdevents.make_task_run("finished", WORD)), "data.subject.content.outcome"),
    (
        "cdevents",
        "",
        [cdevents.make_task_run("started"), cdevents.make_task_run("finished", WORD)],
        "[1].subject.content.outcome",
    ),
]
"""Dialect, event, a body with the unknown word in one place, and that place."""


def say(word: str) -> str:
    """Return the text of the warning of a word."""
    return f'Unknown status "{word}": it claims nothing.'


def list_raw(view: dict[str, Any]) -> list[tuple[str, bool]]:
    """Return the words of a deployment, its jobs and its steps, each with whether it is known."""
    nodes = [view, *view["jobs"], *(step for job in view["jobs"] for step in job["steps"])]
    return [(node["status_raw"], node["status_known"]) for node in nodes]


@pytest.mark.parametrize(("dialect", "event", "body", "field"), FOREIGN)
def test_an_unknown_word_of_any_sender_is_answered_with_a_warning_and_shown_as_unknown(
    shared_client: FlaskClient, dialect: str, event: str, body: Any, field: str
) -> None:
    answer = receive(shared_client, dialect, event, body)
    assert (answer["verdict"], answer["warnings"]) == ("applied", [{"field": field, "text": say(WORD)}])
    assert (WORD, False) in list_raw(read(shared_client, answer))


def test_an_unknown_result_code_of_buildbot_is_answered_with_a_warning(shared_client: FlaskClient) -> None:
    body = buildbot.end_build(9, buildbot.make_step(1, "a", "10:00:00", "10:00:01", results=8))
    answer = receive(shared_client, "buildbot", "", body)
    assert answer["warnings"] == [
        {"field": "results", "text": say("9")},
        {"field": "steps[0].results", "text": say("8")},
    ]
    assert ("9", False) in list_raw(read(shared_client, answer))


IN_NATIVE: list[tuple[dict[str, Any], str]] = [
    ({"status": WORD}, "status"),
    ({"jobs": [{"name": "a"}, {"name": "b", "status": WORD}]}, "jobs[1].status"),
    ({"jobs": [{"name": "a", "steps": [{"name": "s", "status": WORD}]}]}, "jobs[0].steps[0].status"),
    ({"steps": [{"name": "a", "status": "ok"}, {"name": "b"}, {"name": "c", "status": WORD}]}, "steps[2].status"),
    ({"step_details": {"Build": "ok", "Deploy": WORD}}, "step_details.Deploy"),
    ({"step_details": {"Build": "ok", "Deploy": {"status": WORD}}}, "step_details.Deploy.status"),
    ({"step": {"name": "a", "status": WORD}}, "step.status"),
    ({"step_name": "a", "step_status": WORD}, "step_status"),
]


@pytest.mark.parametrize(("fields", "field"), IN_NATIVE)
def test_an_unknown_word_anywhere_in_a_native_delivery_is_answered_with_a_warning(
    shared_client: FlaskClient, fields: dict[str, Any], field: str
) -> None:
    answer = apply(shared_client, project="native", run_id=field, **fields)
    assert answer["warnings"] == [{"field": field, "text": say(WORD)}]
    assert (WORD, False) in list_raw(read(shared_client, answer))


@pytest.mark.parametrize("word", ["success|failed", "running|success"])
def test_copied_alternatives_are_answered_with_a_warning(shared_client: FlaskClient, word: str) -> None:
    answer = apply(shared_client, project="alternatives", run_id=word, status=word)
    assert answer["warnings"] == [{"field": "status", "text": say(word)}]
    assert list_raw(read(shared_client, answer)) == [(word, False)]


def test_the_page_says_that_a_word_is_unknown_beside_the_node_that_has_it(shared_client: FlaskClient) -> None:
    steps = [{"name": "first", "status": "wobbling"}, {"name": "second", "status": "finished"}]
    answer = apply(shared_client, project="page", status="jiggling", steps=steps)
    page = shared_client.get(f"/deployments/{answer['deployment_id']}").text
    assert "reported as “jiggling”, an unknown status" in page
    rows = dict(re.findall(r'data-view="step" data-key="(\w+)"(.*?)data-format="remark"', page, re.DOTALL))
    assert "reported as “wobbling”, an unknown status" in rows["first"]
    assert "reported as “finished”<" in rows["second"]


def test_a_replay_answers_the_same_and_a_repetition_has_no_warnings(shared_client: FlaskClient) -> None:
    headers = {**BEARER, "Idempotency-Key": "unknown word"}
    payload = make_payload(project="replayed", status=WORD)
    first, second = (post(shared_client, payload, headers).get_json() for _ in range(2))
    assert (second["verdict"], "warnings" in second) == ("duplicate", False)
    replayed = shared_client.post(f"/api/deliveries/{first['delivery_id']}/replay", headers=BEARER).get_json()
    assert replayed == first
    kept = shared_client.get(f"/api/deliveries/{first['delivery_id']}", headers=BEARER).get_json()
    assert kept["warnings"] == first["warnings"] == [{"field": "status", "text": say(WORD)}]


def test_the_page_of_a_delivery_shows_its_warnings(shared_client: FlaskClient) -> None:
    answer = apply(shared_client, project="warned", status='<b>"no"')
    for language, text in (
        ("en", 'Unknown status "<b>"no"": it claims nothing.'),
        ("zh-CN", '无法识别状态“<b>"no"”，已忽略。'),
    ):
        headers = {**BEARER, "Accept-Language": language}
        page = shared_client.get(f"/deliveries/{answer['delivery_id']}", headers=headers).text
        escaped = text.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")
        assert f"<code>status</code> <bdi>{escaped}</bdi>" in page


def test_warnings_are_few_and_short_however_many_and_long_the_words_are(shared_client: FlaskClient) -> None:
    details = {f"{number} {'s' * 240}": "w" * 255 for number in range(1_000)}
    response = post(shared_client, make_payload(project="hostile", step_details=details))
    warnings = response.get_json()["warnings"]
    assert len(warnings) == MAX_WARNINGS
    assert max(len(warning["field"]) + len(warning["text"]) for warning in warnings) < 400
    assert len(response.data) < 10_000


def test_characters_that_cannot_be_stored_are_replaced_in_warnings(shared_client: FlaskClient) -> None:
    answer = receive(shared_client, "gitlab", "Pipeline Hook", gitlab.make_pipeline("a\ud800b\0"))
    assert answer["warnings"] == [{"field": "object_attributes.status", "text": say("a\ufffdb\ufffd")}]


def test_a_delivery_that_is_ignored_or_fails_has_no_warnings(shared_client: FlaskClient) -> None:
    assert "warnings" not in receive(shared_client, "github", "ping", {"state": WORD})
    assert "warnings" not in receive(shared_client, "github", "status", {"state": WORD})


def read_table(dialect: str) -> Mapping[str, Meaning]:
    """Return the status words of a dialect."""
    words: Mapping[str, Meaning] = importlib.import_module(f"dashboard.webhooks.dialects.{dialect}").WORDS
    return words


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_word_of_a_table_is_shown_as_unknown(dialect: str) -> None:
    words = NATIVE_WORDS if dialect == NATIVE else read_table(dialect)
    unknown = [
        word
        for word, (status, conclusion) in words.items()
        if not is_known_word(status.word, conclusion and conclusion.value, word)
    ]
    assert unknown == []

"""Every real body, with the headers and signature of its sender, is applied or is ignored with a reason.

A repetition changes nothing, and docs/senders.md has a table of the verdicts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.support.bodies.corpora import needs_corpora
from tests.support.bodies.real import READERS, STAGES, Answer, Delivery, list_deliveries, post_all
from tests.support.bodies.verdict_table import DOCUMENT, make_table, replace_table
from tests.support.servers import SECRET, DashboardServer
from tests.support.webhook_client import PATH

SENDERS_WITH_IDS = {"GitHub", "GitLab", "Bitbucket Cloud"}
"""Those that give each delivery an id in a header; that of the others is made of the body."""
VERDICTS_AGAIN = {"applied": "duplicate", "ignored": "ignored"}
"""Of a delivery that comes once more, by its first; a build's stages have no id at all, and are applied again."""
SENDERS = [pytest.param(name, marks=() if name == "GitHub" else needs_corpora) for name in READERS]
"""GitHub's bodies are in an npm package."""
MIN_BODIES = {"GitHub": 329, "GitLab": 9, "Bitbucket Cloud": 3, "Jenkins": 18, "CDEvents": 40}


@pytest.fixture(scope="module")
def answers(dashboard_server: DashboardServer) -> Sequence[Answer]:
    """Give what was answered to each body when it came for the first time."""
    return post_all(dashboard_server, list_deliveries())


def select(answers: Sequence[Answer], sender: str) -> list[Answer]:
    """Return the answers to a sender."""
    return [answer for answer in answers if answer.delivery.sender.startswith(sender)]


def read_seqs(server: DashboardServer) -> Mapping[int, int]:
    """Return the sequence number of every deployment."""
    seqs: dict[int, int] = {}
    cursor: str | None = ""
    while cursor is not None:
        status, page = server.get(f"/api/deployments?limit=200&cursor={cursor}")
        assert status == 200, page
        seqs |= {item["id"]: item["seq"] for item in page["items"]}
        cursor = page["next_cursor"]
    return seqs


def describe(answer: Answer) -> tuple[str, int, Any]:
    """Return what a failure of the test prints of an answer."""
    return answer.delivery.event, answer.status, dict(answer.receipt)


@pytest.mark.parametrize("sender", SENDERS)
def test_every_real_body_is_applied_or_ignored(answers: Sequence[Answer], sender: str) -> None:
    posted = select(answers, sender)
    assert len(posted) >= MIN_BODIES[sender]
    for answer in posted:
        assert answer.status == 200, describe(answer)
        assert answer.verdict in {"applied", "ignored"}, describe(answer)


@pytest.mark.parametrize("sender", SENDERS)
def test_every_applied_body_has_a_deployment(answers: Sequence[Answer], sender: str) -> None:
    applied = [answer for answer in select(answers, sender) if answer.verdict == "applied"]
    assert applied
    for answer in applied:
        assert answer.receipt["deployment_id"] is not None, describe(answer)


def test_every_ignored_body_is_of_a_known_event_and_has_a_reason(answers: Sequence[Answer]) -> None:
    for answer in answers:
        if answer.verdict == "ignored":
            assert answer.receipt["reason"], describe(answer)
            assert "unknown event" not in answer.receipt["reason"], describe(answer)


def test_the_same_deliveries_again_are_duplicates_and_change_nothing(
    dashboard_server: DashboardServer, answers: Sequence[Answer]
) -> None:
    before = read_seqs(dashboard_server)
    again = post_all(dashboard_server, [answer.delivery for answer in answers])
    assert read_seqs(dashboard_server) == before
    for first, second in zip(answers, again, strict=True):
        expected = "applied" if first.delivery.event == STAGES else VERDICTS_AGAIN[first.verdict]
        assert second.verdict == expected, describe(second)
        assert second.receipt["seq"] == before.get(second.receipt["deployment_id"]), describe(second)


def test_the_same_bodies_under_other_ids_are_applied_and_change_nothing(
    dashboard_server: DashboardServer, answers: Sequence[Answer]
) -> None:
    before = read_seqs(dashboard_server)
    verdicts = {(answer.delivery.event, answer.delivery.body): answer.verdict for answer in answers}
    fresh = [delivery for delivery in list_deliveries("second") if delivery.sender in SENDERS_WITH_IDS]
    again = post_all(dashboard_server, fresh)
    assert read_seqs(dashboard_server) == before
    for second in again:
        assert second.verdict == verdicts[second.delivery.event, second.delivery.body], describe(second)


def test_a_wrong_secret_is_refused_for_every_sender(dashboard_server: DashboardServer) -> None:
    body = b'{"zen": "Keep it logically awesome."}'
    forged = [
        Delivery("GitHub", "ping", {"X-GitHub-Event": "ping", "X-Hub-Signature-256": "sha256=" + "0" * 64}, body),
        Delivery("GitLab", "push", {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": SECRET[:-1]}, body),
        Delivery("Bitbucket", "push", {"X-Event-Key": "repo:push", "X-Hub-Signature": "sha256=" + "0" * 64}, body),
        Delivery("Jenkins", "run", {"Authorization": "Bearer wrong"}, body, f"{PATH}/jenkins"),
    ]
    assert [answer.status for answer in post_all(dashboard_server, forged)] == [401] * 4


@needs_corpora
def test_the_table_in_the_documentation_is_what_the_script_writes(answers: Sequence[Answer]) -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert replace_table(document, make_table(answers)) == document, "docs/senders.md is out of date: make senders"

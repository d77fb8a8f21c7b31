"""Which field of a Bitbucket body each claim is read from, and how long its text may be."""

from typing import Any

import pytest

from dashboard.core.registers import make_stamp
from dashboard.webhooks.dialects.bitbucket import parse
from dashboard.webhooks.dialects.payload import MAX_URL_LENGTH
from tests.support.bodies.bitbucket import REPOSITORY, SHA, make_status
from tests.support.parsed_reports import at, find_stamps, only, read_errors, values

UPDATED = "repo:commit_status_updated"
LONG_URL = "https://ci.example.org/".ljust(3000, "x")


def link_commit(url: str) -> dict[str, Any]:
    """Return a body that names its commit only by this URL."""
    return make_status(commit=None, links={"commit": {"href": url}})


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ({"self": {"href": "https://api.bitbucket.org/2.0/repositories/octo/shop"}}, "api.bitbucket.org"),
        ({"html": {"href": "https://" + "h" * 3000}}, "h" * (MAX_URL_LENGTH - len("https://"))),
        ({"html": {"href": "octo/shop"}}, ""),
    ],
    ids=["self", "long", "none"],
)
def test_host_is_read_from_the_links_of_the_repository(links: dict[str, Any], expected: str) -> None:
    body = make_status() | {"repository": REPOSITORY | {"links": links}}
    assert only(parse(UPDATED, body)).identity.parts[0] == expected


@pytest.mark.parametrize(
    "url",
    [
        f"https://api.bitbucket.org/2.0/repositories/octo/commit/commit/{SHA}",
        f"https://api.bitbucket.org/{'x' * 300}/commit/{SHA}",
    ],
    ids=["repository called commit", "long"],
)
def test_hash_is_read_from_the_url_of_the_commit(url: str) -> None:
    assert values(only(parse(UPDATED, link_commit(url))).deployment)["commit_hash"] == SHA


def test_commit_beyond_the_maximum_length_of_a_url_is_missing() -> None:
    errors = read_errors(parse, UPDATED, link_commit(f"{LONG_URL}/commit/{SHA}"))
    assert list(errors) == ["commit_status.commit"]


def test_url_of_the_build_is_cut_to_the_maximum_length() -> None:
    report = only(parse(UPDATED, make_status(url=LONG_URL)))
    assert values(report.deployment)["run_url"] == LONG_URL[:MAX_URL_LENGTH]


@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        ({"nickname": "grace", "display_name": "Grace Hopper"}, "grace"),
        ({"display_name": "Grace Hopper"}, "Grace Hopper"),
        ({}, None),
    ],
)
def test_actor_without_a_nickname_goes_by_the_displayed_name(actor: dict[str, str], expected: str | None) -> None:
    report = only(parse(UPDATED, make_status() | {"actor": actor}))
    assert values(report.deployment).get("triggered_by") == expected


def test_build_in_progress_has_no_end() -> None:
    report = only(parse(UPDATED, make_status("INPROGRESS")))
    for node in (report.deployment, report.jobs["unit"]):
        assert (node.started_at, node.outcomes[0].completed_at) == (at("10:05:00"), None)
    assert find_stamps(report) == {make_stamp(at("10:05:00"))}

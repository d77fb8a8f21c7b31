"""Where Buildbot's builds keep each field, where else it is looked for, and how long it may be."""

from typing import Any

import pytest

from dashboard.core.storable import MAX_INT
from dashboard.webhooks.dialects.buildbot import parse
from dashboard.webhooks.dialects.payload import MAX_TEXT_LENGTH, MAX_URL_LENGTH
from tests.support.bodies.buildbot import BUILDING, MASTER, PREPARED, make_build, make_step, unix
from tests.support.parsed_reports import at, only, values


def read(body: Any) -> Any:
    """Return the report of a build."""
    return only(parse("build", body))


def test_the_project_of_a_build_can_have_another_name_than_its_repository() -> None:
    report = read(make_build(source={"project": "Shop"}))
    assert values(report.project) == {"name": "Shop", "repository": "octo/shop"}
    assert report.identity.project.path == "shop"


def test_the_job_of_a_build_starts_with_the_build_not_with_its_latest_step() -> None:
    assert read(make_build(PREPARED, BUILDING)).jobs["shop ci"].started_at == at("10:00:00")


@pytest.mark.parametrize(
    ("url", "master"),
    [
        (f"{MASTER}#/builders/4/builds/12", MASTER),
        (f"{MASTER}#/builders/4/builds/12#bottom", MASTER),
        (MASTER, MASTER),
        (MASTER + "c" * 1000, MASTER + "c" * 1000),
        (MASTER + "c" * MAX_URL_LENGTH, (MASTER + "c" * MAX_URL_LENGTH)[:MAX_URL_LENGTH]),
        (None, ""),
    ],
)
def test_the_master_of_a_build_is_its_url_before_the_fragment(url: str | None, master: str) -> None:
    assert read(make_build(url=url)).identity.parts == (master, "shop ci", "run", "71", 1)


def test_the_revision_of_a_build_can_be_listed_under_a_codebase_without_a_name() -> None:
    properties = {"got_revision": [{"": "c0ffee12"}, "Git"]}
    assert values(read(make_build(properties=properties)).deployment)["commit_hash"] == "c0ffee12"


def test_steps_are_taken_in_the_order_of_their_numbers() -> None:
    later, earlier = make_step(1, "Test", "10:00:09"), make_step(0, "Test", "10:00:01")
    steps = read(make_build(later, earlier)).steps
    assert {key: values(step)["number"] for (_, key), step in steps.items()} == {"test": 0, "test#2": 1}


@pytest.mark.parametrize("name", [None, " ", 1.5])
def test_a_step_without_a_name_is_left_out(name: Any) -> None:
    steps = read(make_build(BUILDING, {**make_step(2, "", "10:00:02"), "name": name})).steps
    assert list(steps) == [("shop ci", "build")]


@pytest.mark.parametrize(("number", "expected"), [(MAX_INT, MAX_INT), (MAX_INT + 1, None), (-1, None), ("3", 3)])
def test_the_number_of_a_step_fits_into_the_database(number: Any, expected: int | None) -> None:
    step = {**make_step(0, "Build", "10:00:00"), "number": number}
    assert values(read(make_build(step)).steps["shop ci", "build"]).get("number") == expected


def test_of_a_long_log_the_end_is_kept() -> None:
    def read_log(text: str) -> Any:
        logs = [{"type": "s", "content": {"content": f"o{text}\n"}}]
        step = make_step(0, "Build", "10:00:00", logs=logs)
        return values(read(make_build(step)).steps["shop ci", "build"])["log"]

    assert read_log("x" * 1000) == "x" * 1000
    assert read_log("x" * MAX_TEXT_LENGTH + "end") == "x" * (MAX_TEXT_LENGTH - 3) + "end"


def test_a_build_that_runs_has_no_end_even_if_it_names_one() -> None:
    report = read(make_build(complete=False, complete_at=unix("10:01:00")))
    assert report.deployment.outcomes[0].completed_at is None

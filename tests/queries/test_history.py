"""Queries of the history beside its lists."""

from datetime import timedelta

import pytest

from dashboard.extensions import db, open_reader
from dashboard.queries.history import count_newer, iterate_deployments, list_choices, make_top_cursor
from dashboard.queries.lists import DeploymentFilters, list_deployments
from tests.support.ingest import NOW, ingest, make_incoming, make_report

pytestmark = pytest.mark.usefixtures("app")
EVERYTHING = DeploymentFilters()


def deploy(*run_ids: int, **payload: object) -> None:
    """Report deployments, each a minute after the one with the next lower run id."""
    reports = [
        make_report(run_id=str(n), status="success", started_at=(NOW + timedelta(minutes=n)).isoformat(), **payload)
        for n in run_ids
    ]
    ingest(make_incoming(*reports, received_at=NOW + timedelta(days=1)))
    db.session.rollback()


def list_runs(filters: DeploymentFilters, cursor: str | None = None) -> list[str | None]:
    views, _ = list_deployments(open_reader(NOW), filters, 50, cursor)
    return [view["run_id"] for view in views]


def test_a_list_by_person_has_the_deployments_that_the_person_triggered() -> None:
    deploy(1, triggered_by="ana")
    deploy(2, triggered_by="王伟")
    assert list_runs(DeploymentFilters(triggered_by="王伟")) == ["2"]


@pytest.mark.parametrize("text", ["LOGIN", "abc12", "50%", "王", "Shop"])
def test_a_search_matches_any_descriptive_field(text: str) -> None:
    deploy(1, project="Shop", branch="fix/login", commit_hash="abc123", triggered_by="王伟", message="50% done")
    deploy(2, project="other", branch="main", triggered_by="ana", message="500 done")
    assert list_runs(DeploymentFilters(q=text)) == ["1"]


def test_a_search_does_not_match_across_two_fields() -> None:
    deploy(1, branch="main", commit_hash="abc")
    assert list_runs(DeploymentFilters(q="mainabc")) == []


def test_a_list_from_a_top_cursor_excludes_newer_deployments() -> None:
    deploy(1, 2, 3)
    (newest, *_), _ = list_deployments(open_reader(NOW), EVERYTHING, 50, None)
    top = make_top_cursor(newest)
    deploy(4, 5)
    assert list_runs(EVERYTHING, top) == ["3", "2", "1"]
    assert count_newer(open_reader(NOW), EVERYTHING, top, 50) == 2
    assert count_newer(open_reader(NOW), EVERYTHING, top, 1) == 2
    assert count_newer(open_reader(NOW), DeploymentFilters(branch="main"), top, 50) == 0


def test_choices_are_all_projects_and_recently_used_values() -> None:
    deploy(1, project="shop", environment="production", branch="main", triggered_by="ana")
    deploy(2, project="报表", environment="test", branch="main")
    assert list_choices(open_reader(NOW)) == {
        "project": [("shop", "shop"), ("报表", "报表")],
        "environment": ["production", "test"],
        "branch": ["main"],
        "triggered_by": ["ana"],
    }


@pytest.mark.parametrize(("limit", "sizes"), [(10_000, [500, 103]), (603, [500, 103]), (600, [500, 100]), (500, [500])])
def test_an_export_comes_in_batches_up_to_its_limit(limit: int, sizes: list[int]) -> None:
    deploy(*range(603))
    batches = list(iterate_deployments(open_reader(NOW), EVERYTHING, limit))
    assert [len(batch) for batch in batches] == sizes
    runs = [int(view["run_id"] or 0) for batch in batches for view in batch]
    assert runs == list(range(602, 602 - sum(sizes), -1))

"""Filtered lists of a past larger than a scan window: nothing is missed or repeated."""

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from dashboard.core.words import State
from dashboard.extensions import db, open_reader
from dashboard.maintenance.search_index import MIN_AGE, index_new_deployments, reindex_changed_deployments
from dashboard.queries import lists, scan_window
from dashboard.queries.deliveries import DeliveryFilters, list_deliveries
from dashboard.queries.history import count_newer, iterate_deployments, make_top_cursor
from dashboard.queries.lists import DeploymentFilters, list_deployments
from tests.support.ingest import NOW, ingest, make_incoming, make_report

LATER = NOW + MIN_AGE + timedelta(minutes=1)
"""When deployments that were received at NOW are old enough for the index."""


@pytest.fixture(autouse=True)
def _small_windows(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run within the application, and let a page look at ten rows only."""
    monkeypatch.setattr(scan_window, "MAX_WINDOW_ROWS", 10)


RUN_IDS = count()


def deploy(number: int, minutes_ago: int = 0, **payload: Any) -> None:
    """Report so many deployments, a minute apart, the newest of them so many minutes ago."""
    reports = [
        make_report(
            run_id=f"run-{next(RUN_IDS)}",
            started_at=(NOW - timedelta(minutes=minutes_ago + n)).isoformat(),
            **{"status": "success", **payload},
        )
        for n in range(number)
    ]
    ingest(*(make_incoming(report) for report in reports))
    db.session.rollback()


def list_pages(filters: DeploymentFilters, limit: int = 3) -> list[list[str | None]]:
    """Return the commits of each page."""
    pages, cursor = [], None
    while True:
        views, cursor = list_deployments(open_reader(LATER), filters, limit, cursor)
        pages.append([view["commit_hash"] for view in views])
        if cursor is None:
            return pages


RARE = [
    DeploymentFilters(q="rare"),
    DeploymentFilters(q="AAA"),
    DeploymentFilters(branch="rare"),
    DeploymentFilters(triggered_by="王"),
    DeploymentFilters(environment="nowhere"),
    DeploymentFilters(state=State.CANCELLED),
    DeploymentFilters(project="shop", q="rare", state=State.CANCELLED),
]


@pytest.mark.parametrize("filters", RARE, ids=str)
def test_a_rare_match_is_on_the_first_page_at_any_age(filters: DeploymentFilters) -> None:
    rare = {"branch": "rare", "triggered_by": "王", "environment": "nowhere", "status": "cancelled"}
    deploy(40, branch="main")
    deploy(1, minutes_ago=100, commit_hash="aaa", **rare)
    deploy(5, minutes_ago=200, branch="main")
    index_new_deployments(db.engine, LATER)
    assert list_pages(filters) == [["aaa"]]


@pytest.mark.parametrize("filters", RARE, ids=str)
def test_a_match_that_is_not_indexed_is_on_a_later_page(filters: DeploymentFilters) -> None:
    rare = {"branch": "rare", "triggered_by": "王", "environment": "nowhere", "status": "cancelled"}
    deploy(20, branch="main")
    index_new_deployments(db.engine, LATER)
    deploy(20, branch="main")
    deploy(1, minutes_ago=100, commit_hash="aaa", **rare)
    pages = list_pages(filters)
    assert len(pages) > 1
    assert [commit for page in pages for commit in page] == ["aaa"]


@pytest.mark.parametrize("part", ["rare", "王"])
@pytest.mark.parametrize("indexed", [True, False])
def test_pages_have_each_match_once_and_in_order(part: str, indexed: bool) -> None:
    wanted = []
    for block in range(12):
        deploy(4, minutes_ago=10 * block, branch="main")
        deploy(2, minutes_ago=10 * block + 4, commit_hash=f"c{block}", message=f"a rare one of 王 {block}")
        wanted += [f"c{block}"] * 2
    if indexed:
        index_new_deployments(db.engine, LATER)
    assert [commit for page in list_pages(DeploymentFilters(q=part)) for commit in page] == wanted


@pytest.mark.parametrize("limit", ["MAX_MATCHES", "MAX_ESTIMATED_MATCHES"])
def test_a_term_with_too_many_matches_does_not_end_the_search(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, limit, 3)
    deploy(15, branch="main")
    deploy(5, minutes_ago=50, branch="common", commit_hash="aaa")
    index_new_deployments(db.engine, LATER)
    assert [len(page) for page in list_pages(DeploymentFilters(branch="common"), limit=9)] == [0, 5]


def test_a_term_that_is_rare_in_the_sample_is_found_by_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MAX_ESTIMATED_MATCHES", 8)
    monkeypatch.setattr(lists, "SAMPLE_POINTS", 3)
    deploy(60, branch="main")
    deploy(2, minutes_ago=90, branch="rare", commit_hash="aaa")
    index_new_deployments(db.engine, LATER)
    assert list_pages(DeploymentFilters(branch="rare")) == [["aaa", "aaa"]]


def test_a_gap_in_the_ids_does_not_make_a_rare_term_seem_common(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MAX_ESTIMATED_MATCHES", 8)
    monkeypatch.setattr(lists, "SAMPLE_POINTS", 10)
    deploy(60, minutes_ago=100, branch="main")
    deploy(2, minutes_ago=200, branch="rare", commit_hash="aaa")
    deploy(20, branch="main")
    index_new_deployments(db.engine, LATER)
    with db.engine.begin() as connection:
        for table, column in (("deployment_terms", "deployment_id"), ("deployments", "id")):
            connection.execute(text(f"DELETE FROM {table} WHERE {column} BETWEEN 2 AND 60"))
    assert list_pages(DeploymentFilters(branch="rare")) == [["aaa", "aaa"]]


def test_an_export_reads_all_scan_windows() -> None:
    deploy(35, branch="main")
    deploy(2, minutes_ago=100, branch="rare")
    batches = list(iterate_deployments(open_reader(LATER), DeploymentFilters(branch="rare"), 100))
    assert sum(map(len, batches)) == 2


def test_newer_matches_are_counted_within_the_newest_scan_window() -> None:
    deploy(1, minutes_ago=90, branch="rare", commit_hash="top")
    (shown,), _ = list_deployments(open_reader(LATER), DeploymentFilters(branch="rare"), 3, None)
    deploy(5, branch="rare")
    deploy(30, minutes_ago=20, branch="main")
    assert count_newer(open_reader(LATER), DeploymentFilters(branch="rare"), make_top_cursor(shown), 50) == 5


def test_a_later_change_is_found_after_reindexing() -> None:
    early = {"run_id": "x", "commit_hash": "aaa", "started_at": (NOW - timedelta(days=1)).isoformat()}
    ingest(make_incoming(make_report(**early)))
    deploy(20)
    index_new_deployments(db.engine, LATER)
    ingest(make_incoming(make_report(**early, message="something else"), received_at=LATER))
    db.session.rollback()
    assert reindex_changed_deployments(db.engine, LATER, LATER + timedelta(minutes=1)) == 1
    assert list_pages(DeploymentFilters(q="something")) == [["aaa"]]
    assert reindex_changed_deployments(db.engine, LATER + timedelta(minutes=1), LATER + timedelta(hours=1)) == 0


def test_a_change_by_a_replay_is_found_after_reindexing() -> None:
    early = {"run_id": "x", "commit_hash": "aaa", "started_at": (NOW - timedelta(days=1)).isoformat()}
    delivery = make_incoming(make_report(**early))
    ingest(delivery)
    deploy(20)
    index_new_deployments(db.engine, LATER)
    understood = (make_report(**early, message="something else"),)
    ingest(replace(delivery, reports=understood, replayed_at=LATER))
    db.session.rollback()
    assert reindex_changed_deployments(db.engine, LATER, LATER + timedelta(minutes=1)) == 1
    assert list_pages(DeploymentFilters(q="something")) == [["aaa"]]


def test_a_filtered_list_of_deliveries_continues_beyond_its_scan_window() -> None:
    ingest(*(make_incoming(received_at=NOW - timedelta(minutes=n), event="push") for n in range(25)))
    ingest(make_incoming(received_at=NOW - timedelta(days=1), event="rare"))
    found, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        views, cursor = list_deliveries(open_reader(), DeliveryFilters(event="rare"), 5, cursor)
        found += views
        pages += 1
    assert (len(found), pages) == (1, 3)

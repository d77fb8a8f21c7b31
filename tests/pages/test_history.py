"""The history without a browser: filters, pages, export."""

import csv
import re
from datetime import timedelta
from http import HTTPStatus
from io import StringIO
from typing import Any
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient

from dashboard.core.report import Report
from dashboard.pages.history_export import write_csv
from dashboard.queries import scan_window
from tests.pages.views import make_deployment
from tests.support.ingest import NOW, ingest, make_incoming, make_report


def deploy(client: FlaskClient, *run_ids: int, **payload: Any) -> None:
    """Report deployments, each a minute after the one with the next lower run id."""
    payload = {"status": "success", **payload}
    times = [(NOW + timedelta(minutes=n)).isoformat() for n in run_ids]
    reports = [
        make_report(run_id=str(n), started_at=time, commit_hash=f"run{n}", **payload)
        for n, time in zip(run_ids, times, strict=True)
    ]
    take(client, *reports)


def take(client: FlaskClient, *reports: Report) -> None:
    with client.application.app_context():
        ingest(make_incoming(*reports, received_at=NOW + timedelta(days=2)))


def read(client: FlaskClient, path: str, status: int = HTTPStatus.OK, **headers: str) -> str:
    response = client.get(path, headers=headers)
    assert response.status_code == status
    return response.text


def list_shown(page: str) -> list[str]:
    """Return the runs in the order of the rows."""
    return re.findall(r'data-field="commit_hash"[^>]*>run(\d+)<', page)


def read_rows(client: FlaskClient, path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(read(client, path).removeprefix("\ufeff"))))


@pytest.mark.parametrize(
    ("query", "runs"),
    [
        ("", ["2", "1"]),
        ("?project=&state=&q=", ["2", "1"]),
        ("?project=shop", ["1"]),
        ("?environment=生产", ["2"]),
        ("?state=failed", ["2"]),
        ("?branch=main", ["1"]),
        ("?triggered_by=王伟", ["2"]),
        ("?q=run2", ["2"]),
        ("?since=2026-06-02", ["2"]),
        ("?until=2026-06-01", ["1"]),
        ("?since=2026-06-01&until=2026-06-02&state=success", ["1"]),
        ("?project=shop&state=failed", []),
    ],
)
def test_filters_narrow_the_list(client: FlaskClient, query: str, runs: list[str]) -> None:
    deploy(client, 1, project="shop", environment="test", branch="main", triggered_by="ana")
    late = (NOW + timedelta(days=1)).isoformat()
    payload = {"project": "报表", "environment": "生产", "branch": "dev", "triggered_by": "王伟", "status": "failed"}
    report = make_report(run_id="2", commit_hash="run2", started_at=late, **payload)
    take(client, report)
    assert list_shown(read(client, f"/deployments{query}")) == runs


def test_the_form_shows_the_filters_of_the_url(client: FlaskClient) -> None:
    deploy(client, 1, branch="main")
    page = read(client, '/deployments?q=a"b&project=shop&state=failed&since=2026-06-01')
    assert 'name="q" type="search" value="a&#34;b"' in page
    assert '<option value="shop" selected>' in page
    assert '<option value="failed" selected>' in page
    assert 'name="since" type="date" value="2026-06-01"' in page
    assert '<details class="more-filters" open>' in page


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("state=gone", "Unknown state “gone”."),
        ("project=nobody", "Project “nobody” does not exist."),
        ("since=yesterday", "“yesterday” is not a date. Example: 2024-01-31."),
        ("until=2026-02-30", "“2026-02-30” is not a date. Example: 2024-01-31."),
        ("until=9999-12-31", "“9999-12-31” is not a date. Example: 2024-01-31."),
        ("since=2026-06-02&until=2026-06-01", "The last day is before the first day."),
        ("q=" + "x" * 301, "At most 300 characters."),
    ],
)
def test_an_invalid_filter_is_explained_at_its_field(client: FlaskClient, query: str, message: str) -> None:
    page = read(client, f"/deployments?{query}", HTTPStatus.BAD_REQUEST)
    assert f">{message}</p>" in page
    assert 'aria-invalid="true"' in page
    assert 'id="results"' not in page
    export = client.get(f"/deployments.csv?{query}")
    assert (export.status_code, export.location.split("?")[0]) == (HTTPStatus.SEE_OTHER, "/deployments")
    assert f">{message}</p>" in read(client, export.location, HTTPStatus.BAD_REQUEST)


def test_a_filter_is_explained_in_the_language_of_the_visitor(client: FlaskClient) -> None:
    page = client.get("/deployments?state=gone", headers={"Accept-Language": "zh"}).text
    assert "There is no state" not in page


def test_an_invalid_cursor_is_refused(client: FlaskClient) -> None:
    deploy(client, 1)
    for name in ("cursor", "top"):
        read(client, f"/deployments?{name}=bad", HTTPStatus.UNPROCESSABLE_ENTITY)


def test_older_pages_keep_the_filter_and_show_every_deployment_once(client: FlaskClient) -> None:
    deploy(client, *range(1, 121), branch="main")
    deploy(client, 200, branch="dev")
    shown: list[str] = []
    path: str | None = "/deployments?branch=main"
    for _ in range(3):
        assert path is not None
        page = read(client, path)
        shown += list_shown(page)
        older = re.search(r'href="([^"]+)" ?>Older<|rel="next" href="([^"]+)"|href="([^"]+)" rel="next"', page)
        path = next(filter(None, older.groups())).replace("&amp;", "&") if older else None
    assert shown == [str(n) for n in range(120, 0, -1)]
    assert path is None


def test_an_open_page_keeps_its_rows_while_newer_deployments_are_counted(client: FlaskClient) -> None:
    deploy(client, 1, 2)
    top = re.search(r'data-top="([^"]+)"', read(client, "/deployments?branch="))
    assert top is not None
    deploy(client, 3, 4)
    page = read(client, f"/deployments?top={top[1]}")
    assert list_shown(page) == ["2", "1"]
    assert ">2 new</a>" in page
    assert list_shown(read(client, "/deployments")) == ["4", "3", "2", "1"]


def test_empty_results_explain_what_to_do(client: FlaskClient) -> None:
    assert "No deployments yet." in read(client, "/deployments")
    assert "No matching deployments." in read(client, "/deployments?q=nothing")


def test_a_scan_window_without_results_links_to_the_next(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_window, "MAX_WINDOW_ROWS", 5)
    deploy(client, *range(1, 9), branch="main")
    deploy(client, 100, branch="main")
    page = read(client, "/deployments?branch=dev")
    assert "No matches so far." in page
    older = re.search(r'rel="next" href="([^"]+)"', page)
    assert older is not None
    assert "No older entries." in read(client, older[1].replace("&amp;", "&"))


def test_the_export_has_the_filtered_deployments_in_a_form_for_excel(client: FlaskClient) -> None:
    deploy(client, 1, project="报表", triggered_by="王伟", message="修复，登录\n第二行", status="failed")
    deploy(client, 2, project="other")
    response = client.get("/deployments.csv?project=报表")
    assert response.data.startswith("\ufeffid,url,project,".encode())
    assert response.mimetype == "text/csv"
    assert re.fullmatch(
        r'attachment; filename="deployments-\d{4}-\d\d-\d\d\.csv"', response.headers["Content-Disposition"]
    )
    (row,) = read_rows(client, "/deployments.csv?project=报表")
    assert unquote(row.pop("url")) == f"http://localhost/deployments/{row.pop('id')}"
    assert {name: value for name, value in row.items() if value} == {
        "project": "报表",
        "environment": "production",
        "state": "failed",
        "conclusion": "failure",
        "commit_hash": "run1",
        "triggered_by": "王伟",
        "run_id": "1",
        "attempt": "1",
        "started_at": "2026-06-01T12:01:00Z",
        "message": "修复，登录\n第二行",
    }


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_the_export_is_a_formula(client: FlaskClient, start: str) -> None:
    formula = f"{start}HYPERLINK(1)"
    deploy(client, 1, commit_message=formula)
    (row,) = read_rows(client, "/deployments.csv")
    assert row["commit_message"] in {f"'{formula}", "HYPERLINK(1)"}  # blanks around a value are not kept


def test_an_export_that_reached_its_limit_is_marked(client: FlaskClient) -> None:
    view = make_deployment()
    assert "only the newest 2 deployments are exported" in "".join(write_csv([[view, view]], str, max_rows=2))
    assert "are exported" not in "".join(write_csv([[view]], str, max_rows=2))


def test_the_api_also_filters_by_person(client: FlaskClient) -> None:
    deploy(client, 1, triggered_by="ana")
    deploy(client, 2, triggered_by="bob")
    items = client.get("/api/deployments?triggered_by=bob").get_json()["items"]
    assert [item["run_id"] for item in items] == ["2"]

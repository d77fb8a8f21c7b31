"""The pages without a browser."""

import urllib.error
import urllib.request
from http import HTTPStatus

import pytest

from tests.support.server_reports import path_of, send
from tests.support.servers import DashboardServer


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as response:
        text: str = response.read().decode()
    return text


@pytest.mark.parametrize(
    "path", ["/projects/nobody", "/deployments/999999999999", "/deployments/99999999999999999999999", "/no"]
)
def test_a_missing_page_is_a_404_page(dashboard_server: DashboardServer, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(dashboard_server.url + path, timeout=10)
    with caught.value as error:
        assert error.code == HTTPStatus.NOT_FOUND
        assert error.headers["Content-Type"].startswith("text/html")
        assert "Back to the overview" in error.read().decode()


def test_without_scripts_a_page_is_complete_and_reloads_itself(dashboard_server: DashboardServer) -> None:
    answer = send(dashboard_server, run_id="no scripts", branch="main", step_details={"deploy_project": "running"})
    page = read(dashboard_server.url + path_of(answer))
    assert '<noscript><meta http-equiv="refresh"' in page
    assert ">main<" in page
    assert ">running<" in page
    assert " UTC</time>" in page


def test_no_page_contains_the_secret(dashboard_server: DashboardServer) -> None:
    answer = send(dashboard_server, run_id="secret")
    for path in ("/", "/projects/shop-api", path_of(answer)):
        assert dashboard_server.secret not in read(dashboard_server.url + path)

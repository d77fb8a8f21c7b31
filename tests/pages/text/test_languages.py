"""The language of a page, and how a visitor changes it."""

from http import HTTPStatus
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from dashboard.app import create_app
from tests.support.applications import make_settings
from tests.support.chromium import wait_connection
from tests.support.chromium_fixtures import OpenPage
from tests.support.databases import MakeDatabase
from tests.support.fixtures import StartDashboard
from tests.support.server_reports import send


def read_language(client: FlaskClient, path: str = "/", **headers: str) -> str:
    """Return the language that a page declares."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    html = client.get(path, headers=given).text
    return html.partition('<html lang="')[2].partition('"')[0]


@pytest.mark.parametrize(
    ("preferred", "expected"),
    [
        ("", "en"),
        ("de", "en"),
        ("zh", "zh-Hans"),
        ("zh-CN", "zh-Hans"),
        ("zh-Hans-CN", "zh-Hans"),
        ("zh-TW", "zh-Hans"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("en-GB,zh;q=0.9", "en"),
        ("fr,zh-CN;q=0.5,en;q=0.3", "zh-Hans"),
        ("zh;q=0,en", "en"),
        (";;,,q=zh", "en"),
    ],
)
def test_a_page_is_in_the_language_that_the_browser_prefers(client: FlaskClient, preferred: str, expected: str) -> None:
    assert read_language(client, Accept_Language=preferred) == expected


def test_the_vary_header_names_language_and_cookie(client: FlaskClient) -> None:
    for path in ("/", "/no"):
        assert {"Accept-Language", "Cookie"} <= set(client.get(path).vary)


def test_the_choice_of_a_visitor_overrides_the_browser(client: FlaskClient) -> None:
    client.post("/language", data={"language": "zh"})
    assert read_language(client, Accept_Language="en") == "zh-Hans"
    client.post("/language", data={"language": "en"})
    assert read_language(client, Accept_Language="zh-CN") == "en"


def test_an_unknown_language_changes_nothing(client: FlaskClient) -> None:
    client.post("/language", data={"language": "zh"})
    for choice in ({"language": "tlh"}, {"language": "../zh"}, {}):
        answer = client.post("/language", data=choice)
        assert answer.status_code == HTTPStatus.SEE_OTHER
        assert "Set-Cookie" not in answer.headers
    assert read_language(client) == "zh-Hans"
    client.set_cookie("language", "../../etc")
    assert read_language(client) == "en"


def test_the_cookie_lasts_a_year_and_is_hidden_from_scripts_and_other_sites(client: FlaskClient) -> None:
    cookie = client.post("/language", data={"language": "zh"}).headers["Set-Cookie"]
    assert {"language=zh", "Max-Age=31536000", "Path=/", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))


@pytest.mark.parametrize(
    ("came_from", "goes_to"),
    [
        ("http://localhost/deployments/7", "/deployments/7"),
        ("http://localhost/deployments?state=failed&q=%E9%83%A8%20x", "/deployments?state=failed&q=%E9%83%A8%20x"),
        ("http://localhost/projects/%E6%8A%A5%E8%A1%A8", "/projects/%E6%8A%A5%E8%A1%A8"),
        (None, "/"),
        ("nonsense", "/"),
        ("http://localhost//elsewhere.example/", "/"),
        ("http://localhost/\\elsewhere.example/", "/%5Celsewhere.example/"),
        ("https://elsewhere.example/deployments/7", "/deployments/7"),
        ("javascript:alert(1)", "/"),
        ("http://[", "/"),
    ],
)
def test_the_language_switch_redirects_back_and_never_to_another_site(
    client: FlaskClient, came_from: str | None, goes_to: str
) -> None:
    headers = {} if came_from is None else {"Referer": came_from}
    answer = client.post("/language", data={"language": "zh"}, headers=headers)
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert answer.headers["Location"] == goes_to


def test_the_cookie_is_limited_to_the_path_prefix(make_database: MakeDatabase, tmp_path: Path) -> None:
    app = create_app(make_settings(make_database(), tmp_path, DASHBOARD_URL_PREFIX="/project-dashboard"))
    client = app.test_client()
    page = client.get("/project-dashboard/")
    assert 'action="/project-dashboard/language"' in page.text
    for came_from, goes_to in [
        ("/project-dashboard/deployments/7", "/project-dashboard/deployments/7"),
        ("/other", "/project-dashboard/"),
    ]:
        headers = {"Referer": f"http://localhost{came_from}"}
        answer = client.post("/project-dashboard/language", data={"language": "zh"}, headers=headers)
        assert answer.headers["Location"] == goes_to
        assert "Path=/project-dashboard/" in answer.headers["Set-Cookie"].split("; ")
    assert read_language(client, "/project-dashboard/") == "zh-Hans"


def press_switch(page: Page) -> None:
    """Reach the switch by the keyboard alone, and use it."""
    switch = page.locator(".languages button")
    for _ in range(20):
        page.keyboard.press("Tab")
        if switch.evaluate("(button) => button === document.activeElement"):
            break
    expect(switch).to_be_focused()
    page.keyboard.press("Enter")


@pytest.mark.parametrize("prefix", ["", "/project-dashboard"])
def test_the_language_can_be_switched_by_keyboard_on_the_same_page(
    open_page: OpenPage, start_dashboard: StartDashboard, prefix: str
) -> None:
    server = start_dashboard(DASHBOARD_URL_PREFIX=prefix)
    send(server, project="报表服务")
    address = f"{server.url}/projects/%E6%8A%A5%E8%A1%A8%E6%9C%8D%E5%8A%A1?x=1&y=%E9%83%A8"
    page = open_page(address)
    for brand, language in [("部署看板", "zh-Hans"), ("Deployments", "en")]:
        press_switch(page)
        expect(page.locator(".brand")).to_have_text(brand)
        expect(page.locator("html")).to_have_attribute("lang", language)
        assert page.url == address
        wait_connection(page, "live")

"""Both languages are complete: no English text is left on a Chinese page, in the code or in the catalog."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jinja2
import pytest
from babel.messages.catalog import Message
from flask import Flask, abort
from flask.testing import FlaskClient
from playwright.sync_api import Page
from werkzeug.exceptions import default_exceptions

from dashboard.app import create_app
from dashboard.pages.text import languages
from tests.support.applications import make_settings
from tests.support.chromium import wait_connection
from tests.support.chromium_fixtures import OpenPage
from tests.support.message_catalogs import extract, list_untranslated, read_catalog
from tests.support.server_reports import path_of, send
from tests.support.servers import REPOSITORY, DashboardServer
from tests.support.webhook_client import BEARER

CATALOGS = [language for language in languages.LANGUAGES if language != languages.DEFAULT]
TEMPLATES = REPOSITORY / "dashboard" / "templates"
PLACEHOLDER = re.compile(r"\{\w*\}|%\(\w+\)[ds]|%%|%\d")
QUOTED = re.compile("“[^”]*”")
"""A sender's own word on a page in Chinese, as the page quotes it."""
LATIN = re.compile(r"[A-Za-z][A-Za-z'’.-]*")
READ_ATTRIBUTES = {
    "aria-label",
    "aria-description",
    "aria-roledescription",
    "aria-valuetext",
    "alt",
    "content",
    "label",
    "placeholder",
    "title",
}
SENDERS = {"GitHub", "GitLab", "Gitea", "Bitbucket", "Jenkins", "CDEvents", "Buildbot"}
META = {"width", "device-width", "initial-scale", "light", "dark"}
UNTRANSLATED = {"English", "UTC", "CSV", "Nginx", "zh-Hans", "KiB", "MiB", *SENDERS, *META}
"""What is the same in every language: names, abbreviations, units; and the values of <meta>."""
CHINESE_STATES = [
    "queued",
    "running",
    "success",
    "failed",
    "skipped",
    "cancelled",
    "waiting",
    "timed_out",
    "neutral",
    "怪",
]


class TextReader(HTMLParser):
    """Collects the texts that people see or hear: content and attributes, without code and scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the attributes that people see or hear."""
        self.texts += [value for name, value in attrs if name in READ_ATTRIBUTES and value]
        if tag in {"code", "script", "style"}:
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Leave code."""
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        """Take the texts."""
        if not self.inside and data.strip():
            self.texts.append(data.strip())


def read_texts(html: str) -> list[str]:
    """Return the texts of a page that people see or hear."""
    reader = TextReader()
    reader.feed(html)
    return reader.texts


def find_english(texts: list[str]) -> list[str]:
    """Return the texts with a word in Latin letters that is not the same in every language."""
    return [text for text in texts if set(LATIN.findall(QUOTED.sub("", PLACEHOLDER.sub("", text)))) - UNTRANSLATED]


def list_forms(message: Message) -> tuple[list[str], list[str]]:
    """Return the texts of a message and their translations."""
    ids = [message.id] if isinstance(message.id, str) else list(message.id)
    translated = [message.string] if isinstance(message.string, str) else list(message.string or ())
    return [str(text) for text in ids], [str(text) for text in translated]


@pytest.mark.parametrize("language", CATALOGS)
def test_the_catalog_has_exactly_the_texts_of_the_code(language: str) -> None:
    """If this fails, run `make translations` and translate the new texts."""
    wanted = {(message.context, message.id) for message in extract() if message.id}
    assert {(message.context, message.id) for message in read_catalog(language) if message.id} == wanted


@pytest.mark.parametrize("language", CATALOGS)
def test_every_text_has_a_translation(language: str) -> None:
    assert list_untranslated(read_catalog(language)) == []


@pytest.mark.parametrize("language", CATALOGS)
def test_a_translation_has_the_placeholders_of_its_text(language: str) -> None:
    for message in read_catalog(language):
        if message.id:
            texts, translations = list_forms(message)
            wanted = sorted(PLACEHOLDER.findall(texts[-1]))
            assert [sorted(PLACEHOLDER.findall(one)) for one in translations] == [wanted] * len(translations), texts


def read_literals(template: Path) -> str:
    """Return the markup of a template without what Jinja fills in or translates."""
    kept, opened, inside = [""], "", False
    for _line, kind, value in jinja2.Environment(autoescape=True).lex(template.read_text()):
        if kind == "name" and opened == "block_begin" and value in {"trans", "endtrans"}:
            inside = value == "trans"
        if kind == "data" and not inside:
            kept.append(value)
        elif kind == "variable_begin":
            kept.append("x" if kept[-1].endswith(("<", "</")) else "…")
        if kind != "whitespace":
            opened = kind
    # The one macro that gives attributes instead of elements.
    return "".join(kept).replace('data-show="…" hidden', "")


@pytest.mark.parametrize("template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_templates_contain_no_untranslated_text(template: Path) -> None:
    assert find_english(read_texts(read_literals(template))) == []


def report_everything(run_id: str = "1") -> dict[str, Any]:
    """Return a report with a value in every field, none of them in Latin letters."""
    step = {"message": "消息", "error": "错误", "log": "日志", "started_at": "2024-01-01T00:00:00Z"}
    return {
        "project": "报表服务",
        "run_id": run_id,
        "run_attempt": 2,
        "environment": "生产",
        "repository": "团队/报表",
        "branch": "主干",
        "commit_hash": "１２３",
        "commit_message": "修复合计",
        "triggered_by": "林伟",
        "trigger_type": "manual",
        "deploy_type": "backend",
        "deploy_path": "/报表",
        "port": 8080,
        "service_status": "running",
        "message": "部署消息",
        "error": "错误",
        "log": "日志",
        "started_at": "2024-01-01T00:00:00Z",
        "steps": [
            *({**step, "name": f"步骤{place}", "status": word} for place, word in enumerate(CHINESE_STATES)),
            {**step, "name": "configure_nginx", "status": "running"},
            {**step, "name": "test_website_static", "status": "success", "completed_at": "2024-01-01T00:01:00Z"},
        ],
    }


def post(client: FlaskClient, **fields: object) -> dict[str, Any]:
    """Send a report with a value in every field; return the answer."""
    answer = client.post("/api/webhook/deployment", json={**report_everything(), **fields}, headers=BEARER)
    assert answer.status_code == 200, answer.text
    answered: dict[str, Any] = answer.json  # type: ignore[assignment]
    return answered


def list_pages(app: Flask, **arguments: Any) -> Iterator[str]:
    """Yield the address of every page; the export is a file."""
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            is_page = rule.endpoint.startswith("pages.") and not rule.rule.endswith(".csv")
            if is_page and "GET" in (rule.methods or ()):
                yield app.url_for(rule.endpoint, **{name: arguments[name] for name in rule.arguments})


def read_chinese(client: FlaskClient, path: str) -> list[str]:
    """Return the texts of a page in Chinese."""
    answer = client.get(path, headers={"Accept-Language": "zh-CN", **BEARER})
    assert answer.status_code == (400 if "怪" in path else 200), path
    assert '<html lang="zh-Hans"' in answer.text
    return read_texts(answer.text)


@pytest.mark.parametrize("ending", ["running", "success", "failed", "cancelled", "怪"])
def test_chinese_pages_contain_no_english(app: Flask, client: FlaskClient, ending: str) -> None:
    for run_id in ("1", "2"):
        answered = post(client, run_id=run_id, status=ending)
    post(client, run_id="3", status="success", completed_at="2024-01-01T00:02:00Z")
    post(client, run_id="3", status="failed", completed_at="2024-01-01T00:03:00Z")
    named = {name: answered[name] for name in ("deployment_id", "delivery_id")}
    for path in list_pages(app, slug="报表服务", **named):
        assert find_english(read_chinese(client, path)) == [], path


def test_empty_chinese_pages_contain_no_english(client: FlaskClient) -> None:
    for path in ("/", "/deliveries"):
        assert find_english(read_chinese(client, path)) == []


def test_chinese_pages_of_a_replay_contain_no_english(client: FlaskClient) -> None:
    delivery_id = post(client)["delivery_id"]
    list_path = "/deliveries?verdict=applied&replayed=3&skipped=2&applied=2&failed=1&left=a"
    one = [f"/deliveries/{delivery_id}{query}" for query in ("?replayed=1", "?refused=removed", "?refused=cut")]
    for path in (list_path, "/deliveries?replayed=0", "/deliveries?verdict=怪&dialect=怪&deployment=怪", *one):
        assert find_english(read_chinese(client, path)) == [], path
    client.post("/api/webhook/deployment", data="{" * 9000)
    rejected = client.get("/api/deliveries?verdict=rejected", headers=BEARER).get_json()["items"][0]["id"]
    page = client.get(f"/deliveries/{rejected}", headers={"Accept-Language": "zh-CN", **BEARER}).text
    assert "身份验证失败：缺少令牌或签名。" in page
    assert find_english(read_texts(page)) == []


@pytest.mark.parametrize(
    ("method", "path", "environ"),
    [
        ("GET", "/no", {}),
        ("GET", "/projects/%E6%97%A0", {}),
        ("DELETE", "/", {}),
        ("GET", "/%00", {}),
        ("GET", "/", {"REMOTE_ADDR": "203.0.113.9"}),
        ("GET", "/deliveries", {}),
        ("GET", "/deployments?cursor=怪", {}),
        ("GET", "/deployments?state=怪&since=怪&until=怪", {}),
        ("POST", "/language", {"CONTENT_LENGTH": str(10**9)}),
    ],
)
def test_chinese_error_pages_contain_no_english(
    client: FlaskClient, method: str, path: str, environ: dict[str, str]
) -> None:
    answer = client.open(path, method=method, headers={"Accept-Language": "zh-CN"}, environ_overrides=environ)
    assert answer.status_code >= 400
    assert find_english(read_texts(answer.text)) == []


def test_an_error_page_of_any_status_is_in_the_language_of_the_visitor(tmp_path: Path) -> None:
    # Nothing here reads the database, so none has to be there.
    application = create_app(make_settings("postgresql://nowhere/none", tmp_path))
    application.add_url_rule("/fail/<int:code>", "fail", abort)
    client = application.test_client()
    for status in sorted(default_exceptions):
        answer = client.get(f"/fail/{status}", headers={"Accept-Language": "zh-CN"})
        assert answer.status_code == status
        assert find_english(read_texts(answer.text)) == [], status
        description = default_exceptions[status].description
        assert description
        assert description not in client.get(f"/fail/{status}").text, status


READ_VISIBLE = """() => {
  const texts = [document.title, document.getElementById("announcement").textContent, document.body.innerText];
  const visible = [...document.querySelectorAll("body *")].filter((element) => element.checkVisibility());
  for (const name of ["aria-label", "title", "placeholder", "alt"])
    texts.push(...visible.map((element) => element.getAttribute(name) ?? ""));
  return texts;
}"""


def test_live_updates_of_chinese_pages_show_no_english(open_page: OpenPage, dashboard_server: DashboardServer) -> None:
    answer = send(dashboard_server, **{**report_everything(), "status": "running"})
    paths = ["/", "/projects/报表服务", path_of(answer)]
    pages = [open_page(path, locale="zh-CN") for path in paths]
    for page in pages:
        wait_connection(page, "live")
    send(dashboard_server, **{**report_everything("2"), "status": "running"})
    send(dashboard_server, **{**report_everything(), "status": "failed"})
    for page in pages:
        page.wait_for_function("() => document.getElementById('announcement').textContent !== ''")
        assert find_visible_english(page) == []


def find_visible_english(page: Page) -> list[str]:
    """Return what a visitor sees of a page, or is read out, that is in English."""
    lines = [line for text in page.evaluate(READ_VISIBLE) for line in text.splitlines()]
    return find_english(lines)

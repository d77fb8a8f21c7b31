"""Which requests may read or write, decided from the request and the settings alone."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, Request
from werkzeug.test import EnvironBuilder

from dashboard.access.permissions import (
    comes_from_loopback,
    comes_from_own_page,
    holds_secret,
    init_access,
    may_read,
    require_own_page,
    require_read,
    require_secret,
)
from dashboard.config import Settings
from dashboard.http.problems import ProblemError
from tests.support.applications import make_settings
from tests.support.servers import SECRET
from tests.support.webhook_client import BEARER

ELSEWHERE = "203.0.113.9"


def make_request(
    headers: dict[str, str] | None = None, *, method: str = "GET", peer: str = "127.0.0.1", host: str = "localhost:8000"
) -> Request:
    """Return a request, by default one of a program on this machine."""
    sent = {**(headers or {}), "Host": host}
    builder = EnvironBuilder("/", method=method, headers=list(sent.items()))
    return Request({**builder.get_environ(), "REMOTE_ADDR": peer})


def basic(name: str, password: str) -> dict[str, str]:
    """Return the header with a name and a password."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return make_settings("postgresql://nowhere/none", tmp_path)


@pytest.mark.parametrize(
    ("headers", "host", "is_own"),
    [
        pytest.param({}, "localhost", True, id="no browser asks"),
        pytest.param({"Origin": "http://localhost"}, "localhost", True, id="our own page"),
        pytest.param({"Origin": "https://ci.example"}, "ci.example", True, id="our own page, behind TLS"),
        pytest.param({"Origin": "https://ci.example:8443"}, "ci.example:8443", True, id="our own page, on a port"),
        pytest.param({"Origin": "https://evil.example"}, "ci.example", False, id="a page elsewhere"),
        pytest.param(
            {"Origin": "https://ci.example.evil.example"}, "ci.example", False, id="ours is only its beginning"
        ),
        pytest.param({"Origin": "https://evil.example/http://ci.example"}, "ci.example", False, id="and only its end"),
        pytest.param({"Origin": "http://localhost:9999"}, "localhost:8000", False, id="another port of this machine"),
        pytest.param({"Origin": "http://localhost"}, "localhost:8000", False, id="no port"),
        pytest.param({"Origin": "null"}, "localhost", False, id="a page without an origin"),
        pytest.param({"Origin": ""}, "localhost", False, id="an empty origin"),
        pytest.param({"Origin": "ftp://localhost"}, "localhost", False, id="another scheme"),
        pytest.param({"Sec-Fetch-Site": "same-origin"}, "localhost", True, id="the browser says: our own page"),
        pytest.param({"Sec-Fetch-Site": "none"}, "localhost", True, id="the browser says: the visitor"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, "localhost", False, id="the browser says: a neighbour"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, "localhost", False, id="the browser says: elsewhere"),
        pytest.param({"Sec-Fetch-Site": ""}, "localhost", False, id="the browser says nothing that is known"),
        pytest.param(
            {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, "localhost", False, id="against the origin"
        ),
        pytest.param(
            {"Sec-Fetch-Site": "same-origin", "Origin": "http://a.example"}, "b.example", True, id="for another origin"
        ),
    ],
)
def test_a_request_is_from_our_own_page_if_its_headers_say_so(headers: dict[str, str], host: str, is_own: bool) -> None:
    assert comes_from_own_page(make_request(headers, host=host)) == is_own


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_pages_of_other_sites_may_not_write(method: str) -> None:
    require_own_page(make_request({"Origin": "http://localhost:8000"}, method=method))
    with pytest.raises(ProblemError, match=r"^Requests from pages of other sites are not allowed\.$") as refusal:
        require_own_page(make_request({"Origin": "https://evil.example"}, method=method))
    assert refusal.value.status == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_pages_of_other_sites_may_link_to_ours(method: str) -> None:
    require_own_page(make_request({"Origin": "https://evil.example"}, method=method))


@pytest.mark.parametrize(
    ("headers", "is_held"),
    [
        (BEARER, True),
        ({"Authorization": f"bearer {SECRET}"}, True),
        (basic("any", SECRET), True),
        (basic("", SECRET), True),
        ({}, False),
        ({"Authorization": "Bearer wrong"}, False),
        ({"Authorization": "Bearer"}, False),
        ({"Authorization": "Bearer é"}, False),
        (basic(SECRET, "wrong"), False),
        (basic(SECRET, ""), False),
        ({"Authorization": "Basic"}, False),
    ],
)
def test_the_secret_is_a_bearer_token_or_the_password_of_any_user(
    settings: Settings, headers: dict[str, str], is_held: bool
) -> None:
    assert holds_secret(make_request(headers), settings) == is_held


def test_a_token_with_characters_beyond_latin_1_is_refused_without_an_error(settings: Settings) -> None:
    request = make_request()
    request.environ["HTTP_AUTHORIZATION"] = "Bearer 密钥"
    assert not holds_secret(request, settings)


def test_the_secret_may_contain_non_ascii_characters(tmp_path: Path) -> None:
    settings = make_settings("postgresql://nowhere/none", tmp_path, DASHBOARD_WEBHOOK_SECRET="ein längeres Geheimnis")
    as_wsgi_decodes_it = "ein längeres Geheimnis".encode().decode("latin-1")
    request = make_request()
    request.environ["HTTP_AUTHORIZATION"] = f"Bearer {as_wsgi_decodes_it}"
    assert holds_secret(request, settings)
    assert holds_secret(make_request(basic("any", "ein längeres Geheimnis")), settings)


@pytest.mark.parametrize(
    ("peer", "headers", "is_loopback"),
    [
        ("127.0.0.1", {}, True),
        ("127.8.9.1", {}, True),
        ("::1", {}, True),
        (" 127.0.0.1 ", {}, True),
        ("10.0.0.1", {}, False),
        ("localhost", {}, False),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, True),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1, ::1"}, True),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1, ,"}, True),
        ("127.0.0.1", {"X-Forwarded-For": f"127.0.0.1, {ELSEWHERE}"}, False),
        ("127.0.0.1", {"X-Real-IP": ELSEWHERE}, False),
        ("127.0.0.1", {"X-Real-IP": "127.0.0.1", "X-Forwarded-For": ELSEWHERE}, False),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, False),
        (ELSEWHERE, {"X-Forwarded-For": "127.0.0.1"}, False),
        ("", {}, False),
        ("", {"X-Forwarded-For": "127.0.0.1"}, True),
        ("", {"X-Forwarded-For": ELSEWHERE}, False),
    ],
)
def test_the_peer_and_all_forwarded_addresses_must_be_loopback(
    peer: str, headers: dict[str, str], is_loopback: bool
) -> None:
    assert comes_from_loopback(make_request(headers, peer=peer)) == is_loopback


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("localhost", True),
        ("localhost:8000", True),
        ("LocalHost", True),
        ("localhost.", True),
        ("localhost.:8000", True),
        ("127.0.0.1", True),
        ("127.0.0.1:8000", True),
        ("[::1]", True),
        ("[::1]:8000", True),
        ("[::2]", False),
        ("[::2]:8000", False),
        ("ci.example", False),
        ("localhost.evil.example", False),
        ("localhostX", False),
        ("X127.0.0.1X", False),
    ],
)
def test_the_host_must_name_this_machine(host: str, is_loopback: bool) -> None:
    assert comes_from_loopback(make_request(host=host)) == is_loopback


def test_reading_needs_this_machine_or_the_secret(settings: Settings) -> None:
    assert may_read(make_request(), settings)
    assert may_read(make_request(BEARER, peer=ELSEWHERE), settings)
    assert not may_read(make_request(peer=ELSEWHERE), settings)


def test_a_refusal_explains_how_reading_is_allowed(settings: Settings) -> None:
    require_read(make_request(), settings)
    needs = r"^Requests from other machines need the secret, as a bearer token or as a password\.$"
    with pytest.raises(ProblemError, match=needs) as refusal:
        require_read(make_request(peer=ELSEWHERE), settings)
    assert refusal.value.status == 401
    assert refusal.value.headers == {"WWW-Authenticate": 'Basic realm="deployment dashboard"'}


def test_secret_endpoints_require_the_secret_on_this_machine_too(settings: Settings) -> None:
    require_secret(make_request(BEARER), settings)
    with pytest.raises(
        ProblemError, match=r"^This request needs the secret, as a bearer token or as a password\.$"
    ) as refusal:
        require_secret(make_request(), settings)
    assert refusal.value.status == 401


@pytest.fixture
def ask(settings: Settings) -> Callable[..., int | None]:
    """Give a function that asks an application with one endpoint of each kind, and returns the status of a refusal."""
    app = Flask("asked")
    app.config["SETTINGS"] = settings
    for endpoint in ("system.check_health", "replay.replay_delivery", "pages.show_overview"):
        app.add_url_rule(f"/{endpoint}", endpoint, lambda: "answer", methods=["GET", "POST"])
    init_access(app)

    def ask_one(path: str, request: Request) -> int | None:
        with app.request_context({**request.environ, "PATH_INFO": path}):
            try:
                app.preprocess_request()
            except ProblemError as refusal:
                return refusal.status
        return None

    return ask_one


@pytest.mark.parametrize(
    ("path", "request_made", "refused"),
    [
        ("/system.check_health", make_request(peer=ELSEWHERE), None),
        ("/pages.show_overview", make_request(), None),
        ("/pages.show_overview", make_request(peer=ELSEWHERE), 401),
        ("/pages.show_overview", make_request(BEARER, peer=ELSEWHERE), None),
        ("/pages.show_overview", make_request({"Origin": "https://evil.example"}, method="POST"), None),
        ("/no/such/page", make_request(peer=ELSEWHERE), 401),
        ("/replay.replay_delivery", make_request(), 401),
        ("/replay.replay_delivery", make_request(BEARER, method="POST"), None),
        ("/replay.replay_delivery", make_request({**BEARER, "Origin": "https://evil.example"}, method="POST"), 403),
    ],
)
def test_each_kind_of_endpoint_enforces_its_access(
    ask: Callable[..., int | None], path: str, request_made: Request, refused: int | None
) -> None:
    assert ask(path, request_made) == refused

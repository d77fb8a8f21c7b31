"""Authentication of senders: tokens, passwords, several credentials at once, and the source of the secret."""

import base64
import re

import pytest

from dashboard.access import Source
from dashboard.webhooks.authentication import AuthenticationError, authenticate, find_source
from tests.webhooks.credentials import (
    HUB_RIGHT,
    MALFORMED_AUTHORIZATION,
    OTHER,
    RIGHT,
    VECTOR,
    WHSEC,
    WHSEC_BODY,
    WHSEC_NOW,
    check,
    receive,
)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_bearer_token_is_the_secret(scheme: str) -> None:
    check({"Authorization": f"{scheme} {WHSEC}"})


def test_a_bearer_token_may_contain_non_ascii_characters() -> None:
    as_wsgi_decodes_it = "密钥".encode().decode("latin-1")
    check({"Authorization": f"Bearer {as_wsgi_decodes_it}"}, secret="密钥")


@pytest.mark.parametrize("value", MALFORMED_AUTHORIZATION.values(), ids=MALFORMED_AUTHORIZATION)
def test_malformed_authorization_is_refused(value: str) -> None:
    with pytest.raises(AuthenticationError):
        check({"Authorization": value})


def test_delivery_without_credentials_is_refused() -> None:
    with pytest.raises(AuthenticationError, match=r"^no bearer token or signature$"):
        check({})


WRONG = {
    "bearer": {"Authorization": "Bearer wrong"},
    "hub": {"X-Hub-Signature-256": "sha256=" + "0" * 64},
    "standard": {"webhook-signature": OTHER},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_every_presented_credential_must_be_valid(wrong: str) -> None:
    for right in set(RIGHT) - {wrong}:
        with pytest.raises(AuthenticationError):
            check({**RIGHT[right], **WRONG[wrong]})


def test_several_valid_credentials_are_accepted_together() -> None:
    check({**RIGHT["bearer"], **RIGHT["hub"], **RIGHT["standard"]})


def test_basic_authorization_of_a_proxy_does_not_invalidate_a_valid_signature() -> None:
    basic = "Basic " + base64.b64encode(b"proxy:password").decode()
    check({**RIGHT["hub"], "Authorization": basic})


@pytest.mark.parametrize("secret", ["密钥", "naïve", "a"])
def test_a_wrong_secret_of_any_characters_is_refused(secret: str) -> None:
    for headers in ({"Authorization": f"Bearer {WHSEC}"}, {"X-Hub-Signature-256": HUB_RIGHT}, VECTOR):
        with pytest.raises(AuthenticationError):
            check(headers, secret=secret)


def test_a_bearer_token_may_contain_blanks() -> None:
    check({"Authorization": "Bearer three small words"}, secret="three small words")


ZEROS = "0" * 64
REFUSALS = {
    "wrong bearer token": {"Authorization": "Bearer wrong"},
    "wrong X-Gitlab-Token": {"X-Gitlab-Token": "wrong"},
    "wrong X-Hub-Signature-256": {"X-Hub-Signature-256": f"sha256={ZEROS}"},
    "wrong X-Hub-Signature": {"X-Hub-Signature": f"sha256={ZEROS}"},
    "wrong X-Gitea-Signature": {"X-Gitea-Signature": ZEROS},
    "wrong X-Forgejo-Signature": {"X-Forgejo-Signature": ZEROS},
    "wrong webhook-signature": {**VECTOR, "webhook-signature": OTHER},
    "X-Hub-Signature-256 must be sha256=<64 hexadecimal digits>": {"X-Hub-Signature-256": ZEROS},
    "X-Gitea-Signature must be <64 hexadecimal digits>": {"X-Gitea-Signature": f"sha256={ZEROS}"},
    "webhook-timestamp must be a Unix time in whole seconds": {**VECTOR, "webhook-timestamp": "now"},
}


@pytest.mark.parametrize(("reason", "headers"), REFUSALS.items(), ids=REFUSALS)
def test_a_refusal_names_the_problem(reason: str, headers: dict[str, str]) -> None:
    with pytest.raises(AuthenticationError, match=f"^{re.escape(reason)}$"):
        check(headers)


def test_gitlab_sends_the_secret_itself() -> None:
    check({"X-Gitlab-Token": WHSEC})
    check({"X-Gitlab-Token": "密钥".encode().decode("latin-1")}, secret="密钥")


@pytest.mark.parametrize(("secrets", "is_accepted"), [(["old", "new"], True), (["new", "old"], True), (["new"], False)])
def test_any_secret_of_the_source_is_accepted(secrets: list[str], is_accepted: bool) -> None:
    headers = receive({"X-Gitlab-Token": "old"})
    if is_accepted:
        authenticate(secrets, headers, b"{}", WHSEC_NOW)
    else:
        with pytest.raises(AuthenticationError, match=r"^wrong X-Gitlab-Token$"):
            authenticate(secrets, headers, b"{}", WHSEC_NOW)


def test_source_whose_secrets_have_all_expired_accepts_nothing() -> None:
    with pytest.raises(AuthenticationError, match=r"^the webhook source has no valid secret$"):
        authenticate([], receive(RIGHT["bearer"]), WHSEC_BODY, WHSEC_NOW)


def basic(password: str) -> dict[str, str]:
    """Return the header that carries any user's name and this password."""
    return {"Authorization": "Basic " + base64.b64encode(f"any:{password}".encode()).decode()}


@pytest.mark.parametrize("password", ["secret", "密钥"])
def test_a_basic_password_is_the_secret_if_the_dialect_allows_it(password: str) -> None:
    authenticate([password], receive(basic(password)), b"{}", WHSEC_NOW, takes_basic=True)
    with pytest.raises(AuthenticationError, match=r"^no bearer token or signature$"):
        authenticate([password], receive(basic(password)), b"{}", WHSEC_NOW)


@pytest.mark.parametrize("value", ["Basic %%%", "Basic ", basic("other")["Authorization"], basic("")["Authorization"]])
def test_other_password_is_refused(value: str) -> None:
    with pytest.raises(AuthenticationError, match=r"^wrong password$"):
        authenticate(["secret"], receive({"Authorization": value}), b"{}", WHSEC_NOW, takes_basic=True)


SOURCES = [Source("first", ("one",)), Source("second", ("two", WHSEC))]


@pytest.mark.parametrize(
    ("name", "headers"),
    [("first", {"Authorization": "Bearer one"}), ("second", {"Authorization": "Bearer two"}), ("second", VECTOR)],
)
def test_a_delivery_belongs_to_the_source_of_its_secret(name: str, headers: dict[str, str]) -> None:
    assert find_source(SOURCES, "native", receive(headers), WHSEC_BODY, WHSEC_NOW).name == name


def test_a_delivery_without_a_valid_secret_gets_the_reason_of_the_first_source() -> None:
    sources = [Source("empty", ()), *SOURCES]
    with pytest.raises(AuthenticationError, match=r"^the webhook source has no valid secret$"):
        find_source(sources, "native", receive({"X-Gitlab-Token": "three"}), WHSEC_BODY, WHSEC_NOW)


def test_without_any_source_every_delivery_is_refused() -> None:
    with pytest.raises(AuthenticationError, match=r"^no webhook source has a valid secret$"):
        find_source([], "native", receive(RIGHT["bearer"]), WHSEC_BODY, WHSEC_NOW)


@pytest.mark.parametrize(
    ("of_source", "of_delivery", "is_accepted"),
    [
        (None, "jenkins", True),
        (None, "buildbot", True),
        (None, "native", False),
        (None, "github", False),
        ("jenkins", "native", True),
        ("github", "jenkins", False),
    ],
)
def test_the_dialect_of_the_source_decides_whether_a_password_is_accepted(
    of_source: str | None, of_delivery: str, is_accepted: bool
) -> None:
    source = Source("ci", ("secret",), of_source)
    if is_accepted:
        assert find_source([source], of_delivery, receive(basic("secret")), b"{}", WHSEC_NOW) is source
    else:
        with pytest.raises(AuthenticationError, match=r"^no bearer token or signature$"):
            find_source([source], of_delivery, receive(basic("secret")), b"{}", WHSEC_NOW)

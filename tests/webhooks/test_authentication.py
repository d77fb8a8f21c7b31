"""Who may deliver: the published vectors, what rotation allows, and every way in which a header can be malformed."""

import base64
import re
from datetime import datetime, timedelta

import pytest

from dashboard.access import Source
from dashboard.webhooks.authentication import AuthenticationError, authenticate, find_source, make_signing_key
from dashboard.webhooks.senders import read_headers
from tests.support.webhook_client import sign_hub, sign_standard
from tests.webhooks.malformed_headers import (
    HUB_RIGHT,
    MALFORMED_AUTHORIZATION,
    MALFORMED_HUB,
    MALFORMED_STANDARD,
    OTHER,
    VECTOR,
    WHSEC,
    WHSEC_BODY,
    WHSEC_NOW,
)

GITHUB_SECRET, GITHUB_BODY = "It's a Secret to Everybody", b"Hello, World!"
GITHUB_HEX = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def check(headers: dict[str, str], *, secret: str = WHSEC, body: bytes = WHSEC_BODY, now: datetime = WHSEC_NOW) -> None:
    """Authenticate a delivery with headers as a WSGI server passes them on."""
    authenticate([secret], receive(headers), body, now)


def receive(headers: dict[str, str]) -> dict[str, str]:
    """Return headers as the route reads them from what a WSGI server passes on."""
    return read_headers({f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()})


def test_vector_of_standard_webhooks_is_authentic() -> None:
    check(VECTOR)


def test_vector_of_github_is_authentic() -> None:
    check({"X-Hub-Signature-256": f"sha256={GITHUB_HEX}"}, secret=GITHUB_SECRET, body=GITHUB_BODY)


def test_hexadecimal_digits_may_be_upper_case() -> None:
    check({"X-Hub-Signature-256": f"sha256={GITHUB_HEX.upper()}"}, secret=GITHUB_SECRET, body=GITHUB_BODY)


def test_signing_key_of_whsec_is_its_decoded_bytes() -> None:
    assert make_signing_key("whsec_AAECAw==") == b"\x00\x01\x02\x03"


def test_signing_key_of_a_plain_secret_is_its_utf8_bytes() -> None:
    assert make_signing_key("密钥") == b"\xe5\xaf\x86\xe9\x92\xa5"


def test_github_signs_with_the_literal_characters_of_a_whsec_secret() -> None:
    check({"X-Hub-Signature-256": sign_hub(b"{}", WHSEC)}, body=b"{}")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_bearer_token_is_the_secret(scheme: str) -> None:
    check({"Authorization": f"{scheme} {WHSEC}"})


def test_bearer_token_may_hold_other_characters_than_ascii() -> None:
    as_wsgi_decodes_it = "密钥".encode().decode("latin-1")
    check({"Authorization": f"Bearer {as_wsgi_decodes_it}"}, secret="密钥")


def test_plain_secret_signs_standard_webhooks_with_its_utf8_bytes() -> None:
    signature = sign_standard(b"{}", "msg_1", "1614265330", "密钥".encode())
    check({**VECTOR, "webhook-id": "msg_1", "webhook-signature": signature}, secret="密钥", body=b"{}")


@pytest.mark.parametrize(
    "signatures",
    [
        f"{OTHER} {VECTOR['webhook-signature']}",
        f"{VECTOR['webhook-signature']} {OTHER}",
        f"v1a,{OTHER[3:]} v2,whatever {VECTOR['webhook-signature']}",
        f"v1,broken! {VECTOR['webhook-signature']}",
        f"  {VECTOR['webhook-signature']}  ",
        f"v1 , nonsense ,, {VECTOR['webhook-signature']}",
    ],
)
def test_one_right_signature_of_a_rotation_list_is_enough(signatures: str) -> None:
    check({**VECTOR, "webhook-signature": signatures})


@pytest.mark.parametrize("version", ["v2", "v1a", "V1", "v", ""])
def test_right_signature_under_an_unknown_version_counts_for_nothing(version: str) -> None:
    with pytest.raises(AuthenticationError):
        check({**VECTOR, "webhook-signature": f"{version},{VECTOR['webhook-signature'][3:]}"})


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_timestamp_may_be_five_minutes_away(seconds: int) -> None:
    check(VECTOR, now=WHSEC_NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-300.000001, -301, 300.000001, 301, 86400 * 365])
def test_timestamp_further_away_is_refused(seconds: float) -> None:
    with pytest.raises(AuthenticationError, match=r"^webhook-timestamp is more than 5 minutes off the server clock$"):
        check(VECTOR, now=WHSEC_NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "body", [WHSEC_BODY + b"\n", b" " + WHSEC_BODY, b'{"test":2432232314}', b'{"test": 2432232315}', b""]
)
def test_signatures_are_over_the_raw_bytes(body: bytes) -> None:
    with pytest.raises(AuthenticationError):
        check(VECTOR, body=body)
    with pytest.raises(AuthenticationError):
        check({"X-Hub-Signature-256": sign_hub(WHSEC_BODY, WHSEC)}, body=body)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp"])
def test_id_and_timestamp_are_signed_too(name: str) -> None:
    with pytest.raises(AuthenticationError):
        check({**VECTOR, name: "1614265331"})


@pytest.mark.parametrize("value", MALFORMED_HUB.values(), ids=MALFORMED_HUB)
def test_malformed_hub_signature_is_refused(value: str) -> None:
    with pytest.raises(AuthenticationError):
        check({"X-Hub-Signature-256": value})


@pytest.mark.parametrize("headers", MALFORMED_STANDARD.values(), ids=MALFORMED_STANDARD)
def test_malformed_standard_webhooks_headers_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(AuthenticationError):
        check({**VECTOR, **headers})


@pytest.mark.parametrize("value", MALFORMED_AUTHORIZATION.values(), ids=MALFORMED_AUTHORIZATION)
def test_malformed_authorization_is_refused(value: str) -> None:
    with pytest.raises(AuthenticationError):
        check({"Authorization": value})


TOGETHER = "webhook-id, webhook-timestamp and webhook-signature must be sent together"


@pytest.mark.parametrize("absent", VECTOR)
def test_standard_webhooks_headers_belong_together(absent: str) -> None:
    without = {name: value for name, value in VECTOR.items() if name != absent}
    expected = "no bearer token or signature" if absent == "webhook-signature" else TOGETHER
    with pytest.raises(AuthenticationError, match=f"^{expected}$"):
        check(without)
    with pytest.raises(AuthenticationError, match=f"^{TOGETHER}$"):
        check({**without, absent: ""})


def test_delivery_without_credentials_is_refused() -> None:
    with pytest.raises(AuthenticationError, match=r"^no bearer token or signature$"):
        check({})


def test_old_sha1_signature_of_github_is_no_credential() -> None:
    with pytest.raises(AuthenticationError, match=r"^no bearer token or signature$"):
        check({"X-Hub-Signature": "sha1=" + "0" * 40})


RIGHT = {
    "bearer": {"Authorization": f"Bearer {WHSEC}"},
    "hub": {"X-Hub-Signature-256": HUB_RIGHT},
    "standard": VECTOR,
}
WRONG = {
    "bearer": {"Authorization": "Bearer wrong"},
    "hub": {"X-Hub-Signature-256": "sha256=" + "0" * 64},
    "standard": {"webhook-signature": OTHER},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_every_credential_that_is_presented_must_be_right(wrong: str) -> None:
    for right in set(RIGHT) - {wrong}:
        with pytest.raises(AuthenticationError):
            check({**RIGHT[right], **WRONG[wrong]})


def test_all_right_credentials_together_are_accepted() -> None:
    check({**RIGHT["bearer"], **RIGHT["hub"], **RIGHT["standard"]})


def test_basic_authorization_of_a_proxy_does_not_spoil_a_right_signature() -> None:
    basic = "Basic " + base64.b64encode(b"proxy:password").decode()
    check({**RIGHT["hub"], "Authorization": basic})


@pytest.mark.parametrize("secret", ["密钥", "naïve", "a"])
def test_any_wrong_secret_is_refused_whatever_its_characters(secret: str) -> None:
    for headers in ({"Authorization": f"Bearer {WHSEC}"}, {"X-Hub-Signature-256": HUB_RIGHT}, VECTOR):
        with pytest.raises(AuthenticationError):
            check(headers, secret=secret)


def test_secret_that_only_looks_like_whsec_is_its_own_characters() -> None:
    assert make_signing_key("whsec_AAEC*Aw==") == b"whsec_AAEC*Aw=="


def test_bearer_token_may_hold_blanks() -> None:
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
def test_refusal_says_what_is_wrong(reason: str, headers: dict[str, str]) -> None:
    with pytest.raises(AuthenticationError, match=f"^{re.escape(reason)}$"):
        check(headers)


@pytest.mark.parametrize("header", ["X-Gitea-Signature", "X-Forgejo-Signature"])
def test_gitea_and_forgejo_sign_without_a_prefix(header: str) -> None:
    check({header: HUB_RIGHT.removeprefix("sha256=")})


def test_empty_signature_of_gitea_is_none() -> None:
    check({**RIGHT["hub"], "X-Gitea-Signature": "", "X-Forgejo-Signature": ""})


def test_bitbucket_signs_with_sha256_under_the_old_name_of_github() -> None:
    check({"X-Hub-Signature": HUB_RIGHT})


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
def test_password_of_basic_authentication_is_the_secret_where_the_dialect_takes_it(password: str) -> None:
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
def test_delivery_comes_from_the_source_whose_secret_it_proves(name: str, headers: dict[str, str]) -> None:
    assert find_source(SOURCES, "native", receive(headers), WHSEC_BODY, WHSEC_NOW).name == name


def test_delivery_that_proves_no_secret_is_refused_for_the_reason_of_the_first_source() -> None:
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
def test_dialect_of_the_source_decides_before_that_of_the_delivery_whether_a_password_counts(
    of_source: str | None, of_delivery: str, is_accepted: bool
) -> None:
    source = Source("ci", ("secret",), of_source)
    if is_accepted:
        assert find_source([source], of_delivery, receive(basic("secret")), b"{}", WHSEC_NOW) is source
    else:
        with pytest.raises(AuthenticationError, match=r"^no bearer token or signature$"):
            find_source([source], of_delivery, receive(basic("secret")), b"{}", WHSEC_NOW)

"""Signatures: the published vectors, rotation, time limits, and every way in which a header can be malformed."""

from datetime import timedelta

import pytest

from dashboard.webhooks.authentication import AuthenticationError, make_signing_key
from tests.support.webhook_client import sign_hub, sign_standard
from tests.webhooks.credentials import (
    HUB_RIGHT,
    MALFORMED_HUB,
    MALFORMED_STANDARD,
    OTHER,
    RIGHT,
    VECTOR,
    WHSEC,
    WHSEC_BODY,
    WHSEC_NOW,
    check,
)

GITHUB_SECRET, GITHUB_BODY = "It's a Secret to Everybody", b"Hello, World!"
GITHUB_HEX = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_vector_of_standard_webhooks_is_authentic() -> None:
    check(VECTOR)


def test_vector_of_github_is_authentic() -> None:
    check({"X-Hub-Signature-256": f"sha256={GITHUB_HEX}"}, secret=GITHUB_SECRET, body=GITHUB_BODY)


def test_signatures_may_have_upper_case_digits() -> None:
    check({"X-Hub-Signature-256": f"sha256={GITHUB_HEX.upper()}"}, secret=GITHUB_SECRET, body=GITHUB_BODY)


def test_signing_key_of_whsec_is_its_decoded_bytes() -> None:
    assert make_signing_key("whsec_AAECAw==") == b"\x00\x01\x02\x03"


def test_signing_key_of_a_plain_secret_is_its_utf8_bytes() -> None:
    assert make_signing_key("密钥") == b"\xe5\xaf\x86\xe9\x92\xa5"


def test_secret_that_only_looks_like_whsec_is_its_own_characters() -> None:
    assert make_signing_key("whsec_AAEC*Aw==") == b"whsec_AAEC*Aw=="


def test_github_signs_with_the_literal_characters_of_a_whsec_secret() -> None:
    check({"X-Hub-Signature-256": sign_hub(b"{}", WHSEC)}, body=b"{}")


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
def test_one_valid_signature_in_a_list_is_enough(signatures: str) -> None:
    check({**VECTOR, "webhook-signature": signatures})


@pytest.mark.parametrize("version", ["v2", "v1a", "V1", "v", ""])
def test_a_valid_signature_of_an_unknown_version_is_refused(version: str) -> None:
    with pytest.raises(AuthenticationError):
        check({**VECTOR, "webhook-signature": f"{version},{VECTOR['webhook-signature'][3:]}"})


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_timestamp_may_be_five_minutes_off(seconds: int) -> None:
    check(VECTOR, now=WHSEC_NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-300.000001, -301, 300.000001, 301, 86400 * 365])
def test_a_timestamp_further_off_is_refused(seconds: float) -> None:
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


TOGETHER = "webhook-id, webhook-timestamp and webhook-signature must be sent together"


@pytest.mark.parametrize("absent", VECTOR)
def test_standard_webhooks_headers_are_required_together(absent: str) -> None:
    without = {name: value for name, value in VECTOR.items() if name != absent}
    expected = "no bearer token or signature" if absent == "webhook-signature" else TOGETHER
    with pytest.raises(AuthenticationError, match=f"^{expected}$"):
        check(without)
    with pytest.raises(AuthenticationError, match=f"^{TOGETHER}$"):
        check({**without, absent: ""})


@pytest.mark.parametrize("header", ["X-Gitea-Signature", "X-Forgejo-Signature"])
def test_gitea_and_forgejo_sign_without_a_prefix(header: str) -> None:
    check({header: HUB_RIGHT.removeprefix("sha256=")})


def test_an_empty_signature_of_gitea_is_no_signature() -> None:
    check({**RIGHT["hub"], "X-Gitea-Signature": "", "X-Forgejo-Signature": ""})


def test_bitbucket_signs_with_sha256_in_the_old_header_of_github() -> None:
    check({"X-Hub-Signature": HUB_RIGHT})


def test_a_sha1_signature_of_github_is_not_accepted() -> None:
    with pytest.raises(AuthenticationError, match=r"^no bearer token or signature$"):
        check({"X-Hub-Signature": "sha1=" + "0" * 40})

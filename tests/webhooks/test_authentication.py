"""Who may deliver: the published vectors, what rotation allows, and every way in which a header can be malformed."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.datastructures import EnvironHeaders

from dashboard.webhooks.authentication import AuthenticationError, authenticate, make_signing_key
from tests.webhooks.posting import sign_hub, sign_standard

WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WHSEC_BODY = b'{"test": 2432232314}'
WHSEC_NOW = datetime(2021, 2, 25, 15, 2, 10, tzinfo=UTC)
VECTOR = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
GITHUB_SECRET, GITHUB_BODY = "It's a Secret to Everybody", b"Hello, World!"
GITHUB_HEX = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def check(headers: dict[str, str], *, secret: str = WHSEC, body: bytes = WHSEC_BODY, now: datetime = WHSEC_NOW) -> None:
    """Authenticate a delivery with headers as a WSGI server passes them on."""
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    authenticate([secret], EnvironHeaders(environ), body, now)


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


OTHER = "v1," + base64.b64encode(bytes(32)).decode()


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
    with pytest.raises(AuthenticationError, match="5 minutes"):
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


HUB_RIGHT = sign_hub(WHSEC_BODY, WHSEC)
MALFORMED_HUB = {
    "empty": "",
    "blank": "   ",
    "no prefix": HUB_RIGHT[7:],
    "prefix only": "sha256=",
    "sha1": "sha1=" + "0" * 40,
    "sha1 of the right length": "sha1=" + HUB_RIGHT[7:],
    "sha512": "sha512=" + HUB_RIGHT[7:] * 2,
    "upper case prefix": "SHA256=" + HUB_RIGHT[7:],
    "one digit short": HUB_RIGHT[:-1],
    "one digit more": HUB_RIGHT + "0",
    "not hexadecimal": HUB_RIGHT[:-1] + "g",
    "blank inside": HUB_RIGHT[:-1] + " ",
    "blank before": " " + HUB_RIGHT,
    "blank behind the prefix": "sha256= " + HUB_RIGHT[7:],
    "trailing newline": HUB_RIGHT + "\n",
    "trailing NUL": HUB_RIGHT + "\x00",
    "twice, as servers join it": f"{HUB_RIGHT},{HUB_RIGHT}",
    "a list": f"{HUB_RIGHT} {HUB_RIGHT}",
    "digits of another script": HUB_RIGHT[:-1] + "٣",
    "not ASCII": "sha256=" + "é" * 64,
    "quoted": f'"{HUB_RIGHT}"',
    "huge": "sha256=" + "0" * 8000,
    "wrong": "sha256=" + "0" * 64,
}
MALFORMED_STANDARD = {
    "no id": {"webhook-id": ""},
    "blank timestamp": {"webhook-timestamp": " "},
    "no timestamp": {"webhook-timestamp": ""},
    "empty signature": {"webhook-signature": ""},
    "blank signature": {"webhook-signature": " "},
    "no version": {"webhook-signature": VECTOR["webhook-signature"][3:]},
    "version only": {"webhook-signature": "v1"},
    "version and comma": {"webhook-signature": "v1,"},
    "equals for comma": {"webhook-signature": "v1=" + VECTOR["webhook-signature"][3:]},
    "hexadecimal": {"webhook-signature": "v1," + "ab" * 32},
    "padding lost": {"webhook-signature": VECTOR["webhook-signature"][:-1]},
    "padding doubled": {"webhook-signature": VECTOR["webhook-signature"] + "="},
    "alphabet of URLs": {"webhook-signature": VECTOR["webhook-signature"].replace("+", "-").replace("/", "_")},
    "sign outside of base64": {"webhook-signature": VECTOR["webhook-signature"].replace("g0hM", "g0h!M")},
    "newline inside": {"webhook-signature": VECTOR["webhook-signature"].replace("g0hM", "g0h\nM")},
    "trailing newline": {"webhook-signature": VECTOR["webhook-signature"] + "\n"},
    "not ASCII": {"webhook-signature": "v1,é" + VECTOR["webhook-signature"][4:]},
    "one byte short": {"webhook-signature": "v1," + base64.b64encode(bytes(31)).decode()},
    "twice, as servers join it": {"webhook-signature": f"{VECTOR['webhook-signature']},{VECTOR['webhook-signature']}"},
    "separated by tabs": {"webhook-signature": f"{OTHER}\t{VECTOR['webhook-signature']}"},
    "thousands": {"webhook-signature": " ".join([OTHER] * 1000)},
    "negative timestamp": {"webhook-timestamp": "-1614265330"},
    "signed timestamp": {"webhook-timestamp": "+1614265330"},
    "timestamp with a fraction": {"webhook-timestamp": "1614265330.0"},
    "timestamp in milliseconds": {"webhook-timestamp": "1614265330000"},
    "timestamp in scientific notation": {"webhook-timestamp": "1.6e9"},
    "timestamp with underscores": {"webhook-timestamp": "1_614_265_330"},
    "huge timestamp": {"webhook-timestamp": "9" * 5000},
    "timestamp beyond any calendar": {"webhook-timestamp": "999999999999"},
    "infinite timestamp": {"webhook-timestamp": "inf"},
    "timestamp that is no number": {"webhook-timestamp": "nan"},
    "hexadecimal timestamp": {"webhook-timestamp": "0x60379872"},
    "timestamp in full-width digits": {"webhook-timestamp": "１６１４２６５３３０"},
    "timestamp in superscript digits": {"webhook-timestamp": "¹"},
    "timestamp as a date": {"webhook-timestamp": "2021-02-25T15:02:10Z"},
    "timestamp with a blank": {"webhook-timestamp": " 1614265330"},
    "timestamp with a newline": {"webhook-timestamp": "1614265330\n"},
    "timestamp twice, as servers join it": {"webhook-timestamp": "1614265330,1614265330"},
    "id that is not ASCII": {"webhook-id": "é"},
    "wrong": {"webhook-signature": OTHER},
}
MALFORMED_AUTHORIZATION = {
    "empty": "",
    "scheme only": "Bearer",
    "no token": "Bearer ",
    "blank token": "Bearer     ",
    "token without scheme": WHSEC,
    "another scheme": f"Token {WHSEC}",
    "no blank": f"Bearer{WHSEC}",
    "one character short": f"Bearer {WHSEC[:-1]}",
    "one character more": f"Bearer {WHSEC}0",
    "other case": f"Bearer {WHSEC.upper()}",
    "twice, as servers join it": f"Bearer {WHSEC},Bearer {WHSEC}",
    "quoted": f'Bearer "{WHSEC}"',
    "key bytes for the secret": f"Bearer {WHSEC.removeprefix('whsec_')}",
    "not ASCII": "Bearer é",
    "not Latin-1": "Bearer 密钥",
    "basic with the secret": "Basic " + base64.b64encode(f"any:{WHSEC}".encode()).decode(),
    "broken basic": "Basic %%%",
    "digest": f'Digest username="x", password="{WHSEC}"',
}


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


@pytest.mark.parametrize("absent", VECTOR)
def test_standard_webhooks_headers_belong_together(absent: str) -> None:
    with pytest.raises(AuthenticationError):
        check({name: value for name, value in VECTOR.items() if name != absent})


def test_delivery_without_credentials_is_refused() -> None:
    with pytest.raises(AuthenticationError, match="no bearer token or signature"):
        check({})


def test_old_sha1_signature_of_github_is_no_credential() -> None:
    with pytest.raises(AuthenticationError, match="no bearer token or signature"):
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

"""Masking: which parts of a body are secret, which only look like it, and how a body is formatted."""

import json
import time

import pytest

from dashboard.core.masking import MASK, MAX_SHOWN_BYTES, MaskedBody, mask_body, mask_phrase, mask_value, names_secret

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"
MAC = "AKIA" + "IOSFODNN7EXAMPLE"


@pytest.mark.parametrize(
    "name",
    [
        "password", "db_password", "dbPassword", "PASSWORD", "passwd", "passphrase", "secret", "client_secret",
        "secrets", "token", "access_token", "accessToken", "X-Gitlab-Token", "api_key", "apiKey", "X-Api-Key", "apikey",
        "APIKey", "authorization", "Proxy-Authorization", "credentials", "private_key", "privateKey", "signature",
        "webhook-signature", "cookie", "Set-Cookie", "jwt", "sessionId", "secret_id", "aws.secret_access_key",
    ],
)  # fmt: skip
def test_names_of_secrets_are_recognised(name: str) -> None:
    assert names_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "key", "name", "author", "authored_at", "tokenizer", "tokens_total", "token_count", "tokenType",
        "token_expires_at", "secret_name", "passed", "passenger", "monkey", "keyboard", "compass", "cookiecutter",
        "signed_off_by", "assignee", "private", "api", "key_id", "id", "sha", "密码",
    ],
)  # fmt: skip
def test_other_names_are_not_secret(name: str) -> None:
    assert not names_secret(name)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("push with ghp_abcdefghijklmnop1234", f"push with {MASK}"),
        ("gho_a1b2c3d4 ghs_a1b2c3d4 github_pat_11AA_bb", f"{MASK} {MASK} {MASK}"),
        ("glpat-xxxxyyyyzzzz_1", MASK),
        ("xoxb-1234-abcd", MASK),
        (f"with {MAC}.", f"with {MASK}."),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", MASK),
        (f"cookie {JWT};", f"cookie {MASK};"),
        (f"a\n{PEM}\nb", f"a\n{MASK}\nb"),
        (PEM[:40], MASK),
        ("https://ana:hunter2@example.com/x.git", f"https://{MASK}@example.com/x.git"),
        ("https://example.com/?private_token=abc&page=2", f"https://example.com/?private_token={MASK}&page=2"),
        ("DB_PASSWORD=hunter2 make deploy", f"DB_PASSWORD={MASK} make deploy"),
        ('password="two words" rest', f"password={MASK} rest"),
        ("Authorization: Bearer abc", f"Authorization: {MASK}"),
        ("curl -H 'X: bearer abcdefghij'", f"curl -H 'X: bearer {MASK}'"),
        ('{"password": "a\\"b", "x": 1}', f'{{"password": {MASK}, "x": 1}}'),
        ('secrets=["a", ["b"], {"c": "d"}] rest', f"secrets={MASK} rest"),
        ('secrets={"a": ["b"], "c": "d"} rest', f"secrets={MASK} rest"),
        ("password=hunter2 token=abc user=ana", f"password={MASK} token={MASK} user=ana"),
        ("password=", "password="),
        ("password=, user=ana", "password=, user=ana"),
    ],
)
def test_secrets_in_texts_are_masked_and_the_rest_is_unchanged(text: str, masked: str) -> None:
    assert mask_phrase(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "auth: keep the session", "fix token: refresh it", "basic authentication works", "ssh://git@example.com/x.git",
        "see https://example.com:8443/a@b", "the global-configuration-file", "taskforce-xoxo", "a1b2c3d4e5f6a7b8c9d0",
        "tokens_total=5", "eyJ is how they begin", "修复：登录",
    ],
)  # fmt: skip
def test_ordinary_text_is_not_masked(text: str) -> None:
    assert mask_phrase(text) == text


def test_values_of_secret_names_of_any_type_are_masked() -> None:
    value = {
        "token": 12345, "credentials": {"user": "ana", "pass": "x"}, "secrets": ["a", "b"], "password": "",
        "has": {"token": None, "secret": True}, "steps": [{"name": "build", "api_key": "k"}],
    }  # fmt: skip
    assert mask_value(value) == {
        "token": MASK, "credentials": MASK, "secrets": MASK, "password": "",
        "has": {"token": None, "secret": True}, "steps": [{"name": "build", "api_key": MASK}],
    }  # fmt: skip


def test_names_that_contain_secrets_are_masked() -> None:
    assert mask_value({"ghp_abcdefgh": 1}) == {MASK: 1}


def test_known_secrets_are_masked_anywhere() -> None:
    shown = mask_body(b'{"note": "it is our secret!"}', "application/json", ["our secret"])
    assert json.loads(shown.text) == {"note": f"it is {MASK}!"}


def test_json_is_formatted_and_keeps_its_order_and_scripts() -> None:
    shown = mask_body('{"z":1,"a":{"名":"构建"},"n":1.50}'.encode(), "application/json")
    assert shown.text == '{\n  "z": 1,\n  "a": {\n    "名": "构建"\n  },\n  "n": 1.5\n}'
    assert (shown.kind, shown.is_whole) == ("json", True)


def test_a_form_is_shown_by_field_with_its_json_formatted() -> None:
    body = b"payload=%7B%22token%22%3A%22t%22%2C%22ok%22%3A1%7D&password=hunter2&name=a%20b"
    shown = mask_body(body, "application/x-www-form-urlencoded; charset=utf-8")
    assert shown.kind == "form"
    assert shown.text == f'payload = {{\n  "token": "{MASK}",\n  "ok": 1\n}}\npassword = {MASK}\nname = a b'


@pytest.mark.parametrize(
    "body",
    [
        b"payload=%7B%22password%22%3A%22hunter2",
        b"&".join([b"a=%7B%22password%22%3A%22hunter2%22"] * 101),
        b"db_password=hunter2",
    ],
)
def test_a_truncated_or_long_form_shows_no_secret(body: bytes) -> None:
    shown = mask_body(body, "application/x-www-form-urlencoded", is_cut=True)
    assert MASK in shown.text
    assert "hunter2" not in shown.text


def test_json_within_a_json_string_shows_no_secret() -> None:
    shown = mask_body(json.dumps({"payload": json.dumps({"password": "hunter2"})}).encode(), "application/json")
    assert json.loads(shown.text) == {"payload": f'{{"password": {MASK}}}'}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"user": "ana", "password": "hunt', f'{{"user": "ana", "password": {MASK}'),
        (b'{"credentials": {"user": "ana", "k": [1', f'{{"credentials": {MASK}'),
        (b'{"secret": {"a": "}"}, "b": 1', f'{{"secret": {MASK}, "b": 1'),
        (b'{"a": 1, "a": 2, "token": "x"}', f'{{"a": 1, "a": 2, "token": {MASK}}}'),
        (b"token: abc", f"token: {MASK}"),
        (b"<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("a\u202eb\x00c\x1b[31m".encode(), "a\\u202eb\\u0000c\\u001b[31m"),
        ("名".encode()[:2], ""),
    ],
)
def test_truncated_or_invalid_json_is_shown_as_masked_text(body: bytes, text: str) -> None:
    shown = mask_body(body, "application/json", is_cut=True)
    assert (shown.kind, shown.text) == ("text", text)


@pytest.mark.parametrize("body", [b"\xff\xfe", b"\x1f\x8b\x08\x00", "名".encode()[:2], "é".encode("latin-1")])
def test_a_body_that_is_not_utf_8_is_binary(body: bytes) -> None:
    assert mask_body(body, "application/json") == MaskedBody("", "binary")


def test_lone_surrogates_can_be_shown() -> None:
    shown = mask_body(b'{"a": "\\ud800", "b": "\\u202e"}', "application/json")
    assert shown.text == '{\n  "a": "\\ud800",\n  "b": "\\u202e"\n}'


def test_only_the_beginning_of_a_long_body_is_shown() -> None:
    shown = mask_body(json.dumps({"a": "名" * MAX_SHOWN_BYTES}).encode(), "application/json")
    assert not shown.is_whole
    assert MAX_SHOWN_BYTES - 3 < len(shown.text.encode()) <= MAX_SHOWN_BYTES


@pytest.mark.parametrize(
    "piece",
    ["a", " ", ":", "-", "token=", 'token="', "token={", "eyJ-", "eyJabcde.a.", "://a:b", "bearer ", "ghp_", "[", '"\\',
     "-----BEGIN PRIVATE KEY-----", "a.b-", "aA", "glpat-"],
)  # fmt: skip
def test_masking_takes_linear_time(piece: str) -> None:
    """Two megabytes of it; what grew with their square would take minutes."""
    began = time.process_time()
    mask_body((piece * (2**21 // len(piece))).encode(), "application/json")
    assert time.process_time() - began < 10


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_character_split_by_the_cut_is_dropped(length: int) -> None:
    text = "a" * length + "名" * MAX_SHOWN_BYTES
    shown = mask_body(text.encode(), "text/plain")
    assert not shown.is_whole
    assert shown.text == text[: len(shown.text)]
    assert MAX_SHOWN_BYTES - 3 < len(shown.text.encode()) <= MAX_SHOWN_BYTES


def test_a_body_of_exactly_the_maximum_length_is_whole() -> None:
    assert mask_body(b"a" * MAX_SHOWN_BYTES, "text/plain") == MaskedBody("a" * MAX_SHOWN_BYTES, "text")
    assert mask_body(b"a" * (MAX_SHOWN_BYTES + 1), "text/plain") == MaskedBody(
        "a" * MAX_SHOWN_BYTES, "text", is_whole=False
    )


def test_up_to_256_kilobytes_are_shown() -> None:
    assert MAX_SHOWN_BYTES == 262_144


def test_known_secrets_are_masked_in_texts() -> None:
    shown = mask_body(b"it is our secret, and a\x00", "text/plain", ["", "our secret"])
    assert shown.text == f"it is {MASK}, and a\\u0000"


def test_known_secrets_are_masked_in_names_and_in_lists() -> None:
    assert mask_value({"hunter2": ["hunter2", {"a": "hunter2"}]}, ["hunter2"]) == {MASK: [MASK, {"a": MASK}]}


@pytest.mark.parametrize("body", [b"our+secret=1", b"a=our+secret", b"&".join([b"a=our+secret"] * 101)])
def test_known_secrets_are_masked_in_forms(body: bytes) -> None:
    shown = mask_body(body, "application/x-www-form-urlencoded", ["our secret"])
    assert MASK in shown.text
    assert "secret" not in shown.text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"branch=&password=&price=1.50", "branch = \npassword = \nprice = 1.50"),
        (
            b"list=[1,{%22token%22:1}]",
            f'list = [\n  1,\n  {{\n    "token": {json.dumps(MASK, ensure_ascii=False)}\n  }}\n]',
        ),
        (b"&".join([b"a=1"] * 100), "\n".join(["a = 1"] * 100)),
        (b"&".join([b"a=1"] * 101), "&".join(["a=1"] * 101)),
    ],
)
def test_fields_of_a_form_are_shown_as_they_were_sent(body: bytes, text: str) -> None:
    assert mask_body(body, "application/x-www-form-urlencoded").text == text

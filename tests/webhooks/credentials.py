"""Valid credentials, malformed headers of every kind, and checks of both."""

import base64
from datetime import UTC, datetime

from dashboard.webhooks.authentication import authenticate
from dashboard.webhooks.senders import read_headers
from tests.support.webhook_client import sign_hub

WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WHSEC_BODY = b'{"test": 2432232314}'
WHSEC_NOW = datetime(2021, 2, 25, 15, 2, 10, tzinfo=UTC)
VECTOR = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
OTHER = "v1," + base64.b64encode(bytes(32)).decode()
HUB_RIGHT = sign_hub(WHSEC_BODY, WHSEC)
RIGHT = {
    "bearer": {"Authorization": f"Bearer {WHSEC}"},
    "hub": {"X-Hub-Signature-256": HUB_RIGHT},
    "standard": VECTOR,
}
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


def check(headers: dict[str, str], *, secret: str = WHSEC, body: bytes = WHSEC_BODY, now: datetime = WHSEC_NOW) -> None:
    """Authenticate a delivery with headers as a WSGI server passes them on."""
    authenticate([secret], receive(headers), body, now)


def receive(headers: dict[str, str]) -> dict[str, str]:
    """Return headers as the route reads them from what a WSGI server passes on."""
    return read_headers({f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()})

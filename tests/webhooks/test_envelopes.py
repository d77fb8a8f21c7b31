"""How a body is wrapped: packed bodies, byte order marks, and addresses as people type them."""

import gzip
import itertools
import json
import time
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.sender_deliveries import RUNS, Delivery, write_wire
from tests.support.sender_series import SERIES
from tests.support.webhook_client import BEARER, PATH, make_payload, post, sign_hub, sign_standard

MAX_BYTES = 2 * 1024 * 1024
BODY = json.dumps(make_payload(project="packed", branch="main")).encode()


def deflate_raw(body: bytes) -> bytes:
    """Return the body as deflate without zlib's header."""
    return zlib.compress(body, wbits=-15)


Pack = Callable[[bytes], bytes]
PACKINGS: list[tuple[str, Pack]] = [
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("GZIP", gzip.compress),
    ("identity, gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", deflate_raw),
    ("identity", bytes),
    ("", bytes),
]


def send(client: FlaskClient, delivery: Delivery, encoding: str, pack: Pack, *, signs_packed: bool) -> dict[str, Any]:
    """Post a delivery packed, with the signature of the packed or of the unpacked body; return the answer."""
    path, body, headers = write_wire(delivery)
    packed = pack(body)
    if signs_packed:
        headers = {name: value.replace(sign_hub(body)[7:], sign_hub(packed)[7:]) for name, value in headers.items()}
    response = client.post(path, data=packed, headers={**headers, "Content-Encoding": encoding})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.get_json()
    return answer


@pytest.mark.parametrize("signs_packed", [True, False], ids=["signed packed", "signed unpacked"])
@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
@pytest.mark.parametrize("series", SERIES)
def test_packed_deliveries_of_each_sender_are_applied(
    shared_client: FlaskClient, series: str, encoding: str, pack: Pack, *, signs_packed: bool
) -> None:
    for delivery in SERIES[series](next(RUNS)):
        answer = send(shared_client, delivery, encoding, pack, signs_packed=signs_packed)
        assert answer["verdict"] == "applied"
        view = shared_client.get(f"/api/deliveries/{answer['delivery_id']}", headers=BEARER).get_json()
        assert json.loads(view["body"]).keys() == delivery.body.keys()
        assert view["body_size"] == len(json.dumps(delivery.body))


@pytest.mark.parametrize(("encoding", "pack"), PACKINGS)
def test_a_native_delivery_is_unpacked(shared_client: FlaskClient, encoding: str, pack: Pack) -> None:
    response = post(shared_client, pack(BODY), {**BEARER, "Content-Encoding": encoding})
    assert response.status_code == 200, response.text
    assert shared_client.get(f"/api/deployments/{response.get_json()['deployment_id']}").get_json()["branch"] == "main"


@pytest.mark.parametrize("sign", [sign_hub, sign_standard])
def test_a_signature_is_accepted_over_the_body_as_received_and_as_unpacked(
    shared_client: FlaskClient, sign: Callable[..., str]
) -> None:
    packed, now = gzip.compress(BODY), str(int(time.time()))
    for body, status in ((packed, 200), (BODY, 200), (BODY + b" ", 401)):
        if sign is sign_hub:
            headers = {"X-Hub-Signature-256": sign_hub(body)}
        else:
            signature = sign_standard(body, f"m{len(body)}", now)
            headers = {"webhook-id": f"m{len(body)}", "webhook-timestamp": now, "webhook-signature": signature}
        assert post(shared_client, packed, {**headers, "Content-Encoding": "gzip"}).status_code == status


def test_a_delivery_sent_again_in_another_packing_is_a_duplicate(client: FlaskClient) -> None:
    key = {**BEARER, "Idempotency-Key": "one"}
    verdicts = [
        post(client, pack(BODY), {**key, "Content-Encoding": encoding}).get_json()["verdict"]
        for encoding, pack in (("gzip", gzip.compress), ("", bytes), ("deflate", deflate_raw))
    ]
    assert verdicts == ["applied", "duplicate", "duplicate"]


def test_a_packed_delivery_is_shown_and_replayed_unpacked(client: FlaskClient) -> None:
    posted = post(client, gzip.compress(BODY), {**BEARER, "Content-Encoding": "gzip"}).get_json()
    view = client.get(f"/api/deliveries/{posted['delivery_id']}", headers=BEARER).get_json()
    assert (json.loads(view["body"]), view["body_size"]) == (json.loads(BODY), len(BODY))
    replayed = client.post(f"/api/deliveries/{posted['delivery_id']}/replay", headers=BEARER).get_json()
    assert (replayed["verdict"], replayed["deployment_id"]) == ("applied", posted["deployment_id"])


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip", "gzip, br", "aes128gcm", "utf-8"])
@pytest.mark.parametrize("path", [PATH, f"{PATH}/github", f"{PATH}/jenkins"])
def test_another_encoding_is_415_and_named(shared_client: FlaskClient, path: str, encoding: str) -> None:
    for credentials in (BEARER, {"X-Hub-Signature-256": sign_hub(b"unpacked")}):
        response = post(shared_client, b"packed", {**credentials, "Content-Encoding": encoding}, path=path)
        assert (response.status_code, response.content_type) == (415, "application/problem+json")
        assert encoding in response.get_json()["detail"]
        assert response.headers["Accept-Encoding"] == "gzip, deflate"


DAMAGED = {
    "not packed": ("gzip", BODY),
    "empty": ("gzip", b""),
    "cut": ("gzip", gzip.compress(BODY)[:-1]),
    "a byte changed": ("gzip", gzip.compress(BODY)[:-5] + b"\0\0\0\0\0"),
    "followed by more": ("gzip", gzip.compress(BODY) + b"{}"),
    "gzip as deflate": ("deflate", gzip.compress(BODY)),
    "zlib cut": ("deflate", zlib.compress(BODY)[:-1]),
}


@pytest.mark.parametrize(("encoding", "body"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_packed_body_is_400_and_failed_for_a_ci_server(
    shared_client: FlaskClient, encoding: str, body: bytes
) -> None:
    native = post(shared_client, body, {**BEARER, "Content-Encoding": encoding})
    assert (native.status_code, native.get_json()["detail"]) == (400, f"The body cannot be unpacked as {encoding}.")
    headers = {**BEARER, "Content-Encoding": encoding, "X-GitHub-Event": "workflow_run"}
    answer = post(shared_client, body, headers).get_json()
    reason = f"invalid payload: The body cannot be unpacked as {encoding}."
    assert (answer["verdict"], answer["reason"]) == ("failed", reason)
    view = shared_client.get(f"/api/deliveries/{answer['delivery_id']}", headers=BEARER).get_json()
    assert view["event"] == "workflow_run"


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_body_may_unpack_to_the_limit_but_not_beyond(shared_client: FlaskClient, encoding: str, pack: Pack) -> None:
    for size, status in ((MAX_BYTES, 200), (MAX_BYTES + 1, 413)):
        packed = pack(BODY + b" " * (size - len(BODY)))
        assert post(shared_client, packed, {**BEARER, "Content-Encoding": encoding}).status_code == status


@pytest.mark.parametrize("credentials", [BEARER, {"X-Hub-Signature-256": sign_hub(b"not this")}])
def test_unpacking_stops_at_the_limit(shared_client: FlaskClient, credentials: dict[str, str]) -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join([*(packer.compress(bytes(2**20)) for _ in range(1_000)), packer.flush()])
    assert len(bomb) < MAX_BYTES
    tracemalloc.start()
    began = time.process_time()
    response = post(shared_client, bomb, {**credentials, "Content-Encoding": "gzip"})
    took_s, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (response.status_code, response.content_type) == (413, "application/problem+json")
    assert peak < 10 * MAX_BYTES
    assert took_s < 1


def test_gitlab_gets_503_for_a_body_that_unpacks_beyond_the_limit(shared_client: FlaskClient) -> None:
    headers = {**BEARER, "Content-Encoding": "gzip", "X-Gitlab-Event": "Pipeline Hook"}
    response = post(shared_client, gzip.compress(b" " * (MAX_BYTES + 1)), headers)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")


@pytest.mark.parametrize(
    "credentials",
    [{}, {"Authorization": "Bearer wrong"}, {"X-Hub-Signature-256": "sha256=no"}, {"X-Gitlab-Token": "x"}],
)
@pytest.mark.parametrize(
    ("encoding", "body"), [("gzip", gzip.compress(bytes(MAX_BYTES + 1))), ("br", b"x"), ("gzip", b"not gzip")]
)
def test_nothing_is_unpacked_for_a_sender_whose_credentials_no_body_can_make_valid(
    shared_client: FlaskClient, encoding: str, body: bytes, credentials: dict[str, str]
) -> None:
    response = post(shared_client, body, {**credentials, "Content-Encoding": encoding})
    assert response.status_code == 401


@pytest.mark.parametrize("series", SERIES)
def test_a_byte_order_mark_before_the_body_of_each_sender_is_accepted(shared_client: FlaskClient, series: str) -> None:
    def mark(body: bytes) -> bytes:
        return b"\xef\xbb\xbf" + body

    for delivery in SERIES[series](next(RUNS)):
        assert send(shared_client, delivery, "", mark, signs_packed=True)["verdict"] == "applied"


def test_a_content_length_beyond_every_integer_is_413(shared_client: FlaskClient) -> None:
    response = post(shared_client, b"", environ_overrides={"CONTENT_LENGTH": str(2**31), "wsgi.input_terminated": True})
    assert (response.status_code, response.content_type) == (413, "application/problem+json")


@pytest.mark.parametrize("series", SERIES)
def test_a_slash_at_the_end_of_the_address_changes_nothing(shared_client: FlaskClient, series: str) -> None:
    for delivery, names_dialect in itertools.product(SERIES[series](next(RUNS)), (False, True)):
        path, body, headers = write_wire(delivery)
        path = f"{PATH}/{delivery.sender}" if names_dialect else path
        response = shared_client.post(f"{path}/", data=body, headers=headers)
        assert response.status_code == 200, response.text
        assert response.get_json()["verdict"] in {"applied", "duplicate"}


def test_a_native_delivery_to_an_address_with_a_slash_is_applied(shared_client: FlaskClient) -> None:
    for path in (f"{PATH}/", f"{PATH}/native/"):
        assert post(shared_client, BODY, path=path).get_json()["verdict"] == "applied"


def test_an_unknown_dialect_is_told_the_names_it_can_have(shared_client: FlaskClient) -> None:
    for path in (f"{PATH}/gogs", f"{PATH}/gogs/"):
        assert "gitea, github" in post(shared_client, BODY, path=path).get_json()["detail"]
        assert "forgejo" in post(shared_client, BODY, path=path).get_json()["detail"]


@pytest.mark.parametrize("header", ["X-Hub-Signature-256", "X-Gitea-Signature", "X-Forgejo-Signature", "Authorization"])
def test_forgejo_is_another_name_for_the_dialect_gitea(shared_client: FlaskClient, header: str) -> None:
    (delivery, *_) = SERIES["Forgejo: run and jobs, one again"](next(RUNS))
    path, body, headers = write_wire(delivery)
    credentials = {**BEARER, **{name: value for name, value in headers.items() if name == header}}
    credentials = {header: credentials[header]}
    response = post(shared_client, body, {"X-Forgejo-Event": delivery.event, **credentials}, path=f"{path}/forgejo")
    assert response.get_json()["verdict"] == "applied"
    view = shared_client.get(f"/api/deliveries/{response.get_json()['delivery_id']}", headers=BEARER).get_json()
    assert view["dialect"] == "gitea"

"""`POST /api/webhook/deployment`: limit, read, authenticate, unpack, parse, validate, apply, answer, in this order."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus

from flask import Response, request
from flask_smorest import Blueprint
from msgspec.json import encode
from werkzeug.exceptions import RequestEntityTooLarge

from dashboard.access import Source, read_sources
from dashboard.core.storable import MAX_INT
from dashboard.core.words import NATIVE, Verdict
from dashboard.extensions import current_writer
from dashboard.http.body import UnpackError, read_body, unpack_body
from dashboard.http.context import current_settings
from dashboard.http.problems import RETRY_AFTER_S, ProblemError
from dashboard.http.request_id import read_request_id
from dashboard.ingest.delivery import Incoming, Receipt
from dashboard.ingest.writer import BusyError, CutOffError
from dashboard.metrics import REFUSED
from dashboard.webhooks.authentication import AuthenticationError, SignatureError, find_source
from dashboard.webhooks.interpret import interpret, make_failure, reject_if_not_allowed
from dashboard.webhooks.receipts import describe_receipt
from dashboard.webhooks.rejections import store_rejected
from dashboard.webhooks.schemas import DEPLOYMENT
from dashboard.webhooks.senders import DIALECTS, KEPT_HEADERS, OTHER_NAMES, detect_dialect, read_headers

DESCRIPTION = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": DEPLOYMENT}}},
    "responses": {
        "200": {
            "description": "Receipt: delivery_id, verdict, deployment_id, seq, url; reason if it was not applied; "
            "warnings (field, text) if a status is unknown or a list was cut"
        }
    },
}
MAX_HEADER_LENGTH = 512
"""The number of characters of a header that are stored."""

blueprint = Blueprint(
    "webhooks", __name__, url_prefix="/api/webhook", description="Webhook for CI systems and deployment scripts"
)


@blueprint.post("/deployment")
@blueprint.post("/deployment/<dialect>", endpoint="receive_dialect")
@blueprint.doc(**DESCRIPTION)
def receive_deployment(dialect: str | None = None) -> Response:
    """Receive a delivery: 200 with a receipt once it is committed, else a problem document."""
    began_at, received_at = time.perf_counter(), datetime.now(UTC)
    if dialect:
        dialect = OTHER_NAMES.get(dialect, dialect)
        if dialect not in DIALECTS:
            known = ", ".join((*DIALECTS, *OTHER_NAMES))
            raise ProblemError(HTTPStatus.NOT_FOUND, f"Unknown dialect {dialect!r}. Use one of: {known}.")
    headers = read_headers(request.environ)
    incoming = Incoming(
        received_at,
        dialect or detect_dialect(headers, headers.get("Content-Type", "")),
        {name: headers[name][:MAX_HEADER_LENGTH] for name in KEPT_HEADERS if name in headers},
        read_request_id(),
        began_at,
    )
    _read_body(incoming)
    try:
        _complete(incoming, headers)
    except ProblemError as problem:
        store_rejected(incoming, problem.detail)
        raise
    receipt = _write(incoming)
    if incoming.dialect == NATIVE:
        _raise_unless_applied(receipt)
    return Response(encode(describe_receipt(receipt)), content_type="application/json")


@blueprint.after_request
def answer_handshake(response: Response) -> Response:
    """Answer the handshake of CloudEvents webhooks (section 4.1): any origin may send, if it has a secret."""
    if request.method == "OPTIONS" and (origin := request.headers.get("WebHook-Request-Origin")):
        response.headers["WebHook-Allowed-Origin"] = origin
        response.headers["WebHook-Allowed-Rate"] = request.headers.get("WebHook-Request-Rate", "*")
    return response


def _complete(incoming: Incoming, headers: Mapping[str, str]) -> None:
    """Authenticate, unpack and interpret the delivery; `headers` include the credentials, which are not stored."""
    received = incoming.body
    source = _authenticate(incoming, headers)
    incoming.source, incoming.dialect = source.name, source.dialect or incoming.dialect
    incoming.allowed = source.repositories
    try:
        if incoming.body is received:
            _unpack(incoming, headers)
        interpretation = interpret(incoming.dialect, incoming.headers, incoming.body, source.name, incoming.received_at)
    except UnpackError as error:
        if incoming.dialect == NATIVE:
            raise
        interpretation = make_failure(incoming.dialect, incoming.headers, f"invalid payload: {error.detail}")
    incoming.complete(reject_if_not_allowed(source, interpretation))


def _read_body(incoming: Incoming) -> None:
    try:
        incoming.body = read_body(request, current_settings().max_body_bytes)
    except RequestEntityTooLarge:
        problem = _refuse_large(incoming, request.content_length)
        store_rejected(incoming, problem.detail)
        raise problem from None


def _unpack(incoming: Incoming, headers: Mapping[str, str]) -> None:
    try:
        incoming.body = unpack_body(
            incoming.body, headers.get("Content-Encoding", ""), current_settings().max_body_bytes
        )
    except RequestEntityTooLarge:
        raise _refuse_large(incoming, None) from None


def _refuse_large(incoming: Incoming, size: int | None) -> ProblemError:
    """Return the answer to a body over the limit, whose size is unknown if it is None; nothing of it is kept."""
    limit = current_settings().max_body_bytes
    incoming.body, incoming.body_size = b"", min(size or limit + 1, MAX_INT)
    detail = f"The body is larger than {limit} bytes."
    if incoming.dialect == "gitlab":
        # GitLab disables a hook for good after four 4xx answers.
        return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": str(RETRY_AFTER_S)})
    return ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)


def _authenticate(incoming: Incoming, headers: Mapping[str, str]) -> Source:
    """Return the source of a delivery. If its signature is not that of the body as received, the body is unpacked."""
    now = incoming.received_at
    sources = read_sources(now)
    try:
        try:
            return find_source(sources, incoming.dialect, headers, incoming.body, now)
        except SignatureError:
            received = incoming.body
            _unpack(incoming, headers)
            if incoming.body is received:
                raise
            return find_source(sources, incoming.dialect, headers, incoming.body, now)
    except AuthenticationError as error:
        challenge = {"WWW-Authenticate": 'Bearer realm="webhook"'}
        raise ProblemError(HTTPStatus.UNAUTHORIZED, f"Authentication failed: {error}.", headers=challenge) from None


def _write(incoming: Incoming) -> Receipt:
    try:
        return current_writer().submit(incoming)
    except BusyError:
        REFUSED.inc()
        detail = "Too many deliveries are waiting. This one was not stored; send it again."
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "1"}) from None
    except CutOffError:
        detail = "The server is shutting down. Send the delivery again, with the same idempotency key if it has one."
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "1"}) from None


def _raise_unless_applied(receipt: Receipt) -> None:
    """Raise ProblemError for a rejected or failed native delivery; CI servers always get 200 and the verdict."""
    if receipt.verdict == Verdict.REJECTED:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, f"Not applied: {receipt.reason}.")
    if receipt.verdict == Verdict.FAILED:
        detail = f"Delivery {receipt.delivery_id} was stored but could not be applied: {receipt.reason}."
        raise ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, detail)

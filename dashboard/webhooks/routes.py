"""`POST /api/webhook/deployment`: cap, read, authenticate, parse, validate, apply, answer, in this order."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus

from flask import Response, current_app, request
from flask_smorest import Blueprint
from msgspec.json import encode
from werkzeug.exceptions import RequestEntityTooLarge

from dashboard.config import Settings
from dashboard.core.words import Verdict
from dashboard.ingest.delivery import Incoming, Receipt
from dashboard.ingest.writer import WRITER, BusyError, CutOffError, Writer
from dashboard.metrics import REFUSED
from dashboard.problems import RETRY_AFTER_S, ProblemError
from dashboard.request_id import read_request_id
from dashboard.webhooks.authentication import AuthenticationError, find_source
from dashboard.webhooks.body import read_body
from dashboard.webhooks.interpret import interpret
from dashboard.webhooks.receipts import describe_receipt, forbid_others
from dashboard.webhooks.rejections import keep_rejected
from dashboard.webhooks.schemas import DEPLOYMENT
from dashboard.webhooks.senders import DIALECTS, KEPT_HEADERS, NATIVE, read_headers, tell_dialect
from dashboard.webhooks.source_cache import read_sources
from dashboard.webhooks.sources import Source

DESCRIPTION = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": DEPLOYMENT}}},
    "responses": {
        "200": {"description": "Receipt: delivery_id, verdict, deployment_id, seq, url; reason if it was not applied"}
    },
}
LONGEST_HEADER = 512
"""Characters of a header that are kept."""

blueprint = Blueprint(
    "webhooks", __name__, url_prefix="/api/webhook", description="Webhook for CI systems and deployment scripts"
)


@blueprint.post("/deployment")
@blueprint.post("/deployment/<dialect>", endpoint="receive_dialect")
@blueprint.doc(**DESCRIPTION)
def receive_deployment(dialect: str | None = None) -> Response:
    """Receive a delivery: 200 with a receipt once it is committed, else a problem document."""
    began_at, received_at = time.perf_counter(), datetime.now(UTC)
    if dialect not in {None, *DIALECTS}:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"Unknown dialect {dialect!r}. Use one of: {', '.join(DIALECTS)}.")
    settings: Settings = current_app.config["SETTINGS"]
    given = read_headers(request.environ)
    headers = {name: given[name][:LONGEST_HEADER] for name in KEPT_HEADERS if name in given}
    told = dialect or tell_dialect(given, given.get("Content-Type", ""))
    body = _read_body(told, settings, headers, received_at)
    source = _authenticate(told, given, headers, body, received_at)
    spoken = source.dialect or told
    try:
        said = forbid_others(source, interpret(spoken, headers, body, source.name))
    except ProblemError as problem:
        keep_rejected(
            problem, Incoming(received_at, source.name, spoken, body, headers, began_at=began_at, id=read_request_id())
        )
        raise
    incoming = Incoming(
        received_at, source.name, spoken, body, headers, event=said.event, key=said.key, reports=said.reports,
        verdict=said.verdict, reason=said.reason, began_at=began_at, id=read_request_id(),
    )  # fmt: skip
    receipt = _write(incoming)
    if spoken == NATIVE:
        _raise_refusal(receipt)
    return Response(encode(describe_receipt(receipt)), content_type="application/json")


@blueprint.after_request
def shake_hands(response: Response) -> Response:
    """Answer the handshake of CloudEvents' webhooks (section 4.1): whoever asks may send, with a secret."""
    if request.method == "OPTIONS" and (origin := request.headers.get("WebHook-Request-Origin")):
        response.headers["WebHook-Allowed-Origin"] = origin
        response.headers["WebHook-Allowed-Rate"] = request.headers.get("WebHook-Request-Rate", "*")
    return response


def _write(incoming: Incoming) -> Receipt:
    writer: Writer = current_app.extensions[WRITER]
    try:
        return writer.submit(incoming)
    except BusyError:
        REFUSED.inc()
        detail = "Too many deliveries are waiting. This one was not stored; send it again."
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "1"}) from None
    except CutOffError:
        detail = "The server is shutting down. Send the delivery again, with the same idempotency key if it has one."
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "1"}) from None


def _read_body(told: str, settings: Settings, headers: Mapping[str, str], received_at: datetime) -> bytes:
    try:
        return read_body(request, settings.max_body_bytes)
    except RequestEntityTooLarge:
        detail = f"The body is larger than {settings.max_body_bytes} bytes."
        size = request.content_length or settings.max_body_bytes + 1
        incoming = Incoming(received_at, None, told, b"", headers, id=read_request_id(), body_size=size)
        keep_rejected(ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail), incoming)
        if told == "gitlab":
            # GitLab switches a hook off for good after four answers of 4xx.
            later = {"Retry-After": str(RETRY_AFTER_S)}
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=later) from None
        raise


def _authenticate(
    told: str, given: Mapping[str, str], headers: Mapping[str, str], body: bytes, now: datetime
) -> Source:
    """Return the source of the delivery; `headers` are those of the given ones that may be kept."""
    try:
        return find_source(read_sources(current_app, now), told, given, body, now)
    except AuthenticationError as error:
        challenge = {"WWW-Authenticate": 'Bearer realm="webhook"'}
        problem = ProblemError(HTTPStatus.UNAUTHORIZED, f"Authentication failed: {error}.", headers=challenge)
        keep_rejected(problem, Incoming(now, None, told, body, headers, id=read_request_id()))
        raise problem from None


def _raise_refusal(receipt: Receipt) -> None:
    """Raise what a sender that understands an error is told; CI servers hear 200 and the verdict."""
    if receipt.verdict == Verdict.REJECTED:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, f"Not applied: {receipt.reason}.")
    if receipt.verdict == Verdict.FAILED:
        detail = f"Delivery {receipt.delivery_id} was stored but could not be applied: {receipt.reason}."
        raise ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, detail)

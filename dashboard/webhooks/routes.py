"""`POST /api/webhook/deployment`: cap, read, authenticate, parse, validate, apply, answer, in this order."""

import itertools
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from flask import Response, current_app, jsonify, request, url_for
from flask_smorest import Blueprint
from marshmallow import ValidationError

from dashboard.config import Settings
from dashboard.core.report import Report
from dashboard.core.words import Verdict
from dashboard.extensions import db
from dashboard.ingest.batch import ingest_deliveries
from dashboard.ingest.delivery import Incoming, Receipt
from dashboard.problems import ProblemError, flatten_messages
from dashboard.webhooks.authentication import AuthenticationError, authenticate
from dashboard.webhooks.body import parse_json, read_body, require_json
from dashboard.webhooks.dialects import native
from dashboard.webhooks.schemas import DEPLOYMENT, MOST_JOBS, MOST_STEPS, count_children

SOURCE = "default"
"""Name of the one source there is: who holds DASHBOARD_WEBHOOK_SECRET."""
DIALECT = "native"
KEY_HEADERS = ("webhook-id", "X-GitHub-Delivery", "Idempotency-Key")
LONGEST_KEY = 255
MOST_ERRORS = 50
"""Fields that an answer names: who sent ten thousand bad ones does not need to hear of each."""
KEPT_HEADERS = (*KEY_HEADERS, "Content-Type", "Content-Encoding", "User-Agent", "X-GitHub-Event", "webhook-timestamp")

DESCRIPTION = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": DEPLOYMENT}}},
    "responses": {"200": {"description": "Committed: delivery_id, verdict, deployment_id, seq, url"}},
}

blueprint = Blueprint("webhooks", __name__, url_prefix="/api/webhook", description="What senders post to")


@blueprint.post("/deployment")
@blueprint.post("/deployment/native", endpoint="receive_native")
@blueprint.doc(**DESCRIPTION)
def receive_deployment() -> Response:
    """Answer 200 with the receipt once the delivery is committed, a problem document otherwise."""
    settings: Settings = current_app.config["SETTINGS"]
    body = read_body(request, settings.max_body_bytes)
    received_at = datetime.now(UTC)
    _authenticate(settings, body, received_at)
    try:
        reports = (_parse(body),)
        key = _read_key()
    except ProblemError as problem:
        _reject(problem, body, received_at, settings)
        raise
    incoming = Incoming(received_at, SOURCE, DIALECT, body, _keep_headers(), key=key, reports=reports)
    return _answer(ingest_deliveries(db.engine, [incoming], settings)[0])


def _authenticate(settings: Settings, body: bytes, now: datetime) -> None:
    try:
        authenticate(settings.webhook_secret, request.headers, body, now)
    except AuthenticationError as error:
        headers = {"WWW-Authenticate": 'Bearer realm="webhook"'}
        raise ProblemError(HTTPStatus.UNAUTHORIZED, f"Not accepted: {error}.", headers=headers) from None


def _parse(body: bytes) -> Report:
    require_json(request)
    parsed = parse_json(body)
    jobs, steps = count_children(parsed)
    if jobs > MOST_JOBS or steps > MOST_STEPS:
        field, most = ("jobs", MOST_JOBS) if jobs > MOST_JOBS else ("steps", MOST_STEPS)
        raise _unprocessable({field: [f"More than {most} in one delivery: send them in several."]})
    try:
        return native.parse(DEPLOYMENT.load(parsed))
    except ValidationError as error:
        raise _unprocessable(flatten_messages(error.messages)) from None
    except native.MalformedError as error:
        raise _unprocessable(error.errors) from None


def _read_key() -> str | None:
    """Return what the sender keeps the same when it sends again."""
    name, key = next(((name, key) for name in KEY_HEADERS if (key := request.headers.get(name))), ("", None))
    if key and len(key) > LONGEST_KEY:
        raise _unprocessable({name: [f"Longer than {LONGEST_KEY} characters."]})
    return key


def _unprocessable(errors: Any) -> ProblemError:  # noqa: ANN401
    told = dict(itertools.islice(errors.items(), MOST_ERRORS))
    summary = "; ".join(f"{field}: {messages[0]}" for field, messages in itertools.islice(told.items(), 5))
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, summary, told)


def _reject(problem: ProblemError, body: bytes, received_at: datetime, settings: Settings) -> None:
    """Keep a delivery that its sender must change: who looks for it finds it, with the reason."""
    incoming = Incoming(
        received_at, SOURCE, DIALECT, body, _keep_headers(), verdict=Verdict.REJECTED, reason=problem.detail
    )
    ingest_deliveries(db.engine, [incoming], settings)


def _keep_headers() -> dict[str, str]:
    return {name: request.headers[name] for name in KEPT_HEADERS if name in request.headers}


def _answer(receipt: Receipt) -> Response:
    if receipt.verdict == Verdict.REJECTED:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, f"Not applied: {receipt.reason}.")
    if receipt.verdict == Verdict.FAILED:
        detail = f"Delivery {receipt.delivery_id} was kept but could not be applied: {receipt.reason}."
        raise ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, detail)
    found = receipt.deployment_id is not None
    url = url_for("pages.show_deployment", deployment_id=receipt.deployment_id, _external=True) if found else None
    return jsonify(
        delivery_id=str(receipt.delivery_id),
        verdict=receipt.verdict.value,
        deployment_id=receipt.deployment_id,
        seq=receipt.seq,
        url=url,
    )

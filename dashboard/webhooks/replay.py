"""`POST /api/deliveries/…/replay`: stored deliveries are interpreted and applied again, for example by a fixed parser.

A delivery can be replayed if its source authenticated it and still exists, and if its whole body is stored. Applying
a delivery twice changes nothing. Browsers are redirected to the page that they came from.
"""

import logging
import time
import uuid
from collections import Counter
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypedDict

from flask import Response, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint
from marshmallow import RAISE, ValidationError, fields, validate
from werkzeug.exceptions import NotFound

from dashboard.access import Source, read_sources
from dashboard.core.paging import cut_page, write_cursor
from dashboard.core.words import Verdict
from dashboard.database.rows import Row
from dashboard.extensions import db, open_reader
from dashboard.http.context import current_settings
from dashboard.http.delivery_filter import DeliveryFilter
from dashboard.http.problems import ProblemError, flatten_messages
from dashboard.ingest.batch import ingest_deliveries
from dashboard.ingest.delivery import Incoming, Interpretation, Receipt, decompress_body
from dashboard.queries.deliveries import DeliveryFilters, find_obstacle, list_oldest, read_delivery_row
from dashboard.webhooks.interpret import interpret, reject_if_not_allowed
from dashboard.webhooks.receipts import describe_receipt

MAX_REPLAYED = 500
MAX_CALL_S = 20
"""After this time a call answers with what it has done so far, before a proxy gives up on it."""
OBSTACLE_TEXTS = {
    "unauthenticated": "the delivery was not authenticated.",
    "cut": "only the first part of the body was stored.",
    "removed": "the source has been removed.",
    "gone": "the delivery is no longer stored.",
}
PAGE_FILTERS = ("q", "verdict", "dialect", "source", "event", "deployment", "project", "since", "until")
"""Fields of the form on the page of deliveries; a browser sends them so that it is redirected to the same list."""
RECEIPT = {"description": "delivery_id, verdict, deployment_id, seq, url; reason or warnings, as the webhook answers"}

blueprint = Blueprint("replay", __name__, url_prefix="/api/deliveries", description="Replay of stored deliveries")
logger = logging.getLogger(__name__)


class ReplayQuery(DeliveryFilter):
    """The deliveries to replay, as query arguments or as a JSON object.

    Unknown fields are refused: a misspelt filter would replay everything.
    """

    limit = fields.Integer(load_default=MAX_REPLAYED, validate=validate.Range(1, MAX_REPLAYED))
    cursor = fields.String(load_default=None, metadata={"description": "next_cursor of the previous call"})


class ReplayAnswer(TypedDict):
    """What one call has replayed."""

    replayed: int
    """The number of deliveries that were applied again, whatever the verdict."""
    skipped: int
    """The number of deliveries that cannot be replayed."""
    verdicts: dict[str, int]
    """The number of replayed deliveries by verdict."""
    next_cursor: str | None
    """Where the next call goes on; None if all are done."""


class ObstacleError(Exception):
    """A delivery that must not be replayed; the text is a key of OBSTACLE_TEXTS."""


@blueprint.post("/<uuid:delivery_id>/replay")
@blueprint.doc(responses={"200": RECEIPT, "409": {"description": "The delivery cannot be replayed"}})
def replay_delivery(delivery_id: uuid.UUID) -> ResponseReturnValue:
    """Replay one delivery: parse and apply it again."""
    try:
        receipt = _replay(delivery_id, datetime.now(UTC))
    except ObstacleError as error:
        if str(error) == "gone":
            raise NotFound(f"Delivery {delivery_id} does not exist.") from None
        if _prefers_html():
            return _redirect_to("pages.show_delivery", delivery_id=delivery_id, refused=str(error))
        raise ProblemError(HTTPStatus.CONFLICT, f"Not replayed: {OBSTACLE_TEXTS[str(error)]}") from None
    if _prefers_html():
        return _redirect_to("pages.show_delivery", delivery_id=delivery_id, replayed=1)
    return jsonify(describe_receipt(receipt))


@blueprint.post("/replay")
@blueprint.arguments(ReplayQuery, location="query", unknown=RAISE)
@blueprint.doc(
    requestBody={"content": {"application/json": {"schema": ReplayQuery}}},
    responses={"200": {"description": "replayed, skipped, verdicts, next_cursor"}},
)
def replay_matching(query: dict[str, Any]) -> ResponseReturnValue:
    """Replay all matching deliveries, oldest first; repeat with next_cursor until it is null.

    Deliveries that cannot be replayed are skipped.
    """
    filters = query | _read_json_query()
    limit, cursor = filters.pop("limit"), filters.pop("cursor")
    result = _replay_each(DeliveryFilters(**filters), limit, cursor)
    if not _prefers_html():
        return jsonify(result)
    shown = {name: value for name in PAGE_FILTERS if (value := request.form.get(name))}
    counts = {"replayed": result["replayed"], "skipped": result["skipped"], "left": result["next_cursor"]}
    return _redirect_to("pages.show_deliveries", **shown, **counts, **result["verdicts"])


def _read_json_query() -> dict[str, Any]:
    """Return the fields that a JSON body sets, none if the body is not JSON; raise 422 for invalid ones."""
    if not request.is_json:
        return {}
    try:
        given = request.get_json()
        return {name: value for name, value in ReplayQuery().load(given).items() if name in given}
    except ValidationError as error:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid filter.", flatten_messages(error.messages)
        ) from None


def _replay_each(filters: DeliveryFilters, limit: int, cursor: str | None) -> ReplayAnswer:
    """Replay the matching deliveries and return the answer.

    Each is applied in its own transaction, so that its changes and its time stay its own.
    """
    reader = open_reader()
    places, more = cut_page(list_oldest(reader, filters, limit + 1, cursor), limit)
    reader.release()
    verdicts: Counter[str] = Counter()
    done, ends_at = 0, time.monotonic() + MAX_CALL_S
    for _, delivery_id in places:
        try:
            verdicts[_replay(delivery_id, datetime.now(UTC)).verdict.value] += 1
        except ObstacleError as error:
            logger.debug("delivery %s is not replayed: %s", delivery_id, error)
        done += 1
        if time.monotonic() > ends_at:
            break
    is_unfinished = more or done < len(places)
    return {
        "replayed": verdicts.total(),
        "skipped": done - verdicts.total(),
        "verdicts": dict(verdicts),
        "next_cursor": write_cursor(*places[done - 1]) if is_unfinished else None,
    }


def _replay(delivery_id: uuid.UUID, now: datetime) -> Receipt:
    """Interpret and apply a delivery again, under its id and its time of receipt; raise ObstacleError.

    It does not go through the Writer, because a batch has one time of receipt, the latest of its deliveries: together
    with one that arrives now, old reports would count as received now and make a stale deployment fresh. The deliveries
    of a batch on one deployment also share their field changes.
    """
    reader = open_reader()
    row = read_delivery_row(reader, delivery_id)
    # A session reads one snapshot; the next delivery needs a newer one.
    reader.release()
    if row is None:
        raise ObstacleError("gone")
    body = decompress_body(row["body"])
    if obstacle := find_obstacle(row["source"], is_cut=len(body) < row["body_size"]):
        raise ObstacleError(obstacle)
    source = _find_source(row["source"], now)
    incoming = Incoming(
        row["received_at"], row["dialect"], row["headers"], delivery_id,
        body=body, source=source.name, allowed=source.repositories, replayed_at=now,
    )  # fmt: skip
    incoming.complete(_interpret_again(row, body, source))
    return ingest_deliveries(db.engine, [incoming], current_settings())[0]


def _find_source(name: str, now: datetime) -> Source:
    for source in read_sources(now):
        if source.name == name:
            return source
    raise ObstacleError("removed")


def _interpret_again(row: Row, body: bytes, source: Source) -> Interpretation:
    try:
        interpretation = interpret(row["dialect"], row["headers"], body, source.name, row["received_at"])
        return reject_if_not_allowed(source, interpretation)
    except ProblemError as problem:
        return Interpretation(verdict=Verdict.REJECTED, reason=problem.detail, event=row["event"])


def _prefers_html() -> bool:
    return request.accept_mimetypes.best_match(("application/json", "text/html")) == "text/html"


def _redirect_to(endpoint: str, **values: Any) -> Response:  # noqa: ANN401
    return redirect(url_for(endpoint, **values), HTTPStatus.SEE_OTHER)  # type: ignore[return-value]

"""`POST /api/deliveries/…/replay`: what was received once is read and applied anew, after a fix of a parser say.

Only what a source vouched for, and still would, and what was kept whole. To apply it twice changes nothing. Browsers
get back to the page that they came from.
"""

import logging
import time
import uuid
from collections import Counter
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from flask import Response, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint
from marshmallow import RAISE, ValidationError, fields, validate
from werkzeug.exceptions import NotFound

from dashboard.access import Source, read_sources
from dashboard.core.paging import cut_page, write_cursor
from dashboard.core.words import Verdict
from dashboard.database.reader import Row
from dashboard.extensions import db, open_reader
from dashboard.http.context import current_settings
from dashboard.http.delivery_filter import DeliveryFilter
from dashboard.http.problems import ProblemError, flatten_messages
from dashboard.ingest.batch import ingest_deliveries
from dashboard.ingest.delivery import Incoming, Interpretation, Receipt, decompress_body
from dashboard.queries.deliveries import DeliveryFilters, find_obstacle, list_oldest, read_delivery_row
from dashboard.webhooks.interpret import interpret
from dashboard.webhooks.receipts import describe_receipt, reject_if_not_allowed

MAX_REPLAYED = 500
MAX_CALL_S = 20
"""After that a call answers with what it has done, before a proxy gives up on it."""
OBSTACLES = {
    "unauthenticated": "the delivery was not authenticated.",
    "cut": "only the first part of the body was stored.",
    "removed": "the source has been removed.",
    "gone": "the delivery is no longer stored.",
}
SHOWN_FILTERS = ("q", "verdict", "dialect", "source", "event", "deployment", "project", "since", "until")
"""Fields of the form on the page of the inbox, which a browser sends along to get back to it."""
RECEIPT = {"description": "delivery_id, verdict, deployment_id, seq, url; reason if it was not applied"}

blueprint = Blueprint("replay", __name__, url_prefix="/api/deliveries", description="Replay of stored deliveries")
log = logging.getLogger(__name__)


class ReplayQuery(DeliveryFilter):
    """Which deliveries are replayed, as arguments of the address or as a JSON object.

    What it does not know is refused: a filter that is misspelt would replay everything.
    """

    limit = fields.Integer(load_default=MAX_REPLAYED, validate=validate.Range(1, MAX_REPLAYED))
    cursor = fields.String(load_default=None, metadata={"description": "next_cursor of the previous call"})


class ObstacleError(Exception):
    """A delivery that must not be replayed; the text is a key of OBSTACLES."""


@blueprint.post("/<uuid:delivery_id>/replay")
@blueprint.doc(responses={"200": RECEIPT, "409": {"description": "The delivery cannot be replayed"}})
def replay_delivery(delivery_id: uuid.UUID) -> ResponseReturnValue:
    """Replay one delivery: parse and apply it again."""
    try:
        receipt = _replay(delivery_id, datetime.now(UTC))
    except ObstacleError as error:
        if str(error) == "gone":
            raise NotFound(f"Delivery {delivery_id} does not exist.") from None
        if _comes_from_page():
            return _go_back("pages.show_delivery", delivery_id=delivery_id, refused=str(error))
        raise ProblemError(HTTPStatus.CONFLICT, f"Not replayed: {OBSTACLES[str(error)]}") from None
    if _comes_from_page():
        return _go_back("pages.show_delivery", delivery_id=delivery_id, replayed=1)
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
    wanted = query | _read_json()
    limit, cursor = wanted.pop("limit"), wanted.pop("cursor")
    done = _replay_each(DeliveryFilters(**wanted), limit, cursor)
    if not _comes_from_page():
        return jsonify(done)
    shown = {name: value for name in SHOWN_FILTERS if (value := request.form.get(name))}
    told = {"replayed": done["replayed"], "skipped": done["skipped"], "left": done["next_cursor"], **done["verdicts"]}
    return _go_back("pages.show_deliveries", **shown, **told)


def _read_json() -> dict[str, Any]:
    """Return what a JSON body asks for, if there is one; raise 422 for what makes no sense."""
    if not request.is_json:
        return {}
    try:
        given = request.get_json()
        return {name: value for name, value in ReplayQuery().load(given).items() if name in given}
    except ValidationError as error:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid filter.", flatten_messages(error.messages)
        ) from None


def _replay_each(filters: DeliveryFilters, most: int, cursor: str | None) -> dict[str, Any]:
    """Replay what matches, each in a transaction of its own: what they changed is told apart, and when they came."""
    reader = open_reader()
    places, more = cut_page(list_oldest(reader, filters, most + 1, cursor), most)
    reader.release()
    verdicts: Counter[str] = Counter()
    done, ends_at = 0, time.monotonic() + MAX_CALL_S
    for _, delivery_id in places:
        try:
            verdicts[_replay(delivery_id, datetime.now(UTC)).verdict.value] += 1
        except ObstacleError as error:
            log.debug("delivery %s is not replayed: %s", delivery_id, error)
        done += 1
        if time.monotonic() > ends_at:
            break
    goes_on = more or done < len(places)
    return {
        "replayed": verdicts.total(),
        "skipped": done - verdicts.total(),
        "verdicts": dict(verdicts),
        "next_cursor": write_cursor(*places[done - 1]) if goes_on else None,
    }


def _replay(delivery_id: uuid.UUID, now: datetime) -> Receipt:
    """Read and apply a delivery anew, under its id and as of when it was received; raise ObstacleError."""
    reader = open_reader()
    row = read_delivery_row(reader, delivery_id)
    # A session sees everything as it was at one moment: the next delivery needs another.
    reader.release()
    if row is None:
        raise ObstacleError("gone")
    body = decompress_body(row["body"])
    if obstacle := find_obstacle(row["source"], is_cut=len(body) < row["body_size"]):
        raise ObstacleError(obstacle)
    incoming = Incoming(
        row["received_at"], row["dialect"], row["headers"], delivery_id,
        body=body, source=row["source"], replayed_at=now,
    )  # fmt: skip
    incoming.complete(_read_again(row, body, _find_source(row["source"], now)))
    return ingest_deliveries(db.engine, [incoming], current_settings())[0]


def _find_source(name: str, now: datetime) -> Source:
    for source in read_sources(now):
        if source.name == name:
            return source
    raise ObstacleError("removed")


def _read_again(row: Row, body: bytes, source: Source) -> Interpretation:
    try:
        return reject_if_not_allowed(source, interpret(row["dialect"], row["headers"], body, source.name))
    except ProblemError as problem:
        return Interpretation(verdict=Verdict.REJECTED, reason=problem.detail, event=row["event"])


def _comes_from_page() -> bool:
    return request.accept_mimetypes.best_match(("application/json", "text/html")) == "text/html"


def _go_back(endpoint: str, **values: Any) -> Response:  # noqa: ANN401
    return redirect(url_for(endpoint, **values), HTTPStatus.SEE_OTHER)  # type: ignore[return-value]

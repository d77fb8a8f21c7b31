"""`/api/deliveries`: deliveries and their bodies; all endpoints require the secret."""

import uuid
from http import HTTPStatus
from typing import Any

from flask_smorest import Blueprint

from dashboard.api.delivery_schemas import DeliveriesQuery, DeliverySchema, DeliverySummarySchema
from dashboard.api.schemas import Page, make_page_schema
from dashboard.core.view_types.deliveries import DeliverySummary, DeliveryView
from dashboard.extensions import open_reader
from dashboard.http.problems import ProblemError
from dashboard.queries import deliveries
from dashboard.queries.deliveries import DeliveryFilters

blueprint = Blueprint(
    "deliveries", __name__, url_prefix="/api/deliveries", description="Deliveries as received, with their verdicts"
)


@blueprint.get("")
@blueprint.arguments(DeliveriesQuery, location="query")
@blueprint.response(200, make_page_schema(DeliverySummarySchema))
def show_deliveries(query: dict[str, Any]) -> Page[DeliverySummary]:
    """List deliveries with their verdicts, newest first."""
    limit, cursor = query.pop("limit"), query.pop("cursor")
    items, next_cursor = deliveries.list_deliveries(open_reader(), DeliveryFilters(**query), limit, cursor)
    return {"items": items, "next_cursor": next_cursor}


@blueprint.get("/<uuid:delivery_id>")
@blueprint.response(200, DeliverySchema)
def show_delivery(delivery_id: uuid.UUID) -> DeliveryView:
    """Get one delivery with its headers, changes and body."""
    view = deliveries.read_delivery(open_reader(), delivery_id)
    if view is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"Delivery {delivery_id} does not exist.")
    return view

"""`/api/deliveries`: the inbox, for those who hold the secret."""

from typing import Any

from flask_smorest import Blueprint

from dashboard.api.schemas import DeliverySchema, PageQuery, make_page_schema
from dashboard.core.view import View
from dashboard.queries import deliveries

blueprint = Blueprint("deliveries", __name__, url_prefix="/api/deliveries", description="What senders posted")


@blueprint.get("")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, make_page_schema(DeliverySchema))
def show_deliveries(query: dict[str, Any]) -> View:
    """Deliveries with their verdicts, newest first."""
    items, next_cursor = deliveries.list_deliveries(query["limit"], query["cursor"])
    return {"items": items, "next_cursor": next_cursor}

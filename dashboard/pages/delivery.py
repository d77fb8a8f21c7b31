"""The page of one delivery, `/deliveries/<id>`: its verdict, its changes, its headers and body."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, abort, request

from dashboard.core.view_types.deliveries import DeliveryView
from dashboard.pages.deliveries import VERDICT_STATES
from dashboard.pages.rendering import blueprint, open_page_reader, render_page
from dashboard.queries.deliveries import read_delivery


@blueprint.get("/deliveries/<uuid:delivery_id>")
def show_delivery(delivery_id: UUID) -> Response:
    view = read_delivery(open_page_reader(), delivery_id) or abort(404)
    return render_page("delivery.html", **describe_delivery(view, request.args))


def describe_delivery(view: DeliveryView, arguments: Mapping[str, str]) -> dict[str, Any]:
    """Return the context of the template; `arguments` hold the result of a replay of the delivery."""
    return {
        "delivery": view,
        "verdict_states": VERDICT_STATES,
        "is_localised": True,
        "was_replayed": "replayed" in arguments,
        "was_refused": "refused" in arguments,
        "obstacle": arguments.get("refused") or view["obstacle"],
    }

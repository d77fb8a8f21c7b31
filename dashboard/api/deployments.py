"""`/api/deployments`."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from flask_smorest import Blueprint

from dashboard.api.links import link_deployment
from dashboard.api.schemas import DeploymentSchema, DeploymentsQuery, DeploymentSummary, EventSchema, EventsQuery
from dashboard.api.schemas import make_page_schema as page_of
from dashboard.core.paging import cut_page
from dashboard.core.view import View
from dashboard.problems import ProblemError
from dashboard.queries import deployments, events
from dashboard.queries.lists import DeploymentFilters, list_deployments

blueprint = Blueprint(
    "deployments", __name__, url_prefix="/api/deployments", description="Current and past deployments"
)


@blueprint.get("")
@blueprint.arguments(DeploymentsQuery, location="query")
@blueprint.response(200, page_of(DeploymentSummary))
def show_deployments(query: dict[str, Any]) -> View:
    """List deployments without their jobs, newest first."""
    limit, cursor = query.pop("limit"), query.pop("cursor")
    items, next_cursor = list_deployments(DeploymentFilters(**query), datetime.now(UTC), limit, cursor)
    return {"items": [link_deployment(item) for item in items], "next_cursor": next_cursor}


@blueprint.get("/<int:deployment_id>")
@blueprint.response(200, DeploymentSchema)
def show_deployment(deployment_id: int) -> View:
    """Get one deployment with its jobs and steps."""
    view = deployments.get_deployment(deployment_id, datetime.now(UTC))
    if view is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"Deployment {deployment_id} does not exist.")
    return link_deployment(view)


@blueprint.get("/<int:deployment_id>/events")
@blueprint.arguments(EventsQuery, location="query")
@blueprint.response(200, page_of(EventSchema))
def show_events(query: dict[str, Any], deployment_id: int) -> View:
    """List the changes after `since`, in order; 410 if some are no longer stored: get the deployment instead."""
    if not deployments.exists(deployment_id):
        raise ProblemError(HTTPStatus.NOT_FOUND, f"Deployment {deployment_id} does not exist.")
    since = query["since"] if query["cursor"] is None else query["cursor"]
    items = events.list_events(deployment_id, since, query["limit"] + 1)
    if items is None:
        raise ProblemError(
            HTTPStatus.GONE, "These events are no longer stored, or do not exist yet. Get the deployment instead."
        )
    page, more = cut_page(items, query["limit"])
    return {"items": page, "next_cursor": str(page[-1]["seq"]) if more else None}

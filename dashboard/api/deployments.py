"""`/api/deployments`: deployments and their events."""

from http import HTTPStatus
from typing import Any

from flask_smorest import Blueprint

from dashboard.api.deployment_schemas import (
    DeploymentSchema,
    DeploymentsQuery,
    DeploymentSummarySchema,
    EventSchema,
    EventsQuery,
)
from dashboard.api.schemas import Page, make_page_schema
from dashboard.api.views import DeploymentWithUrl, ListedDeploymentWithUrl, add_url
from dashboard.core.paging import cut_page
from dashboard.core.view_types.events import EventView
from dashboard.extensions import open_reader
from dashboard.http.problems import ProblemError
from dashboard.queries import deployments, events
from dashboard.queries.lists import DeploymentFilters, list_deployments

blueprint = Blueprint(
    "deployments", __name__, url_prefix="/api/deployments", description="Current and past deployments"
)


@blueprint.get("")
@blueprint.arguments(DeploymentsQuery, location="query")
@blueprint.response(200, make_page_schema(DeploymentSummarySchema))
def show_deployments(query: dict[str, Any]) -> Page[ListedDeploymentWithUrl]:
    """List deployments without their jobs, newest first."""
    limit, cursor = query.pop("limit"), query.pop("cursor")
    items, next_cursor = list_deployments(open_reader(), DeploymentFilters(**query), limit, cursor)
    return {"items": [add_url(item) for item in items], "next_cursor": next_cursor}


@blueprint.get("/<int:deployment_id>")
@blueprint.response(200, DeploymentSchema)
def show_deployment(deployment_id: int) -> DeploymentWithUrl:
    """Get one deployment with its jobs and steps."""
    view = deployments.get_deployment(open_reader(), deployment_id)
    if view is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"Deployment {deployment_id} does not exist.")
    return add_url(view)


@blueprint.get("/<int:deployment_id>/events")
@blueprint.arguments(EventsQuery, location="query")
@blueprint.response(200, make_page_schema(EventSchema))
def show_events(query: dict[str, Any], deployment_id: int) -> Page[EventView]:
    """List the changes after `since`, in order; 410 if some are no longer stored: get the deployment instead."""
    reader = open_reader()
    if not deployments.exists(reader, deployment_id):
        raise ProblemError(HTTPStatus.NOT_FOUND, f"Deployment {deployment_id} does not exist.")
    since = query["since"] if query["cursor"] is None else query["cursor"]
    items = events.list_events(reader, deployment_id, since, query["limit"] + 1)
    if items is None:
        raise ProblemError(
            HTTPStatus.GONE, "These events are no longer stored, or do not exist yet. Get the deployment instead."
        )
    page, more = cut_page(items, query["limit"])
    return {"items": list(page), "next_cursor": str(page[-1]["seq"]) if more else None}

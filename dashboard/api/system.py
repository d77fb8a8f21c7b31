"""`/health`, `/ready` and `/metrics`, for monitoring."""

from http import HTTPStatus

from flask import Response
from flask_smorest import Blueprint

from dashboard.database.migrations import is_current
from dashboard.extensions import db
from dashboard.http.problems import RETRY_AFTER_S, ProblemError
from dashboard.metrics import CONTENT_TYPE, render_metrics

blueprint = Blueprint("system", __name__, description="Health of this process")


@blueprint.get("/health")
@blueprint.response(200)
def check_health() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


@blueprint.get("/ready")
@blueprint.response(200)
def check_readiness() -> dict[str, str]:
    """The database answers and has the tables of this version; 503 otherwise."""
    if not is_current(db.engine):
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "The database has not been migrated.", headers=headers)
    return {"status": "ready"}


@blueprint.get("/metrics")
@blueprint.doc(responses={"200": {"description": "What was counted, in the text format of Prometheus"}})
def show_metrics() -> Response:
    """What the processes counted, for Prometheus."""
    return Response(render_metrics(), content_type=CONTENT_TYPE)

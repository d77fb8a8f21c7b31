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
    """Liveness: 200 while the process runs."""
    return {"status": "ok"}


@blueprint.get("/ready")
@blueprint.response(200)
def check_readiness() -> dict[str, str]:
    """Readiness: 200 if the database is reachable and migrated to this version, else 503."""
    if not is_current(db.engine):
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE, "The database is not migrated to this version.", headers=headers
        )
    return {"status": "ready"}


@blueprint.get("/metrics")
@blueprint.doc(responses={"200": {"description": "Metrics in the Prometheus text format"}})
def show_metrics() -> Response:
    """Metrics of all processes, for Prometheus."""
    return Response(render_metrics(), content_type=CONTENT_TYPE)

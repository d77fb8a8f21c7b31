"""`/health`, `/ready` and `/metrics`: for whoever watches over the process."""

from http import HTTPStatus

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Response, current_app
from flask_smorest import Blueprint

from dashboard.extensions import db
from dashboard.metrics import CONTENT_TYPE, render_metrics
from dashboard.problems import RETRY_AFTER_S, ProblemError

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
    with db.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())
    if current != script.get_current_head():
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

"""`/api/cicd/runs`: the progress of a CI run by the number its sender gave it."""

from datetime import UTC, datetime
from http import HTTPStatus

from flask_smorest import Blueprint

from dashboard.api.schemas import RunQuery, RunSchema
from dashboard.core.view import View
from dashboard.problems import ProblemError
from dashboard.queries import deployments

blueprint = Blueprint("runs", __name__, url_prefix="/api/cicd/runs", description="Progress of CI runs")


@blueprint.get("/<run_id>/", strict_slashes=False)
@blueprint.arguments(RunQuery, location="query")
@blueprint.response(200, RunSchema)
def show_run(query: dict[str, str | None], run_id: str) -> View:
    """Progress of the run's newest attempt: of the jobs that are visible so far, and of their steps."""
    view = deployments.get_run(run_id, query["repository"], datetime.now(UTC))
    if view is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no run {run_id!r}.")
    return view

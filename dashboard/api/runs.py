"""`/api/cicd/runs`: the progress of a CI run, by its sender's run id."""

from http import HTTPStatus

from flask import Response, request
from flask_smorest import Blueprint
from werkzeug.http import quote_etag

from dashboard.api.deployment_schemas import RunQuery, RunSchema
from dashboard.core.view_types.deployments import RunView
from dashboard.extensions import open_reader
from dashboard.http.problems import ProblemError
from dashboard.queries import deployments

blueprint = Blueprint("runs", __name__, url_prefix="/api/cicd/runs", description="Progress of CI runs")


@blueprint.get("/<run_id>/")
@blueprint.arguments(RunQuery, location="query")
@blueprint.response(200, RunSchema)
def show_run(query: dict[str, str | None], run_id: str) -> Response | tuple[RunView, int, dict[str, str]]:
    """Get the progress of the latest attempt of a run: the jobs reported so far and their steps.

    Meant for polling: send the ETag in If-None-Match to get 304 while nothing has changed.
    """
    reader = open_reader()
    row = deployments.find_run(reader, run_id, query["repository"])
    if row is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"Run {run_id!r} does not exist.")
    tag = deployments.tag_run(reader, row)
    headers = {"ETag": quote_etag(tag, weak=True)}
    if request.if_none_match.contains_weak(tag):
        return Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return deployments.view_run(reader, row), HTTPStatus.OK, headers

"""The page of one deployment, `/deployments/<id>`: the headline, and jobs and steps on a time axis."""

from flask import Response, abort, g

from dashboard.core.estimate import count_ms
from dashboard.pages.deployment_description import describe_deployment
from dashboard.pages.rendering import blueprint, open_page_reader, render_page
from dashboard.queries.deployments import get_deployment


@blueprint.get("/deployments/<int:deployment_id>")
def show_deployment(deployment_id: int) -> Response:
    view = get_deployment(open_page_reader(), deployment_id) or abort(404)
    described = describe_deployment(view, count_ms(g.now))
    return render_page("deployment.html", topic=f"deployment:{deployment_id}", deployment=described)

"""`/api/projects`: projects with their newest deployments."""

from http import HTTPStatus

from flask_smorest import Blueprint

from dashboard.api.project_schemas import ProjectSchema
from dashboard.api.schemas import Page, PageQuery, make_page_schema
from dashboard.api.views import ProjectWithPageUrl, add_page_url
from dashboard.extensions import open_reader
from dashboard.http.problems import ProblemError
from dashboard.queries import projects

blueprint = Blueprint(
    "projects", __name__, url_prefix="/api/projects", description="Projects with their last deployments"
)


@blueprint.get("")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, make_page_schema(ProjectSchema))
def show_projects(query: dict[str, object]) -> Page[ProjectWithPageUrl]:
    """List projects by slug."""
    items, next_cursor = projects.list_page(open_reader(), query["limit"], query["cursor"])  # type: ignore[arg-type]
    return {"items": [add_page_url(item) for item in items], "next_cursor": next_cursor}


@blueprint.get("/<slug>")
@blueprint.response(200, ProjectSchema)
def show_project(slug: str) -> ProjectWithPageUrl:
    """Get one project."""
    project = projects.get_project(open_reader(), slug)
    if project is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"Project {slug!r} does not exist.")
    return add_page_url(project)

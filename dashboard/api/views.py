"""Views with the absolute URLs of their pages, which the API adds: only a request knows the host name."""

from typing import overload

from dashboard.core.view_types.deployments import DeploymentView, ListedDeployment
from dashboard.core.view_types.projects import ListedProject
from dashboard.http.links import make_deployment_url, make_project_url


class ListedDeploymentWithUrl(ListedDeployment):
    """A deployment in a list, with the absolute URL of its page."""

    url: str


class DeploymentWithUrl(ListedDeploymentWithUrl, DeploymentView):
    """A complete deployment with the absolute URL of its page."""


class ProjectWithPageUrl(ListedProject):
    """A project with the absolute URL of its page; its `url` is that of the deployed service."""

    page_url: str


@overload
def add_url(view: DeploymentView) -> DeploymentWithUrl: ...
@overload
def add_url(view: ListedDeployment) -> ListedDeploymentWithUrl: ...
def add_url(view: ListedDeployment) -> ListedDeploymentWithUrl:
    """Return the deployment, complete or as in a list, with the absolute URL of its page."""
    return {**view, "url": make_deployment_url(view["id"], is_absolute=True)}


def add_page_url(view: ListedProject) -> ProjectWithPageUrl:
    """Return the project with the absolute URL of its page, and its newest deployment with that of its own."""
    newest = view["last_deployment"]
    return {
        **view,
        "page_url": make_project_url(view["slug"], is_absolute=True),
        "last_deployment": newest and add_url(newest),
    }

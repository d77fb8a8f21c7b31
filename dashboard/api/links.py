"""Absolute URLs added to views: only a request knows the host name."""

from flask import url_for

from dashboard.core.view_types.deployments import DeploymentView, ListedDeployment
from dashboard.core.view_types.projects import ListedProject


class AddressedDeployment(ListedDeployment):
    """A deployment with the absolute URL of its page."""

    url: str


class AddressedWhole(DeploymentView):
    """A whole deployment with the absolute URL of its page."""

    url: str


class AddressedProject(ListedProject):
    """A project with the absolute URL of its page; its `url` is that of the deployed service."""

    page_url: str


def link_deployment(view: ListedDeployment) -> AddressedDeployment:
    """Return the deployment with the absolute URL of its page."""
    return {**view, "url": url_for("pages.show_deployment", deployment_id=view["id"], _external=True)}


def link_project(view: ListedProject) -> AddressedProject:
    """Return the project with the absolute URLs of its page and of its newest deployment's page."""
    newest = view["last_deployment"]
    return {
        **view,
        "page_url": url_for("pages.show_project", slug=view["slug"], _external=True),
        "last_deployment": newest and link_deployment(newest),
    }

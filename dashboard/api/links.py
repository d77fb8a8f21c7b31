"""Absolute links on what queries return: only a request knows under which name it was asked."""

from flask import url_for

from dashboard.core.view import View


def link_deployment(view: View) -> View:
    """Return the deployment with the absolute URL of its page."""
    return {**view, "url": url_for("pages.show_deployment", deployment_id=view["id"], _external=True)}


def link_project(view: View) -> View:
    """Return the project with the absolute URL of its page as `page_url`; its own `url` is what was deployed."""
    newest = view["last_deployment"]
    return {
        **view,
        "page_url": url_for("pages.show_project", slug=view["slug"], _external=True),
        "last_deployment": newest and link_deployment(newest),
    }

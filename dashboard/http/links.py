"""The URLs of the pages that other rooms link to: the only module of `http` that knows endpoints of `pages`.

The scripts build the same URLs in `static/js/live/fields.js`.
"""

from flask import url_for


def make_deployment_url(deployment_id: int, *, is_absolute: bool = False) -> str:
    """Return the URL of a deployment's page; without the host unless it is absolute."""
    return url_for("pages.show_deployment", deployment_id=deployment_id, _external=is_absolute)


def make_project_url(slug: str, *, is_absolute: bool = False) -> str:
    """Return the URL of a project's page; without the host unless it is absolute."""
    return url_for("pages.show_project", slug=slug, _external=is_absolute)

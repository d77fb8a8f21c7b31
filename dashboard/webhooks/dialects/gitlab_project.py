"""The project of a GitLab body, which hooks of pipelines, jobs and deployments name differently. Pure."""

from datetime import datetime

from dashboard.core.registers import Node, claim_node
from dashboard.core.report import Identity
from dashboard.webhooks.dialects.payload import (
    MAX_URL_LENGTH,
    Body,
    identify,
    read_host,
    read_int,
    read_repository_path,
    read_text,
    require,
)


def identify_in_project(body: Body, *parts: str | int, run_id: str | None = None) -> Identity:
    """Return the identity of something in the project; raise MalformedError if the body does not name the project."""
    name = name_project(body)
    host = read_host(read_project_url(body), read_text(body, "object_attributes", "url", limit=MAX_URL_LENGTH))
    sender_id = read_int(body, "project", "id", minimum=1) or read_int(body, "project_id", minimum=1)
    return identify("gitlab", name, (host, sender_id or name.lower(), *parts), run_id, sender_id=sender_id)


def claim_project(body: Body, stamp: datetime | None) -> Node:
    """Return the node of the project."""
    name = name_project(body)
    return claim_node({"name": name, "repository": name}, stamp=stamp)


def read_project_url(body: Body) -> str | None:
    """Return the URL of the project, None if the body has none."""
    home = read_text(body, "project", "web_url", limit=MAX_URL_LENGTH)
    return home or read_text(body, "repository", "homepage", limit=MAX_URL_LENGTH)


def name_project(body: Body) -> str:
    """Return the full path of the project; raise MalformedError if the body does not contain it.

    Older job hooks have it only in URLs. The SSH URL comes first: it never begins with the path that GitLab is
    installed under.
    """
    places = (("repository", "git_ssh_url"), ("project", "web_url"), ("repository", "homepage"))
    in_urls = (read_repository_path(body, *place) for place in places)
    path = read_text(body, "project", "path_with_namespace") or next(filter(None, in_urls), None)
    name: str = require("project", path)
    return name

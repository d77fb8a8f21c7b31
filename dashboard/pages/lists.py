"""Lists of deployments as the overview and the page of a project show them.

Pure, the twin of `static/js/lists.js`: both are tested against `tests/js/lists.json`.
"""

from collections.abc import Iterable
from typing import TypedDict

from dashboard.core.view_types.deployments import ListedDeployment
from dashboard.core.view_types.projects import ListedProject
from dashboard.pages.states import find_traits

MAX_CARDS = 12
"""How many open deployments are shown as cards; further ones are rows of a table that is closed at first."""


class WatchedCounts(TypedDict):
    """The numbers in the title of the overview."""

    running: int
    """Deployments."""
    failed: int
    """Projects whose newest deployment failed."""


def hide_duplicate_runs(deployments: Iterable[ListedDeployment]) -> list[ListedDeployment]:
    """Return the deployments of a list without runs of a CI server that a native deployment in the list also reports.

    A failure that only the CI server reports stays: the native deployment alone would look like a success.
    """
    listed = list(deployments)
    natives = [deployment for deployment in listed if deployment["dialect"] == "native" and deployment["run_key"]]
    reported = {native["run_key"] for native in natives}
    failed = {native["run_key"] for native in natives if find_traits(native["state"]).is_failure}
    return [
        deployment
        for deployment in listed
        if deployment["dialect"] == "native"
        or deployment["run_key"] not in (failed if find_traits(deployment["state"]).is_failure else reported)
    ]


def order_running(deployments: Iterable[ListedDeployment]) -> list[ListedDeployment]:
    """Return open deployments, given newest first, with the stale ones at the end."""
    return sorted(deployments, key=lambda deployment: deployment["state"] == "stale")


def count_watched(running: Iterable[ListedDeployment], projects: Iterable[ListedProject]) -> WatchedCounts:
    """Count what the title of the overview names; stale deployments are not running."""
    newest = [project["last_deployment"] for project in projects]
    return {
        "running": sum(deployment["state"] != "stale" for deployment in running),
        "failed": sum(deployment is not None and deployment["state"] == "failed" for deployment in newest),
    }

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
    """Return the deployments of a list with one line for each run: the native deployment, else the CI server's run.

    What the run deploys, and what another dialect reports of it, is left out. A failure stays unless that line is a
    failure as well: it alone would look like a success.
    """
    listed = list(deployments)
    reported: dict[str, int] = {}
    failed: dict[str, int] = {}
    for deployment in listed:
        if key := deployment["run_key"]:
            reported[key] = max(reported.get(key, 0), _rank_line(deployment))
            if find_traits(deployment["state"]).is_failure:
                failed[key] = max(failed.get(key, 0), _rank_line(deployment))

    def is_shown(deployment: ListedDeployment) -> bool:
        lines = failed if find_traits(deployment["state"]).is_failure else reported
        return lines.get(deployment["run_key"] or "", 0) <= _rank_line(deployment)

    return list(filter(is_shown, listed))


def _rank_line(deployment: ListedDeployment) -> int:
    if deployment["dialect"] == "native":
        return 2
    return 0 if deployment["run_id"] is None else 1


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

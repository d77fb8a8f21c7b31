"""Lists of deployments as the overview and the page of a project show them.

Pure, the twin of `static/js/lists.js`: both are tested against `tests/js/lists.json`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from dashboard.pages.states import find_traits

View = Mapping[str, Any]

MAX_CARDS = 12
"""How many open deployments are shown as cards; further ones are rows of a table that is closed at first."""


def hide_duplicate_runs(deployments: Iterable[View]) -> list[View]:
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


def order_running(deployments: Iterable[View]) -> list[View]:
    """Return open deployments, given newest first, with the stale ones at the end."""
    return sorted(deployments, key=lambda deployment: deployment["state"] == "stale")


def count_watched(running: Iterable[View], projects: Iterable[View]) -> dict[str, int]:
    """Return the numbers in the title of the overview: `running` deployments, and projects whose last one `failed`."""
    states = [(project["last_deployment"] or {}).get("state") for project in projects]
    return {
        "running": sum(deployment["state"] != "stale" for deployment in running),
        "failed": states.count("failed"),
    }

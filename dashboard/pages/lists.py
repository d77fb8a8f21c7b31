"""Lists of deployments as the overview and the page of a project show them.

Pure, the twin of `static/js/lists.js`: both are tested against `tests/js/lists.json`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from dashboard.pages.states import find_traits

View = Mapping[str, Any]

MAX_CARDS = 12
"""How many open deployments are shown as cards; further ones are rows of a table that is closed at first."""


def hide_linked(deployments: Iterable[View]) -> list[View]:
    """Return the deployments of a list without CI runs that a native one among them tells: one line for each run.

    Unless only the CI server says that something failed: no line may be green for both.
    """
    listed = list(deployments)
    natives = [deployment for deployment in listed if deployment["dialect"] == "native" and deployment["run_key"]]
    told = {native["run_key"] for native in natives}
    failed = {native["run_key"] for native in natives if find_traits(native["state"]).is_failure}
    return [
        deployment
        for deployment in listed
        if deployment["dialect"] == "native"
        or deployment["run_key"] not in (failed if find_traits(deployment["state"]).is_failure else told)
    ]


def order_running(deployments: Iterable[View]) -> list[View]:
    """Return open deployments, given newest first, with those that fell silent behind the others."""
    return sorted(deployments, key=lambda deployment: deployment["state"] == "stale")


def count_watched(running: Iterable[View], projects: Iterable[View]) -> dict[str, int]:
    """Return what title and icon of the overview tell: how many are `running`, how many projects' last one `failed`."""
    states = [(project["last_deployment"] or {}).get("state") for project in projects]
    return {
        "running": sum(deployment["state"] != "stale" for deployment in running),
        "failed": states.count("failed"),
    }

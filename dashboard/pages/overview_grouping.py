"""Searches, groups and sorts the projects of the overview, as the query string of its address asks.

Pure, the twin of `static/js/overview_grouping.js`: both are tested against `tests/js/overview_grouping.json`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, TypedDict

from dashboard.core.view_types.deployments import ListedDeployment
from dashboard.core.view_types.projects import ListedProject
from dashboard.pages.states import RANKS

GROUPS = ("none", "state", "kind", "environment")
SORTS = ("name", "last", "state")
HIDE = "hide"
QUIET_AFTER = timedelta(days=30)
MAX_SEARCH_LENGTH = 200
NEVER = datetime.min.replace(tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Choices:
    """The choices of a visitor; the defaults show every project by name."""

    q: str = ""
    group: str = "none"
    sort: str = "name"
    quiet: str = ""
    """`hide` leaves out projects without a deployment for 30 days."""


class ProjectGroup(TypedDict):
    """The projects with the same value of what they are grouped by."""

    by: str
    """One of GROUPS."""
    key: str
    """The value; empty if the projects have none, or are not grouped."""
    size: int
    projects: list[ListedProject]


class ArrangedProjects(TypedDict):
    """The groups of projects, and how many projects there are."""

    groups: list[ProjectGroup]
    shown: int
    total: int
    is_empty: bool
    """Whether there is no project at all."""
    quiet: int
    """How many are left out because nothing was deployed for 30 days."""


def read_choices(arguments: Mapping[str, str]) -> Choices:
    """Return the choices in a query string, with the default for each that is missing or unknown."""
    group, sort, quiet = (arguments.get(name) for name in ("group", "sort", "quiet"))
    return Choices(
        q=arguments.get("q", "").strip()[:MAX_SEARCH_LENGTH],
        group=group if group in GROUPS else Choices.group,
        sort=sort if sort in SORTS else Choices.sort,
        quiet=HIDE if quiet == HIDE else Choices.quiet,
    )


def arrange_projects(projects: Iterable[ListedProject], choices: Choices, now: datetime) -> ArrangedProjects:
    """Return the projects that are shown, grouped and sorted."""
    known = list(projects)
    found = [project for project in known if matches_search(project, choices.q)]
    shown = [project for project in found if choices.quiet != HIDE or not is_quiet(project, now)]
    ordered = sort_projects(shown, choices.sort)
    ordered.sort(key=lambda project: order_group(project, choices.group))
    grouped = groupby(ordered, key=lambda project: get_group_key(project, choices.group))
    return {
        "groups": [_make_group(choices.group, key, list(members)) for key, members in grouped],
        "shown": len(shown),
        "total": len(known),
        "is_empty": not known,
        "quiet": len(found) - len(shown),
    }


def _make_group(by: str, key: str, projects: list[ListedProject]) -> ProjectGroup:
    return {"by": by, "key": key, "size": len(projects), "projects": projects}


def matches_search(project: ListedProject, q: str) -> bool:
    """Return whether every word of the search occurs in the names of the project or of its last deployment."""
    last = project["last_deployment"]
    names = [project["slug"], project["name"], project["repository"], *project["environments"]]
    if last:
        names += [last["repository"], last["branch"], last["triggered_by"]]
    text = "\n".join(name for name in names if name).lower()
    return all(word in text for word in q.lower().split())


def is_quiet(project: ListedProject, now: datetime) -> bool:
    """Return whether nothing was deployed for 30 days and nothing is open."""
    last = project["last_deployment"]
    return last is None or (last["status"] == "completed" and read_time(last) < now - QUIET_AFTER)


def sort_projects(projects: Iterable[ListedProject], sort: str) -> list[ListedProject]:
    """Return the projects in the chosen order, and by name where they are equal in it."""
    by_name = sorted(projects, key=lambda project: (project["name"].lower(), project["slug"]))
    return sorted(by_name, key=ORDERS[sort])


def get_group_key(project: ListedProject, group: str) -> str:
    """Return the key of the group of a project; empty if it has no value to group by."""
    if group == "state":
        return project["last_deployment"]["state"] if project["last_deployment"] else ""
    if group == "kind":
        return project["kind"] or ""
    return ", ".join(project["environments"]) if group == "environment" else ""


def order_group(project: ListedProject, group: str) -> tuple[int, bool, str]:
    """Return the sort key of a group: states by urgency, others by name, the group without a key last."""
    key = get_group_key(project, group)
    return (rank_state(project) if group == "state" else 0, key == "", key)


def rank_state(project: ListedProject) -> int:
    """Return the rank of the last deployment's state; a project that was never deployed comes last."""
    last = project["last_deployment"]
    return RANKS[last["state"]] if last else len(RANKS)


def read_time(deployment: ListedDeployment) -> datetime:
    """Return the time by which a deployment is sorted."""
    return datetime.fromisoformat(deployment["sorted_at"])


def order_last(project: ListedProject) -> tuple[int, int]:
    """Return the sort key by last deployment, the newest first."""
    last = project["last_deployment"]
    return (-((read_time(last) - NEVER) // MICROSECOND), -last["id"]) if last else (0, 0)


ORDERS: dict[str, Callable[[ListedProject], Any]] = {
    "name": lambda _project: 0,
    "last": order_last,
    "state": lambda project: (rank_state(project), order_last(project)),
}

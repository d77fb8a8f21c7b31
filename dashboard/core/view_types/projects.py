"""Views of projects, their environments, and statistics of their deployments."""

from typing import TypedDict

from dashboard.core.view_types.deployments import ListedDeployment, ProjectView

MAX_OUTCOMES = 20
"""How many outcomes a project is listed with at most."""


class OutcomeView(TypedDict):
    """One of a project's newest deployments, abridged."""

    id: int
    seq: int
    sorted_at: str
    environment: str | None
    state: str
    duration_s: float | None


class ListedProject(ProjectView):
    """A project with its newest deployment and its newest outcomes, newest first."""

    last_deployment: ListedDeployment | None
    outcomes: list[OutcomeView]
    environments: list[str]
    """The environments of the outcomes, sorted."""


class OverviewSnapshot(TypedDict):
    """The content of the overview, or of the page of one project."""

    projects: list[ListedProject]
    deployments: list[ListedDeployment]
    """All open deployments and the newest others, newest first."""


class EnvironmentView(TypedDict):
    """What runs in an environment of a project, and its newest deployment."""

    environment: str
    live: ListedDeployment | None
    """The newest success."""
    newest: ListedDeployment


class OutcomeCounts(TypedDict):
    """How many deployments ended, and how. Success, partial and failed count; only success is `succeeded`."""

    succeeded: int
    counted: int
    rate_pct: int | None
    """Rounded down, so that 100 means no failure; None if `counted` is 0."""
    median_s: float | None
    p90_s: float | None
    """Durations of the successes."""


class Period(OutcomeCounts):
    """How the deployments of one day or week ended."""

    start: str
    """ISO date, UTC."""


class OutcomeStatistics(TypedDict):
    """How a project's recent deployments ended."""

    unit: str
    """`day` or `week`."""
    periods: list[Period]
    """Oldest first, up to the current one."""
    total: OutcomeCounts
    max_counted: int
    """The largest `counted` of a period."""
    max_p90_s: float | None
    """The largest `p90_s` of a period."""


class RankedStep(TypedDict):
    """Statistics of a step over a project's newest deployments."""

    job: str
    key: str
    name: str
    ran: int
    failed: int
    timed: int
    """How many successes have a start and an end; median_s and p90_s are computed from these."""
    median_s: float | None
    p90_s: float | None


class RankedSteps(TypedDict):
    """The steps that take longest, and those that fail most often."""

    slowest: list[RankedStep]
    failing: list[RankedStep]

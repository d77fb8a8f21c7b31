"""The types of views. Times are ISO 8601 in UTC with Z, durations are in seconds.

None means that nothing was reported, or not yet. `core.view` makes views of one row; queries add what they read from
other rows.
"""

from typing import Any, TypedDict


class ProjectView(TypedDict):
    """A project without its deployments."""

    slug: str
    name: str
    kind: str | None
    repository: str | None
    url: str | None
    port: int | None
    service_status: str | None
    seq: int


class EndingView(TypedDict):
    """One of two conflicting outcomes."""

    conclusion: str | None
    completed_at: str | None


class StandingView(TypedDict):
    """Status, conclusion and state of a deployment, job or step."""

    status: str
    conclusion: str | None
    status_raw: str | None
    state: str
    conflict: list[EndingView] | None
    """Two conflicting outcomes, the one that counts first; None if there is no conflict."""


class TimesView(TypedDict):
    """When a deployment, job or step ran."""

    started_at: str | None
    started_observed: bool
    """Whether started_at is when the first report was received, because none gave a start."""
    completed_at: str | None
    duration_s: float | None


class StepView(StandingView, TimesView):
    """A step."""

    job: str
    """Key of its job."""
    key: str
    number: int | None
    name: str
    category: str
    is_current: bool
    is_done: bool
    message: str | None
    error: str | None
    log: str | None


class JobSummary(StandingView, TimesView):
    """A job without its steps."""

    key: str
    number: int | None
    name: str
    allowed_to_fail: bool
    job_progress_pct: int
    completed_steps: int
    total_steps: int
    message: str | None
    error: str | None
    log: str | None


class JobView(JobSummary):
    """A job with its steps, in display order."""

    current_step_index: int | None
    """0-based, into steps."""
    steps: list[StepView]


class CurrentStep(TypedDict):
    """The first step in progress."""

    job: str
    job_name: str | None
    key: str
    started_at: str | None


class RevisionLinks(TypedDict):
    """URLs on the code host."""

    repository: str
    commit: str | None
    branch: str | None


class DeploymentSummary(StandingView, TimesView):
    """A deployment without its log and its jobs."""

    id: int
    seq: int
    project: ProjectView
    environment: str | None
    repository: str | None
    branch: str | None
    commit_hash: str | None
    commit_message: str | None
    run_id: str | None
    run_key: str | None
    attempt: int
    run_url: str | None
    dialect: str
    triggered_by: str | None
    trigger_type: str | None
    deploy_type: str | None
    deploy_path: str | None
    test_url: str | None
    port: int | None
    service_status: str | None
    message: str | None
    error: str | None
    progress_pct: int
    completed_steps: int
    total_steps: int
    run_progress_pct: int
    completed_jobs: int
    total_jobs_visible: int
    shown_pct: int
    """progress_pct, or run_progress_pct if no steps are reported."""
    current_step: str | None
    current: CurrentStep | None
    links: RevisionLinks | None
    stale_since: str | None
    sorted_at: str


class StepUsual(TypedDict):
    """Usual times of a step, from past runs; each is `[median_s, p90_s, runs]`."""

    duration: list[float] | None
    left: list[float] | None
    """From the start of the step to the end of its deployment."""


class Usual(TypedDict):
    """Usual times of a deployment, from past runs."""

    runs: int
    total: list[float]
    """`[median_s, p90_s]`."""
    steps: dict[str, StepUsual]
    """By `<name of the job>/<key of the step>`; CI servers give a job another key in each run."""


class Estimate(TypedDict):
    """The time left as a range, and the number of runs that it was computed from."""

    runs: int
    left_median_s: float
    left_p90_s: float
    overdue_s: float


class AttemptLink(TypedDict):
    """Another attempt of the same run."""

    id: int
    attempt: int


class LinkedDeployment(TypedDict):
    """The same run, reported in another dialect."""

    id: int
    dialect: str


class EarlierJob(TypedDict):
    """A job as it was in the last earlier attempt that ran it."""

    name: str
    state: str
    id: int
    attempt: int


class PastDeployment(TypedDict):
    """A deployment that had ended before this one was first reported."""

    id: int
    state: str
    commit_hash: str | None
    ended_at: str | None


class Related(TypedDict):
    """Deployments related to one: its other attempts, linked runs, and what was deployed before it."""

    attempts: list[AttemptLink]
    linked: list[LinkedDeployment]
    earlier: list[EarlierJob]
    """By name."""
    before: PastDeployment | None
    last_success: PastDeployment | None
    runs: int
    """How many earlier deployments were counted."""
    failures: dict[str, int]
    """How many of these each step failed in, by `<name of the job>/<key of the step>`."""


class ListedDeployment(DeploymentSummary):
    """A deployment in a list."""

    usual: Usual | None
    estimate: Estimate | None
    """None, like `usual`, if the deployment has ended."""
    related: Related | None
    """None in lists: only the page of one deployment shows it."""


class RunView(DeploymentSummary):
    """A deployment with its jobs and their steps."""

    log: str | None
    jobs: list[JobView]


class DeploymentView(ListedDeployment, RunView):
    """A complete deployment."""


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


class EndCounts(TypedDict):
    """How deployments ended. Success, partial and failed count; only success is `succeeded`."""

    succeeded: int
    counted: int
    rate_pct: int | None
    """None if nothing counts."""
    median_s: float | None
    p90_s: float | None
    """Durations of the successes."""


class Period(EndCounts):
    """How the deployments of one day or week ended."""

    start: str
    """ISO date, UTC."""


class EndStatistics(TypedDict):
    """How a project's recent deployments ended."""

    unit: str
    """`day` or `week`."""
    periods: list[Period]
    """Oldest first, up to the current one."""
    total: EndCounts
    most: int
    """The largest `counted` of a period."""
    longest_s: float | None
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


class Changes(TypedDict):
    """What changed in a deployment with one seq: only changed fields, with the keys of jobs and steps."""

    deployment: dict[str, Any]
    jobs: list[dict[str, Any]]
    steps: list[dict[str, Any]]


class EventView(Changes):
    """An event as sent to browsers and returned by the API."""

    deployment_id: int
    prev_seq: int
    seq: int
    kind: str


class DeliverySummary(TypedDict):
    """A delivery without its headers and body, secrets masked."""

    id: str
    received_at: str
    took_ms: float | None
    replayed_at: str | None
    source: str | None
    dialect: str
    event: str | None
    verdict: str
    reason: str | None
    deployment_id: int | None
    body_size: int


class FieldChange(TypedDict):
    """One value that a delivery changed."""

    deployment_id: int
    what: str
    """`deployment`, `job` or `step`."""
    name: str | None
    field: str
    before: Any
    after: Any


class DeliveryView(DeliverySummary):
    """A complete delivery, secrets masked."""

    headers: dict[str, str]
    changes: list[FieldChange]
    body: str | None
    """None if it is binary."""
    body_kind: str
    """`json`, `form`, `text` or `binary`."""
    body_kept: int
    body_is_whole: bool
    obstacle: str | None
    """Why the delivery cannot be replayed: `unauthenticated` or `cut`; None if it can."""

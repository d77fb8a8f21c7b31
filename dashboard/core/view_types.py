"""The shapes of what API, pages and live events show. Times are ISO 8601 in UTC with Z, durations are seconds.

None means that no sender has reported it, or not yet. `core.view` makes the views of one row; queries add what they
read from other rows.
"""

from typing import Any, TypedDict


class ProjectView(TypedDict):
    """A project's own values, without its deployments."""

    slug: str
    name: str
    kind: str | None
    repository: str | None
    url: str | None
    port: int | None
    service_status: str | None
    seq: int


class EndingView(TypedDict):
    """One of two different outcomes that a sender reported."""

    conclusion: str | None
    completed_at: str | None


class StandingView(TypedDict):
    """How far a deployment, job or step is."""

    status: str
    conclusion: str | None
    status_raw: str | None
    state: str
    conflict: list[EndingView] | None
    """Both outcomes where a sender reported two, the one that counts first."""


class TimesView(TypedDict):
    """When a deployment, job or step ran."""

    started_at: str | None
    started_observed: bool
    """Whether started_at is when the first report was received, because no sender gave a start."""
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
    """A job with its steps in the order in which they are shown."""

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
    """Addresses at the host of the code."""

    repository: str
    commit: str | None
    branch: str | None


class DeploymentSummary(StandingView, TimesView):
    """A deployment as its own row shows it, without its log and its jobs."""

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
    """progress_pct, or run_progress_pct where no steps are reported."""
    current_step: str | None
    current: CurrentStep | None
    links: RevisionLinks | None
    stale_since: str | None
    sorted_at: str


class StepUsual(TypedDict):
    """What past runs say of a step; each is `[median_s, p90_s, runs]`."""

    duration: list[float] | None
    left: list[float] | None
    """From the start of the step to the end of its deployment."""


class Usual(TypedDict):
    """What past runs say of a deployment."""

    runs: int
    total: list[float]
    """`[median_s, p90_s]`."""
    steps: dict[str, StepUsual]
    """By `<name of the job>/<key of the step>`: CI servers give a job another key in each run."""


class Estimate(TypedDict):
    """The time left, as a range, with the number of runs that it rests on."""

    runs: int
    left_median_s: float
    left_p90_s: float
    overdue_s: float


class AttemptLink(TypedDict):
    """Another attempt of the same run."""

    id: int
    attempt: int


class LinkedDeployment(TypedDict):
    """The same run as another dialect reports it."""

    id: int
    dialect: str


class EarlierJob(TypedDict):
    """A job as the last earlier attempt that ran it left it."""

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
    """What other deployments say of one: its attempts, linked runs, and what was deployed before it."""

    attempts: list[AttemptLink]
    linked: list[LinkedDeployment]
    earlier: list[EarlierJob]
    """By name."""
    before: PastDeployment | None
    last_success: PastDeployment | None
    runs: int
    """How many deployments before this one were looked at."""
    failures: dict[str, int]
    """In how many of these a step failed, by `<name of the job>/<key of the step>`."""


class ListedDeployment(DeploymentSummary):
    """A deployment in a list."""

    usual: Usual | None
    estimate: Estimate | None
    """None, as `usual` is, for one that has ended."""
    related: Related | None
    """None: only the page of one deployment shows it."""


class RunView(DeploymentSummary):
    """A deployment with its jobs and their steps."""

    log: str | None
    jobs: list[JobView]


class DeploymentView(ListedDeployment, RunView):
    """A deployment, whole."""


MAX_OUTCOMES = 20
"""How many outcomes a project is listed with at most."""


class OutcomeView(TypedDict):
    """One of the newest deployments of a project, in short."""

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
    """Those of the outcomes, by name."""


class OverviewSnapshot(TypedDict):
    """What the overview, or the page of one project, shows."""

    projects: list[ListedProject]
    deployments: list[ListedDeployment]
    """All open ones and the newest, each once, newest first."""


class EnvironmentView(TypedDict):
    """What runs in an environment of a project, and what was tried there last."""

    environment: str
    live: ListedDeployment | None
    """The newest success."""
    newest: ListedDeployment


class EndCounts(TypedDict):
    """How deployments ended: only success, partial and failed count, and only success as succeeded."""

    succeeded: int
    counted: int
    rate_pct: int | None
    """None where nothing counts."""
    median_s: float | None
    p90_s: float | None
    """Of the successes."""


class Period(EndCounts):
    """How deployments ended that began in one day or week."""

    start: str
    """ISO date, UTC."""


class EndStatistics(TypedDict):
    """How the deployments of a project ended lately."""

    unit: str
    """`day` or `week`."""
    periods: list[Period]
    """From the oldest to the current one."""
    total: EndCounts
    most: int
    """The largest `counted` of a period."""
    longest_s: float | None
    """The largest `p90_s` of a period."""


class RankedStep(TypedDict):
    """What the newest deployments of a project say of a step."""

    job: str
    key: str
    name: str
    ran: int
    failed: int
    timed: int
    """How many successes have a start and an end, which median_s and p90_s rest on."""
    median_s: float | None
    p90_s: float | None


class RankedSteps(TypedDict):
    """The steps that take longest, and those that fail most."""

    slowest: list[RankedStep]
    failing: list[RankedStep]


class Changes(TypedDict):
    """What changed in a deployment with one seq: changed fields only; jobs and steps carry their keys."""

    deployment: dict[str, Any]
    jobs: list[dict[str, Any]]
    steps: list[dict[str, Any]]


class EventView(Changes):
    """An event as browsers and the API get it."""

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
    """A delivery, whole, secrets masked."""

    headers: dict[str, str]
    changes: list[FieldChange]
    body: str | None
    """None: it is binary."""
    body_kind: str
    """`json`, `form`, `text` or `binary`."""
    body_kept: int
    body_is_whole: bool
    obstacle: str | None
    """Why it cannot be replayed: `unauthenticated` or `cut`; None if it can."""

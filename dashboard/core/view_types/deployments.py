"""Views of deployments, their jobs and their steps; of their typical times, and of deployments related to one."""

from typing import TypedDict


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


class ConflictingOutcome(TypedDict):
    """One of two conflicting outcomes."""

    conclusion: str | None
    completed_at: str | None


class StandingView(TypedDict):
    """Status, conclusion and state of a deployment, job or step."""

    status: str
    conclusion: str | None
    status_raw: str | None
    status_known: bool
    """Whether status_raw is a word that the dashboard knows; an unknown word claims nothing."""
    state: str
    conflict: list[ConflictingOutcome] | None
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


class ProgressView(TypedDict):
    """Progress of a deployment by its steps and by its jobs."""

    progress_pct: int
    completed_steps: int
    total_steps: int
    run_progress_pct: int
    completed_jobs: int
    total_jobs_visible: int
    shown_pct: int
    """progress_pct, or run_progress_pct if no steps are reported."""


class DeploymentSummary(StandingView, TimesView, ProgressView):
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
    waited_s: float | None
    """For how long no job ran because one waited for a person; not in duration_s. None if no job did."""
    is_cut: bool
    """Whether jobs or steps are missing because a delivery listed more than are applied."""
    current_step: str | None
    current: CurrentStep | None
    links: RevisionLinks | None
    stale_since: str | None
    sorted_at: str


class TypicalStepTimes(TypedDict):
    """Typical times of a step in past runs; each is `[median_s, p90_s, runs]`, None if too few runs had it."""

    duration: list[float] | None
    left: list[float] | None
    """From the start of the step to the end of its deployment."""


class TypicalTimes(TypedDict):
    """Typical times of a deployment and its steps, from past runs. Payloads call them `usual`."""

    runs: int
    total: list[float]
    """`[median_s, p90_s]`."""
    steps: dict[str, TypicalStepTimes]
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
    """The same run reported in another dialect, or what the run deploys, or the run of a deployment."""

    id: int
    dialect: str
    environment: str | None


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

    usual: TypicalTimes | None
    """None if there are too few past runs, or if they were not read: lists read them only for open deployments."""
    estimate: Estimate | None
    """None if the deployment is not running, or if `usual` is None."""
    related: Related | None
    """None in lists: only the page of one deployment shows it."""


class ReportedDeployment(DeploymentSummary):
    """A deployment as its reports describe it, without its jobs."""

    log: str | None


class NewDeployment(ListedDeployment, ReportedDeployment):
    """A deployment as its first event describes it: `usual`, `estimate` and `related` are None."""


class RunView(ReportedDeployment):
    """A deployment with its jobs and their steps."""

    jobs: list[JobView]


class DeploymentView(ListedDeployment, RunView):
    """A complete deployment."""

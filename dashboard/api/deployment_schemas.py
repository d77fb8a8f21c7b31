"""What the API takes and gives of deployments and runs."""

from typing import ClassVar

from marshmallow import Schema, fields, validate

from dashboard.api.schemas import PageQuery, ViewSchema
from dashboard.api.views import DeploymentWithUrl, ListedDeploymentWithUrl
from dashboard.core.view_types.deployments import JobView, ProjectView, RunView, StepView
from dashboard.core.view_types.events import EventView
from dashboard.core.words import State
from dashboard.queries.events import MAX_EVENTS


class DeploymentsQuery(PageQuery):
    """Filters for deployments, and the page of the list."""

    project = fields.String(load_default=None, metadata={"description": "slug of the project"})
    environment = fields.String(load_default=None)
    state = fields.Enum(State, by_value=True, load_default=None)
    branch = fields.String(load_default=None)
    triggered_by = fields.String(load_default=None, metadata={"description": "exact name of the person"})
    q = fields.String(
        load_default=None, metadata={"description": "text contained in branch, commit, person, message, …"}
    )
    since = fields.AwareDateTime(load_default=None, format="iso")
    until = fields.AwareDateTime(load_default=None, format="iso")


class EventsQuery(Schema):
    """The page of a list of events; a page's `next_cursor` is the `since` of the next page."""

    since = fields.Integer(load_default=0, validate=validate.Range(min=0))
    limit = fields.Integer(load_default=MAX_EVENTS, validate=validate.Range(1, MAX_EVENTS))
    cursor = fields.Integer(load_default=None, validate=validate.Range(min=0))


class RunQuery(Schema):
    """The repository of a run, as several repositories can have the same run id."""

    repository = fields.String(load_default=None)


class ProjectOfDeploymentSchema(ViewSchema):
    """The project of a deployment."""

    VIEW = ProjectView

    slug = fields.String()
    name = fields.String()


class StepSchema(ViewSchema):
    """A step."""

    VIEW = StepView

    number = fields.Integer(metadata={"description": "number given by the sender"})
    key = fields.String()
    name = fields.String()
    category = fields.String()
    status = fields.String()
    conclusion = fields.String()
    status_raw = fields.String(metadata={"description": "status as sent"})
    status_known = fields.Boolean(metadata={"description": "whether status_raw is a known word"})
    state = fields.String()
    is_current = fields.Boolean()
    is_done = fields.Boolean()
    started_at = fields.String()
    started_observed = fields.Boolean(metadata={"description": "whether started_at is the time of the first report"})
    completed_at = fields.String()
    duration_s = fields.Float()
    message = fields.String()
    error = fields.String()
    log = fields.String()
    conflict = fields.Raw(metadata={"description": "the two results, if the sender reported conflicting ones"})


class JobSchema(ViewSchema):
    """A job with its steps in display order."""

    VIEW = JobView

    key = fields.String()
    name = fields.String()
    status = fields.String()
    conclusion = fields.String()
    status_raw = fields.String()
    status_known = fields.Boolean(metadata={"description": "whether status_raw is a known word"})
    state = fields.String()
    allowed_to_fail = fields.Boolean(metadata={"description": "whether the deployment can succeed if this job fails"})
    job_progress_pct = fields.Integer()
    completed_steps = fields.Integer()
    total_steps = fields.Integer()
    current_step_index = fields.Integer(metadata={"description": "0-based index into steps"})
    started_at = fields.String()
    started_observed = fields.Boolean()
    completed_at = fields.String()
    duration_s = fields.Float()
    message = fields.String()
    error = fields.String()
    log = fields.String()
    conflict = fields.Raw()
    steps = fields.List(fields.Nested(StepSchema))


class DeploymentSummarySchema(ViewSchema):
    """A deployment without its jobs."""

    VIEW: ClassVar[type] = ListedDeploymentWithUrl

    id = fields.Integer()
    url = fields.String(metadata={"description": "absolute URL of its page"})
    seq = fields.Integer()
    project = fields.Nested(ProjectOfDeploymentSchema)
    environment = fields.String()
    repository = fields.String()
    branch = fields.String()
    commit_hash = fields.String()
    commit_message = fields.String()
    run_id = fields.String()
    attempt = fields.Integer()
    run_url = fields.String()
    dialect = fields.String()
    triggered_by = fields.String()
    trigger_type = fields.String()
    deploy_type = fields.String()
    deploy_path = fields.String()
    test_url = fields.String()
    port = fields.Integer()
    service_status = fields.String()
    status = fields.String()
    conclusion = fields.String()
    status_raw = fields.String()
    status_known = fields.Boolean(metadata={"description": "whether status_raw is a known word"})
    state = fields.String()
    conflict = fields.Raw()
    progress_pct = fields.Integer()
    completed_steps = fields.Integer()
    total_steps = fields.Integer()
    run_progress_pct = fields.Integer()
    completed_jobs = fields.Integer()
    total_jobs_visible = fields.Integer()
    run_key = fields.String(metadata={"description": "equal for all deployments of one run"})
    waited_s = fields.Float(metadata={"description": "time in which no job ran because one waited for a person"})
    current_step = fields.String(metadata={"description": "name of the first step in progress"})
    current = fields.Dict(allow_none=True, metadata={"description": "job, key and started_at of the current step"})
    started_at = fields.String()
    started_observed = fields.Boolean()
    completed_at = fields.String()
    duration_s = fields.Float()
    estimate = fields.Raw(metadata={"description": "runs, left_median_s, left_p90_s, overdue_s"})
    links = fields.Raw(metadata={"description": "URLs of repository, commit and branch, for known hosts"})
    stale_since = fields.String()
    message = fields.String()
    error = fields.String()
    is_cut = fields.Boolean(metadata={"description": "whether a delivery listed more jobs or steps than are applied"})


class DeploymentSchema(DeploymentSummarySchema):
    """A whole deployment."""

    VIEW = DeploymentWithUrl

    log = fields.String()
    jobs = fields.List(fields.Nested(JobSchema))


class EventSchema(ViewSchema):
    """The changes with one sequence number."""

    VIEW = EventView

    deployment_id = fields.Integer()
    prev_seq = fields.Integer()
    seq = fields.Integer()
    kind = fields.String()
    deployment = fields.Dict()
    jobs = fields.List(fields.Dict())
    steps = fields.List(fields.Dict())


class RunStepSchema(ViewSchema):
    """A step of a run."""

    VIEW = StepView

    name = fields.String()
    number = fields.Integer()
    status = fields.String()
    conclusion = fields.String()
    is_current = fields.Boolean()
    is_done = fields.Boolean()


class RunJobSchema(ViewSchema):
    """A job of a run."""

    VIEW = JobView

    job_name = fields.String(attribute="name")
    status = fields.String()
    conclusion = fields.String()
    job_progress_pct = fields.Integer()
    completed_steps = fields.Integer()
    total_steps = fields.Integer()
    current_step_index = fields.Integer()
    steps = fields.List(fields.Nested(RunStepSchema))


class RunSchema(ViewSchema):
    """The progress of a run: of the jobs reported so far, and of their steps."""

    VIEW = RunView

    run_id = fields.String()
    attempt = fields.Integer()
    repository = fields.String()
    dialect = fields.String()
    deployment_id = fields.Integer(attribute="id")
    status = fields.String()
    conclusion = fields.String()
    state = fields.String()
    run_progress_pct = fields.Integer()
    completed_jobs = fields.Integer()
    total_jobs_visible = fields.Integer()
    jobs = fields.List(fields.Nested(RunJobSchema))

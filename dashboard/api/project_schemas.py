"""What the API gives of projects."""

from marshmallow import fields

from dashboard.api.deployment_schemas import DeploymentSummarySchema
from dashboard.api.schemas import ViewSchema
from dashboard.api.views import ProjectWithPageUrl
from dashboard.core.view_types.projects import OutcomeView


class OutcomeSchema(ViewSchema):
    """A short form of one of a project's newest deployments."""

    VIEW = OutcomeView

    id = fields.Integer()
    seq = fields.Integer()
    sorted_at = fields.String()
    environment = fields.String()
    state = fields.String()
    duration_s = fields.Float()


class ProjectSchema(ViewSchema):
    """A project with its newest deployment."""

    VIEW = ProjectWithPageUrl

    slug = fields.String()
    name = fields.String()
    kind = fields.String()
    repository = fields.String()
    url = fields.String(metadata={"description": "URL of the deployed site or service"})
    page_url = fields.String(metadata={"description": "absolute URL of its page"})
    port = fields.Integer()
    service_status = fields.String()
    environments = fields.List(fields.String(), metadata={"description": "environments in outcomes"})
    last_deployment = fields.Nested(DeploymentSummarySchema)
    outcomes = fields.List(fields.Nested(OutcomeSchema), metadata={"description": "last 20 deployments, newest first"})

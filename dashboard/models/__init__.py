"""The tables, one per file: columns and relationships, no I/O, no JSON for clients, no URLs."""

from dashboard.models.base import Base
from dashboard.models.delivery import Delivery
from dashboard.models.delivery_key import DeliveryKey
from dashboard.models.deployment import Deployment
from dashboard.models.deployment_event import DeploymentEvent
from dashboard.models.deployment_job import DeploymentJob
from dashboard.models.deployment_step import DeploymentStep
from dashboard.models.deployment_terms import DeploymentTerms
from dashboard.models.former_slug import FormerSlug
from dashboard.models.project import Project
from dashboard.models.webhook_source import WebhookSource

__all__ = [
    "Base",
    "Delivery",
    "DeliveryKey",
    "Deployment",
    "DeploymentEvent",
    "DeploymentJob",
    "DeploymentStep",
    "DeploymentTerms",
    "FormerSlug",
    "Project",
    "WebhookSource",
]

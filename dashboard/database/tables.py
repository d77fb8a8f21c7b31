"""The tables as SQLAlchemy's Core sees them, for statements that read or write columns instead of objects."""

from sqlalchemy import Table

from dashboard.models import (
    Base,
    Delivery,
    Deployment,
    DeploymentEvent,
    DeploymentJob,
    DeploymentStep,
    DeploymentTerms,
    FormerSlug,
    Project,
    WebhookSource,
)


def get_table(model: type[Base]) -> Table:
    """Return the table of a model."""
    return Base.metadata.tables[model.__tablename__]


DELIVERIES = get_table(Delivery)
DEPLOYMENTS = get_table(Deployment)
EVENTS = get_table(DeploymentEvent)
FORMER_SLUGS = get_table(FormerSlug)
JOBS = get_table(DeploymentJob)
PROJECTS = get_table(Project)
SOURCES = get_table(WebhookSource)
STEPS = get_table(DeploymentStep)
TERMS = get_table(DeploymentTerms)

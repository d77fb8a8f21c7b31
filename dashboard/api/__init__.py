"""The JSON API: its routes, and the schemas of their arguments and answers. The queries package makes the views."""

from dashboard.api import deliveries, deployments, projects, runs, system

health = system.blueprint
"""The blueprint that is served in every role."""
blueprints = (projects.blueprint, deployments.blueprint, runs.blueprint, deliveries.blueprint)

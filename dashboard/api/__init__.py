"""JSON over HTTP: routes and the schemas of what they take and give. What is shown is made by queries."""

from dashboard.api import deliveries, deployments, projects, runs, system

health = system.blueprint
"""Served in every role."""
blueprints = (projects.blueprint, deployments.blueprint, runs.blueprint, deliveries.blueprint)

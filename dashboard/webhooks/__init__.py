"""Receiving deliveries: routes, authentication, the dialects' parsers, replay. The ingest package applies them."""

from dashboard.webhooks import replay, routes

blueprints = (routes.blueprint, replay.blueprint)

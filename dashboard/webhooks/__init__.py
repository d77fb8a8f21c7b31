"""The door for senders: routes, authentication, dialects, replay. What comes through it is applied by ingest."""

from dashboard.webhooks import replay, routes

blueprints = (routes.blueprint, replay.blueprint)

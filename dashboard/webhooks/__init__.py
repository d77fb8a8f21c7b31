"""The door for senders: routes, authentication, dialects. What comes through it is applied by ingest."""

from dashboard.webhooks.routes import blueprint

__all__ = ["blueprint"]

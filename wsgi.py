"""The application for `gunicorn wsgi:app` in a checkout; what it needs is in the package."""

from dashboard.cli.serving.wsgi import app

__all__ = ["app"]

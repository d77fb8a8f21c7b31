"""Access to the settings of the current application."""

from flask import current_app

from dashboard.config import Settings


def current_settings() -> Settings:
    """Return the settings that the application was made with."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings

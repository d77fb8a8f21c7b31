"""Faults of what the dashboard stands on, met under load: nothing acknowledged is lost, no page stays wrong."""

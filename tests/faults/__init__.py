"""Faults of what the dashboard stands on, met under load: nothing that was acknowledged is lost, no page stays wrong."""

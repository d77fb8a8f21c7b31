"""Faults under load: nothing that was acknowledged is lost, and no page stays wrong."""

"""What runs by itself: retention, announcing stale deployments, filling the search index, and the scheduler of these.

This is the package's face: other rooms import from here only.
"""

from dashboard.maintenance.deployment_retention import KeptLimits, list_limits, set_limits
from dashboard.maintenance.scheduler import start

__all__ = ["KeptLimits", "list_limits", "set_limits", "start"]

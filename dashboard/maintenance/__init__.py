"""The tasks of the dashboard: retention, announcing stale deployments, filling the search index, and their scheduler.

Other rooms import only from this package, not from its modules.
"""

from dashboard.maintenance.deployment_retention import KeptLimits, list_limits, set_limits
from dashboard.maintenance.scheduler import start

__all__ = ["KeptLimits", "list_limits", "set_limits", "start"]

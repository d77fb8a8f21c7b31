"""The tasks of the dashboard: retention, announcing stale deployments, filling the search index, and their scheduler.

Other rooms import only from this package, not from its modules.
"""

from dashboard.maintenance.allowed_failures import RuleError, allow_failure, list_allowed_failures
from dashboard.maintenance.deployment_retention import RetentionLimits, list_retention_limits, set_retention_limits
from dashboard.maintenance.scheduler import start

__all__ = [
    "RetentionLimits", "RuleError", "allow_failure", "list_allowed_failures", "list_retention_limits",
    "set_retention_limits", "start",
]  # fmt: skip

"""Access control: webhook sources with their secrets, and permission to use endpoints.

Other packages import only the names below.
"""

from dashboard.access.permissions import init_access, may_read
from dashboard.access.source_cache import read_sources
from dashboard.access.sources import (
    DEFAULT,
    Source,
    SourceError,
    add_source,
    generate_secret,
    load_sources,
    remove_source,
    rotate_secret,
)

__all__ = [
    "DEFAULT",
    "Source",
    "SourceError",
    "add_source",
    "generate_secret",
    "init_access",
    "load_sources",
    "may_read",
    "read_sources",
    "remove_source",
    "rotate_secret",
]

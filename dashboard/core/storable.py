"""What PostgreSQL can store: the ranges of its integers, and the characters of its texts."""

import re

MAX_INT = 2**31 - 1
"""The largest `integer`."""
MAX_ID = 2**63 - 1
"""The largest `bigint`, the type of ids."""
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
"""NUL and lone surrogates: JSON can contain them, PostgreSQL cannot store them."""

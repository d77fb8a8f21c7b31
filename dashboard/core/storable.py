"""What PostgreSQL can store: the range of its `integer`, and the characters of its texts."""

import re

MAX_INT = 2**31 - 1
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
"""NUL and lone surrogates: JSON can contain them, PostgreSQL cannot store them."""

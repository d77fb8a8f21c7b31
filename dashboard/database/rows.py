"""The type of rows, as statements take and return them."""

from typing import Any

Row = dict[str, Any]
"""The columns of a row by name."""

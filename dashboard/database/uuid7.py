"""Ids that sort by time of creation."""

import os
import time
import uuid


def make_uuid7() -> uuid.UUID:
    """Return a UUID of version 7 (RFC 9562), greater than any made in an earlier millisecond."""
    milliseconds = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds << 80) | (noise & ~(0xF << 76) | (7 << 76)) & ~(0x3 << 62) | (0x2 << 62)
    return uuid.UUID(int=value & (2**128 - 1))

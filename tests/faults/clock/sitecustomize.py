"""Loaded by Python at its start: libfaketime 0.9.10 breaks `time.sleep` of Python 3.11.

It takes the monotonic time until which to sleep for a faked one: https://github.com/wolfcw/libfaketime/issues/426.
"""

import select
import time
from typing import SupportsIndex


def _sleep(seconds: float | SupportsIndex) -> None:
    select.select([], [], [], float(seconds))


time.sleep = _sleep

"""The environment of the pure functions, where it could make a difference."""

import time
from collections.abc import Iterator

import pytest


@pytest.fixture
def server_in_shanghai(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set the local time zone to eight hours ahead of UTC."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "Asia/Shanghai")
        time.tzset()
        yield
    time.tzset()

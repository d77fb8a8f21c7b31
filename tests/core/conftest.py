"""The machine that the pure functions run on, where that could make a difference."""

import time
from collections.abc import Iterator

import pytest


@pytest.fixture
def server_in_shanghai(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this machine's own time zone be eight hours ahead of UTC."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "Asia/Shanghai")
        time.tzset()
        yield
    time.tzset()

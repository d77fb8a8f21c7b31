"""Fixtures of the tests of report.sh; nothing else belongs here."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.senders.report_harness import INSTALLED, Receiver, Sender, make_sender


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Let report.sh be interrupted, even if these tests run in the background, where a shell has SIGINT ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(params=INSTALLED)
def any_shell(request: pytest.FixtureRequest, tmp_path: Path, receiver: Receiver) -> Iterator[Sender]:
    """Give report.sh in each shell of this machine; afterwards its temporary directory is empty."""
    sender = make_sender(request.param, tmp_path, receiver.url)
    yield sender
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.fixture
def sender(tmp_path: Path, receiver: Receiver) -> Iterator[Sender]:
    """Give report.sh in one shell, where the shell does not matter."""
    sender = make_sender(INSTALLED[0], tmp_path, receiver.url)
    yield sender
    assert list((tmp_path / "tmp").iterdir()) == []

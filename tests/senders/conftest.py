"""Fixtures of the tests of report.sh; nothing else belongs here."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.senders.report_harness import INSTALLED, Receiver, Sender, make_sender


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Let signals reach report.sh that nohup, or a shell in the background, has ignored: handlers are not inherited."""
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


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

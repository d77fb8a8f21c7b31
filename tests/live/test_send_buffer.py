"""The send buffer of one client, over real sockets that are not read for a while."""

import socket
from collections.abc import Iterator

import gevent.socket
import pytest

from dashboard.live import send_buffer as module
from dashboard.live.send_buffer import MAX_WAITING_BYTES, SendBuffer

RESYNC = b"r" * 10
FRAME = b"%06d" + b"x" * 9_994
KERNEL_BYTES = 8 * 1024 * 1024
"""More than the buffers of the two sockets take."""


@pytest.fixture
def ends() -> Iterator[tuple[SendBuffer, gevent.socket.socket]]:
    """Give a send buffer, and the client's end of its connection."""
    with gevent.socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        theirs = gevent.socket.create_connection(server.getsockname(), timeout=20)
        ours, _ = server.accept()
    # Not a multiple of a frame, so that frames are cut.
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 33_333)
    yield SendBuffer(ours, RESYNC), theirs
    ours.close()
    theirs.close()


def read(client: gevent.socket.socket, count: int) -> bytes:
    """Return so many bytes."""
    data = b""
    while len(data) < count:
        data += client.recv(count - len(data))
    return data


def read_frames(client: gevent.socket.socket) -> list[int]:
    """Return the numbers of the frames that come before RESYNC; fail if one is not whole."""
    numbers: list[int] = []
    while (beginning := read(client, len(RESYNC))) != RESYNC:
        numbers.append(int(beginning[:6]))
        assert beginning + read(client, len(FRAME % 0) - len(beginning)) == FRAME % numbers[-1]
    return numbers


def ends_soon(client: gevent.socket.socket) -> bool:
    """Return whether the connection ends, after what the client has yet to read, within the client's timeout."""
    try:
        while client.recv(65536):
            pass
    except TimeoutError:
        return False
    return True


def test_a_client_that_reads_gets_every_frame_in_order(ends: tuple[SendBuffer, gevent.socket.socket]) -> None:
    send_buffer, client = ends
    for number in range(0, 1000, 50):
        for step in range(50):
            send_buffer.send_nowait(FRAME % (number + step))
        for step in range(50):
            assert read(client, len(FRAME % 0)) == FRAME % (number + step)


def test_a_client_that_does_not_read_gets_a_bounded_number_of_whole_frames_and_resync(
    ends: tuple[SendBuffer, gevent.socket.socket],
) -> None:
    send_buffer, client = ends
    for number in range(10_000):
        send_buffer.send_nowait(FRAME % number)
    kept = read_frames(client)
    assert kept == list(range(len(kept)))
    assert len(kept) * len(FRAME % 0) < MAX_WAITING_BYTES + KERNEL_BYTES
    send_buffer.send_nowait(FRAME % 77)
    send_buffer.send(RESYNC)
    assert read_frames(client) == [77]


def test_a_message_sent_during_a_partial_write_follows_it(
    ends: tuple[SendBuffer, gevent.socket.socket],
) -> None:
    send_buffer, client = ends
    for number in range(20):
        send_buffer.send_nowait(FRAME % number)
    sender = gevent.spawn(send_buffer.send, RESYNC)
    gevent.sleep(0)
    send_buffer.send_nowait(FRAME % 20)
    assert read_frames(client) == list(range(20))
    sender.get(timeout=20)
    send_buffer.send(RESYNC)
    assert read_frames(client) == [20]


def test_a_client_that_does_not_read_is_disconnected_and_sending_to_it_fails(
    ends: tuple[SendBuffer, gevent.socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    send_buffer, client = ends
    monkeypatch.setattr(module, "CHUNK_TIMEOUT_S", 0.1)
    for number in range(100):
        send_buffer.send_nowait(FRAME % number)
    with pytest.raises(TimeoutError, match="the client does not read"):
        send_buffer.send(RESYNC)
    with pytest.raises(BrokenPipeError):
        send_buffer.send(RESYNC)
    assert not send_buffer.send_nowait(FRAME % 0)
    assert ends_soon(client)


def test_a_disconnected_client_is_no_error_for_the_fan_out(
    ends: tuple[SendBuffer, gevent.socket.socket],
) -> None:
    send_buffer, client = ends
    client.close()
    sent = []
    for number in range(3):
        sent.append(send_buffer.send_nowait(FRAME % number))
        gevent.sleep(0)
    assert sent[-1] is False

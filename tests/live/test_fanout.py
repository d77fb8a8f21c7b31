"""Fan-out to real WebSockets: stalled clients, limits of memory, violations of the protocol."""

import json
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.live.wire import HANDSHAKE, UPGRADE, WITHIN_S, Wire
from tests.support.databases import MakeDatabase
from tests.support.fixtures import ConnectClient
from tests.support.rows import Rows
from tests.support.servers import DashboardServer, wait_until
from tests.support.socketio_client import SocketIOClient, is_gap_free

LARGE = "x" * 300_000
WARM_ANSWERS = 10


@pytest.fixture
def connect_wire(dashboard_server: DashboardServer) -> Iterator[Callable[[], Wire]]:
    """Give a function that opens a connection; all are closed at the end."""
    wires: list[Wire] = []

    def connect() -> Wire:
        wires.append(Wire())
        wires[-1].connect(dashboard_server.port)
        return wires[-1]

    yield connect
    for wire in wires:
        wire.close()


def add_large_event(rows: Rows, deployment_id: int, number: int) -> int:
    """Add an event of 1.5 MB, and return its seq."""
    steps = [{"job": "deploy", "key": f"step {number}.{part}", "log": LARGE} for part in range(5)]
    return rows.add_events({deployment_id: [{"steps": steps}]}, kind="step.updated")[deployment_id]


def read_peak_bytes(server: DashboardServer) -> int:
    """Return the most memory that the worker has had."""
    assert server.process is not None
    master = server.process.pid
    (worker,) = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    (peak,) = re.findall(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{worker}/status").read_text(), re.MULTILINE)
    return int(peak) * 1024


def stall_and_publish(stalled: Wire, reading: SocketIOClient, rows: Rows, events: int) -> tuple[int, int]:
    """Add this many large events while one client stalls and another reads; return the deployment and its seq."""
    deployment_id = rows.make_deployment(seq=1)
    for number, topic in enumerate((f"deployment:{deployment_id}", "overview")):
        stalled.send_event(number, "subscribe", {"topic": topic})
        stalled.read_until(f"43/live,{number}")
    reading.subscribe(f"deployment:{deployment_id}")
    for number in range(events):
        seq = add_large_event(rows, deployment_id, number)
        (frame,) = reading.take_frames_until(deployment_id, seq)
        assert frame["steps"][0]["key"] == f"step {number}.0"
    return deployment_id, seq


def test_a_stalled_client_reads_whole_frames_and_can_resynchronise(
    connect_wire: Callable[[], Wire], connect_client: ConnectClient, rows: Rows
) -> None:
    stalled = connect_wire()
    deployment_id, seq = stall_and_publish(stalled, connect_client(), rows, events=8)
    reached, taken = 1, 0
    while (event := stalled.read_event()) != ["resync"]:
        assert event[1]["prev_seq"] == reached
        assert [step["log"] for step in event[1]["steps"]] == [LARGE] * 5
        reached, taken = event[1]["seq"], taken + 1
    assert 0 < taken < 8
    stalled.send_event(7, "subscribe", {"topic": f"deployment:{deployment_id}", "since": reached})
    (answer,) = json.loads(stalled.read_until("43/live,7").removeprefix("43/live,7"))
    assert [event["seq"] for event in answer["events"]] == list(range(reached + 1, seq + 1))
    reached = rows.add_message(deployment_id, "after all")
    assert stalled.read_event()[1]["seq"] == reached


def test_a_client_that_reads_nothing_is_disconnected(
    connect_wire: Callable[[], Wire], connect_client: ConnectClient, rows: Rows
) -> None:
    stalled = connect_wire()
    stall_and_publish(stalled, connect_client(), rows, events=8)
    wait_until(stalled.is_closed, within_s=WITHIN_S)


def test_messages_to_a_client_that_does_not_read_use_bounded_memory(
    connect_wire: Callable[[], Wire], connect_client: ConnectClient, rows: Rows, dashboard_server: DashboardServer
) -> None:
    stall_and_publish(connect_wire(), connect_client(), rows, events=8)
    before = read_peak_bytes(dashboard_server)
    stalled = [connect_wire() for _ in range(5)]
    for wire in stalled[1:]:
        wire.send_event(0, "subscribe", {"topic": "overview"})
        wire.read_until("43/live,0")
    stall_and_publish(stalled[0], connect_client(), rows, events=24)
    assert read_peak_bytes(dashboard_server) - before < 12 * 1024 * 1024


def test_answers_to_a_client_that_does_not_read_use_bounded_memory(
    connect_wire: Callable[[], Wire], rows: Rows, dashboard_server: DashboardServer
) -> None:
    deployment_id = rows.make_deployment(seq=1)
    for number in range(2):
        add_large_event(rows, deployment_id, number)
    wire, asked, question = connect_wire(), 80, {"topic": f"deployment:{deployment_id}", "since": 1}
    # One after the other first: what an answer takes, and what is freed a few answers later, is not what is measured.
    for number in range(WARM_ANSWERS):
        wire.send_event(number, "subscribe", question)
        wire.read_until("43/live,")
    before = read_peak_bytes(dashboard_server)
    for number in range(asked):
        wire.send_event(number, "subscribe", question)
    for number in range(asked):
        assert wire.read_until("43/live,").startswith(f"43/live,{number}[")
    assert read_peak_bytes(dashboard_server) - before < asked * 10 * len(LARGE) / 3


def test_compression_is_not_accepted(connect_wire: Callable[[], Wire]) -> None:
    answer = connect_wire().answer
    assert answer.startswith("HTTP/1.1 101 ")
    assert "extensions" not in answer.lower()


@pytest.mark.parametrize(
    "packet",
    [
        "42/live,",
        "42/live,[]",
        "42/live,{}",
        "42/live,0[[]]",
        "42/live,[",
        "42/live,0" + "[" * 30_000,
        "42/live," + "9" * 200 + "[]",
        "44/live,",
        "451-/live,[",
        "47",
        "4",
        "x",
        "",
        "\x00",
        "42" + "x" * 70_000,
        "3" + "[" * 30_000,
        "451-/live,[{}]",
    ],
)
def test_a_client_that_violates_the_protocol_is_disconnected(
    packet: str, connect_wire: Callable[[], Wire], connect_client: ConnectClient, rows: Rows
) -> None:
    deployment_id = rows.make_deployment()
    other, broken = connect_client(), connect_wire()
    other.subscribe(f"deployment:{deployment_id}")
    broken.send_text(packet)
    other.take_frames_until(deployment_id, rows.add_message(deployment_id, "hello"))
    while broken.read_text() is not None:
        pass
    assert broken.is_closed()


def test_a_thousand_messages_are_answered_in_order(connect_wire: Callable[[], Wire]) -> None:
    wire = connect_wire()
    for number in range(1000):
        wire.send_event(number, "unsubscribe", {"topic": "overview"})
    for number in range(1000):
        assert wire.read_until("43/live,").startswith(f"43/live,{number}[")


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("EIO=4&transport=websocket", HANDSHAKE, b"101"),
        ("EIO=4&transport=websocket", f"{HANDSHAKE}Origin: http://localhost\r\n", b"101"),
        ("EIO=4&transport=websocket", f"{HANDSHAKE}Origin: https://elsewhere.example\r\n", b"400"),
        ("EIO=4&transport=websocket", HANDSHAKE.replace("13", "8"), b"400"),
        ("EIO=4&transport=websocket", UPGRADE, b"400"),
        ("EIO=4&transport=websocket", "Upgrade: websocket\r\n", b"401"),
        ("EIO=4&transport=polling", "", b"400"),
        ("EIO=3&transport=websocket", UPGRADE, b"400"),
        ("", "", b"400"),
    ],
)
def test_only_a_handshake_of_the_same_origin_is_accepted(
    query: str, headers: str, status: bytes, dashboard_server: DashboardServer
) -> None:
    with socket.create_connection(("127.0.0.1", dashboard_server.port), timeout=WITHIN_S) as connection:
        connection.sendall(f"GET /socket.io/?{query} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())
        assert connection.recv(12) == b"HTTP/1.1 " + status


@pytest.mark.parametrize(
    "application", ["tests.live.fanout_other_engineio:app", "tests.live.fanout_other_simple_websocket:app"]
)
def test_with_changed_libraries_their_own_emit_is_used_and_this_is_logged(
    make_database: MakeDatabase,
    tmp_path: Path,
    connect_client: ConnectClient,
    capfd: pytest.CaptureFixture[str],
    application: str,
) -> None:
    server = DashboardServer(make_database(), tmp_path)
    server.application = application
    server.start()
    rows = Rows(server.database_url)
    try:
        deployment_id = rows.make_deployment(seq=1)
        page = connect_client(server.url)
        page.subscribe(f"deployment:{deployment_id}")
        page.subscribe("overview")
        for number in range(20):
            seq = rows.add_message(deployment_id, f"message {number}")
        assert is_gap_free(page.take_frames_until(deployment_id, seq), since=1)
        page.close()
    finally:
        rows.close()
        server.stop()
    assert capfd.readouterr().err.count("unsupported version of Socket.IO") == 1

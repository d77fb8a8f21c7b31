"""A process that reports steps at a constant rate, however long the answers take."""

import json
import multiprocessing
import re
import socket
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import NamedTuple

from tests.support.servers import SECRET

CONNECTIONS, DEPLOYMENTS = 16, 10
LENGTH = re.compile(rb"(?i)content-length: (\d+)")
HEAD = (
    "POST /api/webhook/deployment HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
    f"{SECRET}\r\nContent-Type: application/json\r\nContent-Length: "
)


class Posted(NamedTuple):
    """The results of the reporting process."""

    began_at: float
    p99_ms: float


class Posting:
    """A running process that reports."""

    def __init__(self, process: multiprocessing.process.BaseProcess, results: Connection) -> None:
        self._process, self._results = process, results

    def finish(self) -> Posted:
        """Wait for the last answer, and return the results."""
        posted = Posted(*self._results.recv())
        self._process.join()
        return posted


def start_posting(port: int, rate: int, seconds: int, run: int) -> Posting:
    """Start the process."""
    context = multiprocessing.get_context("spawn")
    results, theirs = context.Pipe(duplex=False)
    process = context.Process(target=post_reports, args=(port, rate, seconds, run, theirs))
    process.start()
    theirs.close()  # so that the end of the process is seen, if it fails
    return Posting(process, results)


def post_reports(port: int, rate: int, seconds: int, run: int, results: Connection) -> None:
    """Report steps at a steady pace over several connections; send their start and the answers' p99 to `results`."""
    took_s: list[float] = []
    began_at = time.time() + 0.5

    def post(first: int) -> None:
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number in range(first, rate * seconds, CONNECTIONS):
            time.sleep(max(0.0, began_at + number / rate - time.time()))
            sent_at = time.time()
            connection.sendall(make_request(run, number, sent_at))
            answer = read_answer(connection)
            if not answer.startswith(b"HTTP/1.1 200 "):
                raise RuntimeError(f"a report was not taken: {answer!r}")
            took_s.append(time.time() - sent_at)

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        list(threads.map(post, range(CONNECTIONS)))
    results.send((began_at, 1000 * statistics.quantiles(took_s, n=100)[98]))


def read_answer(connection: socket.socket) -> bytes:
    """Return one complete answer."""
    answer = b""
    while more := connection.recv(65536):
        answer += more
        head, _, body = answer.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if length and len(body) >= int(length[1]):
            return answer
    raise RuntimeError("the server has hung up")


def make_request(run: int, number: int, sent_at: float) -> bytes:
    """Return the request that reports one step and contains the time at which it was sent."""
    deployment, place = number % DEPLOYMENTS, number // DEPLOYMENTS
    step = {"name": f"step {place}", "status": "success", "message": f"t{sent_at:.6f}"}
    payload = {"project": f"project-{deployment}", "run_id": f"{run}", "status": "running", "steps": [step]}
    body = json.dumps(payload).encode()
    return f"{HEAD}{len(body)}\r\n\r\n".encode() + body

"""How many deliveries a second are taken in, each answered after its commit.

The reference is `bare.py`: the same server, worker and load without any of our work, so the ratio says what
authenticating, folding and storing cost. Runs alternate; medians and spread are printed: no machine is ever quiet.
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.servers import run_dashboard
from tests.servers import SECRET, find_free_port, wait_until

RUNS, SECONDS, CLIENTS = 3, 5, 16
STEPS = {f"step {number}": "success" for number in range(8)}
HEADERS = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}


def main() -> None:
    """Measure, and print a table."""
    with run_dashboard() as dashboard, run_bare() as bare:
        results: dict[str, list[float]] = {"bare": [], "distinct": [], "hot": []}
        for run in range(RUNS):
            results["bare"].append(measure(bare, lambda _n: {}))
            results["distinct"].append(measure(dashboard.port, lambda n, run=run: make_payload(f"{run}-{n}", n)))
            results["hot"].append(measure(dashboard.port, lambda n, run=run: make_payload(f"hot-{run}", n)))
    reference = statistics.median(results["bare"])
    print(f"{CLIENTS} clients, {RUNS} runs of {SECONDS} s, 8 steps each, {os.cpu_count()} cores shared with the load")
    for name, rates in results.items():
        median = statistics.median(rates)
        spread = (max(rates) - min(rates)) / median
        print(f"{name:10} {median:8.0f} requests/s   spread {spread:4.0%}   {median / reference:5.2f} of bare")


def make_payload(run_id: str, number: int) -> dict[str, object]:
    """Return a summary with eight steps."""
    return {"project": "bench", "run_id": run_id, "status": "running", "message": str(number), "step_details": STEPS}


def measure(port: int, make: Callable[[int], dict[str, object]]) -> float:
    """Return requests a second of CLIENTS connections at once."""
    counts = [0] * CLIENTS
    deadline = time.monotonic() + SECONDS

    def send(client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while time.monotonic() < deadline:
            body = json.dumps(make(counts[client] * CLIENTS + client))
            connection.request("POST", "/api/webhook/deployment", body, HEADERS)
            answer = connection.getresponse()
            answer.read()
            if answer.status >= http.client.BAD_REQUEST:
                raise RuntimeError(f"answered {answer.status}")
            counts[client] += 1
        connection.close()

    threads = [threading.Thread(target=send, args=(client,)) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS


@contextmanager
def run_bare() -> Iterator[int]:
    """Run the reference; give its port."""
    port = find_free_port()
    settings = [
        "--worker-class",
        "gevent",
        "--no-control-socket",
        "--log-level",
        "warning",
        "--bind",
        f"127.0.0.1:{port}",
    ]
    process = subprocess.Popen([sys.executable, "-m", "gunicorn", *settings, "bare:app"], cwd=Path(__file__).parent)

    def answers() -> bool:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("GET", "/health")
            return connection.getresponse().status == http.client.OK
        except OSError:
            return False

    try:
        wait_until(answers)
        yield port
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()

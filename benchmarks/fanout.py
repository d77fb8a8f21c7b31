"""Latency, throughput and memory of the fan-out: `python -m benchmarks.fanout` prints a section of Markdown.

For the whole dashboard: the time from a POST to its receipt by every viewer at 200 reports per second, the latency of
the POST, and the memory of an idle viewer. For the fan-out alone: deliveries per second and latency, compared with two
references, stock Flask-SocketIO and a bare loop over sockets. Runs alternate.
"""

import argparse
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import bars
from benchmarks.processes import list_children, read_cpu_s
from benchmarks.reports import Posted, start_posting
from benchmarks.viewers import CONNECT, SUBSCRIBE, Viewers, find_percentile
from tests.support.servers import DashboardServer, find_free_port, wait_until
from tests.support.temporary_dashboard import run_dashboard

ROOT = Path(__file__).parent.parent
RUNS, SIZES, SECONDS, RATE = 3, (100, 1000, 5000, 10_000), 5, 200
BAR_VIEWERS, MAX_COMPARED = 1000, 5000
"""The number of viewers of the bars; the maximum that is compared with the references, in one run if above the former.

One run only because connecting takes a minute.
"""
DELIVERIES = 300_000
"""The number of deliveries for measuring a throughput."""
FRAMES = 60
MESSAGES = 10
"""The number of messages in a frame, if frames are sent at the dashboard's pace."""
PING_CYCLE_S = 28
"""The time within which each viewer is pinged once, after which the server no longer stores its last message."""

Row = dict[str, Any]


class Round(NamedTuple):
    """The result of one run of the dashboard."""

    p50_ms: int
    p99_ms: int
    deliveries_per_s: float
    post_p99_ms: float
    cpu_share: float
    """The share of one core that is used by the process that receives the reports and sends the messages."""


class Rate(NamedTuple):
    """The deliveries per second of one run, and their cost."""

    per_s: float
    cpu_us: float
    """The CPU time of the sending process per delivery."""

    @classmethod
    def of(cls, deliveries: int, seconds: float, cpu_s: float) -> "Rate":
        """Return the rate for these totals."""
        return cls(deliveries / seconds, cpu_s / deliveries * 1e6)


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few viewers, for trying the benchmark")
    quick = parser.parse_args().quick
    rows = measure((100, 300), 1) if quick else measure(SIZES, RUNS)
    print("## Fan-out\n")
    for title, part in rows.items():
        print(f"### {title}\n\n{make_table(part)}\n")
    print_bars(*list(rows.values())[:2])


def print_bars(dashboard: Sequence[Row], one_by_one: Sequence[Row]) -> None:
    """Print the values of the bars; the ratio to stock emit is that of one message at a time, which is the smaller."""
    for row in dashboard:
        if row["viewers"] == BAR_VIEWERS:
            bars.print_bar("fanout/p99", float(row["p99, ms"].split()[0].replace(",", "")))
    bars.print_bar("fanout/memory", max(float(row["memory per idle viewer, kB"]) for row in dashboard))
    # The benchmark has ended with an error if one viewer did not receive everything.
    bars.print_bar("fanout/viewers", max(row["viewers"] for row in dashboard))
    for row in one_by_one:
        if row["viewers"] == BAR_VIEWERS:
            bars.print_bar("fanout/stock", float(row["ours / stock"]))


def measure(sizes: Sequence[int] = SIZES, runs: int = RUNS) -> dict[str, list[Row]]:
    """Return the rows of each table, by its title."""
    compared = [(size, runs if size <= BAR_VIEWERS else 1) for size in sizes if size <= MAX_COMPARED]
    paced = [size for size in sizes if size <= BAR_VIEWERS]
    return {
        f"From POST to receipt: the dashboard, {RATE} reports per second": [measure_dashboard(n, runs) for n in sizes],
        "Deliveries per second, one message at a time": [measure_throughput(n, times, 1) for n, times in compared],
        f"Deliveries per second, {MESSAGES} messages at a time": [
            measure_throughput(n, times, MESSAGES) for n, times in compared
        ],
        f"From emit to receipt: {MESSAGES} messages every 50 ms": [measure_pace(n, runs) for n in paced],
    }


def measure_dashboard(count: int, runs: int) -> Row:
    """Return the row of a dashboard with that many viewers of the overview."""
    with run_dashboard() as server:
        warm = Viewers(server.port, 50, SUBSCRIBE)
        before = read_memory_kb(server)
        viewers = Viewers(server.port, count, SUBSCRIBE)
        print_progress(f"{count} viewers of the dashboard")
        viewers.idle(PING_CYCLE_S)
        memory = (read_memory_kb(server) - before) / count
        warm.close()
        rounds = [measure_round(server, viewers, count, run) for run in range(runs)]
        viewers.close()
    return {
        "viewers": count,
        "p50, ms": show_range([run.p50_ms for run in rounds]),
        "p99, ms": show_range([run.p99_ms for run in rounds]),
        "deliveries/s": show_range([run.deliveries_per_s for run in rounds]),
        "p99 of the POST, ms": show_range([run.post_p99_ms for run in rounds]),
        "CPU, % of a core": show_range([100 * run.cpu_share for run in rounds]),
        "memory per idle viewer, kB": f"{memory:.0f}",
    }


def measure_round(server: DashboardServer, viewers: Viewers, count: int, run: int) -> Round:
    """Post for some seconds; return the latencies and costs; raise RuntimeError if a report did not arrive."""
    viewers.reset_counts()
    assert server.process is not None
    worker = find_worker(server.process.pid)
    before_s = read_cpu_s(worker)
    posting = start_posting(server.port, RATE, SECONDS, run)
    if not viewers.watch(reports=RATE * SECONDS * count):
        raise RuntimeError(f"{viewers.reports} of {RATE * SECONDS * count} reports reached the viewers")
    posted: Posted = posting.finish()
    p50, p99 = find_percentile(viewers.took_ms, 50), find_percentile(viewers.took_ms, 99)
    seconds = viewers.last_at - posted.began_at
    cpu_share = (read_cpu_s(worker) - before_s) / seconds
    print_progress(f"  p50 {p50} ms, p99 {p99} ms, POST p99 {posted.p99_ms:.0f} ms, {cpu_share:.0%} of a core")
    return Round(p50, p99, viewers.messages / seconds, posted.p99_ms, cpu_share)


def measure_throughput(count: int, runs: int, together: int) -> Row:
    """Return the row with deliveries per second, CPU time and ratios of ours, stock and the bare loop."""
    times = max(5, DELIVERIES // count)
    results: dict[str, list[Rate]] = {"ours": [], "stock": [], "bare": []}
    for _ in range(runs):
        results["ours"].append(saturate("ours", count, times, together))
        results["stock"].append(saturate("stock", count, max(5, times // 5), together))
        results["bare"].append(saturate_bare(count, times))
    per_s = {kind: statistics.median(rate.per_s for rate in rates) for kind, rates in results.items()}
    ratios = {
        kind: statistics.median(ours.per_s / other.per_s for ours, other in zip(results["ours"], rates, strict=True))
        for kind, rates in results.items()
    }
    cpu_us = {kind: statistics.median(rate.cpu_us for rate in rates) for kind, rates in results.items()}
    print_progress(f"{count} viewers: {per_s} deliveries/s, {cpu_us} µs of CPU each")
    return {
        "viewers": count,
        **{f"{kind}, deliveries/s": show_range([rate.per_s for rate in rates]) for kind, rates in results.items()},
        "ours / stock": f"{ratios['stock']:.1f}",
        "ours / bare": f"{ratios['bare']:.2f}",
        **{f"{kind}, µs of CPU": f"{value:.1f}" for kind, value in cpu_us.items()},
        "CPU, stock / ours": f"{cpu_us['stock'] / cpu_us['ours']:.1f}",
    }


def saturate(kind: str, count: int, times: int, together: int) -> Rate:
    """Return the rate of a server that emits as fast as its clients receive."""
    with run_emitting(kind) as (port, master):
        viewers = Viewers(port, count, CONNECT)
        worker = find_worker(master)
        began_at, before_s = time.time(), read_cpu_s(worker)
        rounds = max(1, times // together)
        with send_request(port, f"/emit/{rounds}/{together}/0"):
            require_all(viewers.watch(messages=count * rounds * together), viewers)
        rate = Rate.of(count * rounds * together, viewers.last_at - began_at, read_cpu_s(worker) - before_s)
        viewers.close()
    return rate


def saturate_bare(count: int, times: int) -> Rate:
    """Return the rate of the bare loop."""
    command = [sys.executable, "-m", "benchmarks.bare_loop", str(count), str(times)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as loop:
        assert loop.stdin is not None
        assert loop.stdout is not None
        viewers = Viewers(int(loop.stdout.readline()), count, [])
        assert loop.stdout.readline() == "ready\n"
        began_at, before_s = time.time(), read_cpu_s(loop.pid)
        print(file=loop.stdin, flush=True)
        require_all(viewers.watch(messages=count * times), viewers)
        rate = Rate.of(count * times, viewers.last_at - began_at, read_cpu_s(loop.pid) - before_s)
        viewers.close()
        print(file=loop.stdin, flush=True)
    return rate


def measure_pace(count: int, runs: int) -> Row:
    """Return the row with latencies of ours and stock at the dashboard's pace."""
    took: dict[str, list[int]] = {}
    for _ in range(runs):
        for kind in ("ours", "stock"):
            with run_emitting(kind) as (port, _):
                viewers = Viewers(port, count, CONNECT)
                with send_request(port, f"/emit/{FRAMES}/{MESSAGES}/1"):
                    require_all(viewers.watch(messages=count * FRAMES * MESSAGES, within_s=180), viewers)
                viewers.close()
            for percent in (50, 99):
                took.setdefault(f"{kind} p{percent}, ms", []).append(find_percentile(viewers.took_ms, percent))
    ratio = statistics.median(took["stock p99, ms"]) / statistics.median(took["ours p99, ms"])
    print_progress(f"{count} viewers: {took}")
    return {
        "viewers": count,
        **{name: show_range(values) for name, values in took.items()},
        "stock / ours": f"{ratio:.1f}",
    }


@contextmanager
def run_emitting(kind: str) -> Iterator[tuple[int, int]]:
    """Run `emitting.py` with the dashboard's gunicorn settings; give its port and the process id of the master."""
    port = find_free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "benchmarks" / "emitting_conf.py")]
    environ = {"EMIT_WITH": kind, "PORT": str(port), "PYTHONPATH": str(ROOT), "PATH": ""}
    process = subprocess.Popen([*command, "benchmarks.emitting:app"], cwd=ROOT, env=environ)
    try:
        wait_until(lambda: is_up(port))
        yield port, process.pid
    finally:
        process.kill()
        process.wait()


def send_request(port: int, path: str) -> socket.socket:
    """Send a request and return its connection; the caller may close it without waiting for the answer."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return connection


def is_up(port: int) -> bool:
    """Return whether a server answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
            return True
    except OSError:
        return False


def read_memory_kb(server: DashboardServer) -> int:
    """Return the resident memory of the worker."""
    assert server.process is not None
    status = Path(f"/proc/{find_worker(server.process.pid)}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def find_worker(master: int) -> int:
    """Return the process id of gunicorn's only worker."""
    (worker,) = list_children(master)
    return worker


def require_all(complete: bool, viewers: Viewers) -> None:  # noqa: FBT001
    """Raise RuntimeError unless all messages were received."""
    if not complete:
        raise RuntimeError(f"only {viewers.messages} messages were received")


def show_range(values: Sequence[float]) -> str:
    """Return the median with the minimum and maximum."""
    return f"{statistics.median(values):,.0f} ({min(values):,.0f}–{max(values):,.0f})"


def make_table(rows: Sequence[Row]) -> str:
    """Return rows as a Markdown table."""
    lines = [list(rows[0]), ["---:"] * len(rows[0]), *([str(value) for value in row.values()] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def print_progress(line: str) -> None:
    """Print progress on stderr."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

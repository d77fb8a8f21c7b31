"""Load: wrk posts deliveries over HTTP, pgbench runs transactions, both as fast as they are answered.

An answer other than 2xx or a failed transaction ends the benchmark: fast failures must not count as speed.
"""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from benchmarks.payloads import make_templates
from dashboard.cli.postgres.cluster import find_binaries, make_environment
from dashboard.cli.postgres.server import Server
from tests.support.servers import SECRET

LUA = Path(__file__).with_name("deliveries.lua")
TIMEOUT_S = 20
"""How long wrk waits for an answer; with 256 clients the naive endpoint takes seconds."""
PREPARING_S = 2
"""The time that does not count, in which each of pgbench's sessions prepares its statements."""
HOT_KEYS = 16
DISTINCT_KEYS = 10**15


class Load(NamedTuple):
    """The result of a load."""

    requests: int
    per_s: float
    p50_ms: float
    p99_ms: float


def post(port: int, tag: str, clients: int, seconds: int, *, hot: bool) -> Load:
    """Post deliveries over `clients` connections; `tag` distinguishes their keys from those of other runs.

    Distinct keys: each delivery is the summary of its own deployment. Hot keys: deliveries report on 16 deployments in
    turn, step by step, until these end and the next 16 begin.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as templates:
        templates.write(make_templates(hot=hot))
        templates.flush()
        wrk = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", f"--timeout={TIMEOUT_S}s", f"--script={LUA}"]
        script = [SECRET, templates.name, tag, str(HOT_KEYS if hot else 1)]
        command = [*wrk, f"http://127.0.0.1:{port}/api/webhook/deployment", "--", *script]
        run = subprocess.run(command, check=True, capture_output=True, text=True)
    result = json.loads(run.stderr)
    if result["refused"] or result["broken"] or result["late"]:
        raise RuntimeError(f"not every delivery was taken: {result}")
    rate = result["requests"] / result["microseconds"] * 1e6
    return Load(result["requests"], rate, result["p50_us"] / 1000, result["p99_us"] / 1000)


def run_pgbench(database: Server, script: str, clients: int, seconds: int) -> Load:
    """Run the script's transaction in `clients` sessions; the first PREPARING_S do not count."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "delivery.sql")
        path.write_text(script)
        _run_pgbench(
            database, path, [f"-c{clients}", f"-T{PREPARING_S + seconds}", "-l", f"--log-prefix={directory}/log"]
        )
        lines = [line.split() for log in Path(directory).glob("log.*") for line in log.read_text().splitlines()]
    ends = sorted((int(line[4]) + int(line[5]) / 1e6, int(line[2])) for line in lines)
    last = ends[-1][0]
    times = sorted(took_us for end, took_us in ends if end > last - seconds)
    return Load(len(times), len(times) / seconds, times[len(times) // 2] / 1000, times[len(times) * 99 // 100] / 1000)


def run_once(database: Server, script: str) -> None:
    """Run the script's transaction once."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        _run_pgbench(database, Path(file.name), ["-c1", "-t1"])


def _run_pgbench(database: Server, script: Path, options: list[str]) -> None:
    program = find_binaries(database.postmaster.cluster.parent, database.account) / "pgbench"
    command = ["--no-vacuum", "--protocol=prepared", f"--file={script}", *options, database.url]
    run = subprocess.run([program, *command], env=make_environment(), check=False, capture_output=True, text=True)
    if run.returncode or "number of failed transactions: 0 " not in run.stdout:
        raise RuntimeError(f"pgbench: {run.stdout}{run.stderr}")

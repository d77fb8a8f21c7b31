"""`make soak`: the dashboard under steady load for a long time; prints what has grown, and whether anything was lost.

Fails if an acknowledged delivery is missing or was applied twice, or if a deployment or an open page differs from what
was reported.
"""

import argparse
import contextlib
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from benchmarks.clients import Sender, Viewer
from benchmarks.payloads import STEPS
from benchmarks.processes import read_memory_mb
from dashboard.cli.postgres.server import Server
from tests.support.servers import DashboardServer, wait_until
from tests.support.temporary_dashboard import run_all, run_postgres

SENDERS, VIEWERS = 16, 10
GUEST_S = 5
"""How long a temporary viewer stays; there is always one of them."""
SAMPLE_S = 5
CHUNK = 5000
SHOWN_WITHIN_S = 10

READ_GROWTH = """
    SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
      (pg_current_wal_lsn() - '0/0') / 1e6, pg_database_size(current_database()) / 1e6
"""
COUNT_APPLIED = "SELECT count(*) FROM deliveries WHERE verdict = 'applied' AND id = ANY(%s::uuid[])"
COUNT_TWICE = """
    SELECT count(*) FROM (
      SELECT FROM deliveries WHERE verdict = 'applied' GROUP BY headers ->> 'Idempotency-Key' HAVING count(*) > 1
    ) AS twice
"""
COUNT_AS_REPORTED = f"""
    SELECT count(*) FROM deployments AS one WHERE run_id = ANY(%s) AND conclusion = 'success' AND {len(STEPS)} =
      (SELECT count(*) FROM deployment_steps WHERE deployment_id = one.id AND conclusion = 'success')
"""
READ_NEWEST = "SELECT id, seq FROM deployments ORDER BY id DESC LIMIT 200"
SAMPLED = ("memory of the dashboard, MB", "memory of PostgreSQL, MB", "connections", "WAL, MB", "database, MB")

Sample = tuple[float, ...]


def main() -> None:
    """Run the soak, and print the section."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=int, default=200, help="deliveries a second")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        run_postgres(Path(directory)) as database,
        run_all(database.url, Path(directory)) as server,
        watch(server.port) as (viewers, guests),
    ):
        senders, samples = send(server, database, options.rate, options.minutes * 60)
        with connect(database) as cursor:
            losses = count_losses(cursor, senders, viewers)
    print(f"## Soak\n\n{options.minutes:g} minutes, one process; {options.rate} deliveries/s from {SENDERS} senders.")
    print_load(senders, viewers, guests, samples[-1][0])
    print_growth(samples)
    print("\n| must be 0 | |\n|---|--:|")
    for name, number in losses.items():
        print(f"| {name} | {number} |")
    if any(losses.values()):
        sys.exit("the dashboard did not keep its promises")


def send(server: DashboardServer, database: Server, rate: int, seconds: float) -> tuple[list[Sender], list[Sample]]:
    """Send for that long; return the senders once they have ended, and the samples taken meanwhile."""
    ending, begin = threading.Event(), time.monotonic()
    every_s = SENDERS / rate
    senders = [
        Sender(f"sender-{number:02}", server.port, begin + number / rate, every_s, ending) for number in range(SENDERS)
    ]
    for sender in senders:
        sender.start()
    samples = []
    while time.monotonic() < begin + seconds and all(sender.is_alive() for sender in senders):
        time.sleep(SAMPLE_S)
        samples.append(take_sample(server, database, begin))
        print(f"{samples[-1][0]:5.0f} s, {sum(len(sender.times_s) for sender in senders)} deliveries", file=sys.stderr)
    ending.set()
    for sender in senders:
        sender.join()
    return senders, samples


def take_sample(server: DashboardServer, database: Server, begin: float) -> Sample:
    """Return the seconds since the beginning, and the values that SAMPLED names."""
    assert server.process is not None
    with connect(database) as cursor:
        cursor.execute(READ_GROWTH)
        growth = [float(value) for value in cursor.fetchone() or ()]
    memory = (read_memory_mb(server.process.pid), read_memory_mb(database.postmaster.pid))
    return (time.monotonic() - begin, *memory, *growth)


@contextmanager
def watch(port: int) -> Iterator[tuple[list[Viewer], list[Viewer]]]:
    """Run viewers during the block; give those that stay, and the growing list of temporary ones."""
    ending = threading.Event()
    stayed, guests = [Viewer(port, ending) for _ in range(VIEWERS)], []

    def come_and_go() -> None:
        while not ending.is_set():
            leaving = threading.Event()
            guests.append(Viewer(port, leaving))
            guests[-1].start()
            ending.wait(GUEST_S)
            leaving.set()
            guests[-1].join()

    threads = [*stayed, threading.Thread(target=come_and_go)]
    for thread in threads:
        thread.start()
    try:
        yield stayed, guests
    finally:
        ending.set()
        for thread in threads:
            thread.join()


@contextmanager
def connect(database: Server) -> Iterator[Cursor]:
    """Give a cursor of a connection of its own, with autocommit."""
    with contextlib.closing(psycopg2.connect(database.url)) as connection:
        connection.autocommit = True
        yield connection.cursor()


def count_losses(cursor: Cursor, senders: Sequence[Sender], viewers: Sequence[Viewer]) -> dict[str, int]:
    """Return how often each guarantee was violated, by its description."""
    acknowledged = [number for sender in senders for number in sender.acknowledged.values()]
    finished = [run_id for sender in senders for run_id in sender.finished]
    cursor.execute(COUNT_TWICE)
    (twice,) = cursor.fetchone() or (0,)
    return {
        "acknowledged and missing": len(acknowledged) - count(cursor, COUNT_APPLIED, acknowledged),
        "applied twice": twice,
        "copies that were not called duplicates": sum(sender.unrecognised for sender in senders),
        "deployments that do not look as reported": len(finished) - count(cursor, COUNT_AS_REPORTED, finished),
        "viewers that did not see the end": count_outdated(cursor, viewers),
        "senders that gave up": sum(sender.has_given_up for sender in senders),
        "viewers that were cut off": sum(viewer.was_disconnected for viewer in viewers),
    }


def count(cursor: Cursor, statement: str, keys: Sequence[str]) -> int:
    """Return the sum of a count over all keys, queried in parts."""
    total = 0
    for first in range(0, len(keys), CHUNK):
        cursor.execute(statement, [keys[first : first + CHUNK]])
        (number,) = cursor.fetchone() or (0,)
        total += number
    return total


def count_outdated(cursor: Cursor, viewers: Sequence[Viewer]) -> int:
    """Return how many viewers have not received the newest seqs of the newest deployments within SHOWN_WITHIN_S."""
    cursor.execute(READ_NEWEST)
    newest = dict(cursor.fetchall())

    def is_outdated(viewer: Viewer) -> bool:
        return any(viewer.seqs.get(number) != seq for number, seq in newest.items())

    with contextlib.suppress(AssertionError):
        wait_until(lambda: not any(map(is_outdated, viewers)), SHOWN_WITHIN_S)
    return sum(map(is_outdated, viewers))


def print_load(senders: Sequence[Sender], viewers: Sequence[Viewer], guests: Sequence[Viewer], seconds: float) -> None:
    """Print the clients' counts and times."""
    times_ms = sorted(seconds * 1000 for sender in senders for seconds in sender.times_s)
    retries, copies = (sum(getattr(sender, name) for sender in senders) for name in ("retries", "redelivered"))
    print(f"{len(times_ms):,} deliveries acknowledged, {len(times_ms) / seconds:.0f} a second.")
    print(f"{retries:,} attempts were not acknowledged; {copies:,} deliveries were sent twice.")
    places = ((0.5, "p50"), (0.99, "p99"), (1, "longest"))
    answers = ", ".join(f"{name} {times_ms[int((len(times_ms) - 1) * place)]:.1f} ms" for place, name in places)
    messages = sum(viewer.messages for viewer in (*viewers, *guests))
    print(
        f"Answers: {answers}. {len(viewers)} viewers stayed, {len(guests)} connected and left: {messages:,} messages."
    )


def print_growth(samples: Sequence[Sample]) -> None:
    """Print start, end, maximum and slope of each value; the slope without the first third, in which caches fill."""
    print("\n| | start | end | max | slope per hour |\n|---|--:|--:|--:|--:|")
    steady = samples[len(samples) // 3 :]
    hours = [sample[0] / 3600 for sample in steady]
    for place, name in enumerate(SAMPLED, start=1):
        values = [sample[place] for sample in samples]
        slope = statistics.linear_regression(hours, [sample[place] for sample in steady]).slope
        print(f"| {name} | {values[0]:,.0f} | {values[-1]:,.0f} | {max(values):,.0f} | {slope:+,.1f} |")


if __name__ == "__main__":
    main()

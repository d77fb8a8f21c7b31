"""Pages, ingest and retention with a large history: `python -m benchmarks.history --deployments 1000000`.

Uses two databases on one server that differ only in the number of deployments: SMALL, and that of the command line.
Measurements alternate between them. Prints Markdown; progress goes to stderr.
"""

import argparse
import functools
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import psycopg2
from flask import Flask

from benchmarks import bars, storage
from benchmarks.load import Load, post
from benchmarks.processes import read_cpu_s
from dashboard.app import create_app
from dashboard.cli.postgres.server import Server, start
from dashboard.config import load_settings
from dashboard.extensions import db
from dashboard.http.context import current_settings
from dashboard.maintenance.deployment_retention import delete_old_deployments
from dashboard.queries.estimates import TypicalTimesCache
from tests.support.large_past import DAYS, fill
from tests.support.plans import Note, count_blocks, note_statements
from tests.support.servers import REPOSITORY, SECRET, DashboardServer
from tests.support.temporary_dashboard import run_all

SMALL, LARGE = 1000, 1_000_000
ROUNDS, REQUESTS = 3, 7
"""Rounds of load, and requests for each page."""
CLIENTS, SECONDS, WARM_UP_S = 64, 10, 3


def main() -> None:
    """Make the databases, measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history", description=__doc__)
    parser.add_argument("--deployments", type=int, default=LARGE)
    deployments: int = parser.parse_args().deployments
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        server = start(Path(directory), print_line=lambda _line: None)
        try:
            measure(server, Path(directory), deployments)
        finally:
            server.stop()


def measure(server: Server, directory: Path, deployments: int) -> None:
    """Print the section."""
    print(f"## A large history: {deployments:,} deployments with 10 steps, compared with {SMALL:,}")
    numbers = {"small": SMALL, "large": deployments}
    for name, number in numbers.items():
        begun = time.monotonic()
        make_database(server, directory, name)
        fill(server.url_of(name), number)
        print_progress(f"{number} deployments made in {time.monotonic() - begun:.0f} s")
    print_pages(server, directory, numbers)
    make_database(server, directory, "storage")
    storage.print_storage(server.url_of("storage"), server.url_of("large"), deployments, directory)
    print_ingest(server, directory, deployments)
    print_retention(server, directory, deployments)


def print_pages(server: Server, directory: Path, numbers: dict[str, int]) -> None:
    """Measure each page and each answer of the API, with both databases in turn."""
    print("\n### Pages and API\n\nMedians; times in ms. Blocks: blocks of 8 kB that all statements of an answer read.")
    print("Database: time of these statements. Whole: everything except the web server. First: database time with")
    print("1,000,000 deployments before the typical times of open deployments are cached.\n")
    columns = [f"{part}, {number:,}" for part in ("blocks", "database", "whole") for number in numbers.values()]
    print(f"| answer | statements | {' | '.join(columns)} | first |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    apps = {name: make_app(server.url_of(name), directory) for name in numbers}
    for index, title in enumerate(list_paths(SMALL)):
        requests: dict[str, list[tuple[list[Note], float]]] = {name: [] for name in apps}
        for app in apps.values():
            app.extensions.pop(TypicalTimesCache.__name__, None)
        for _ in range(REQUESTS):
            for name, app in apps.items():
                requests[name].append(request_page(app, list(list_paths(numbers[name]).values())[index]))
        print_answer(title, apps, requests)
    for app in apps.values():
        close(app)


def print_answer(title: str, apps: dict[str, Flask], requests: dict[str, list[tuple[list[Note], float]]]) -> None:
    """Print the row of an answer; `requests` has the statements and the seconds of each request, by database."""
    blocks = [count_all_blocks(app, requests[name][-1][0]) for name, app in apps.items()]
    database = [statistics.median(sum(note.took_s for note in notes) for notes, _ in requests[name]) for name in apps]
    whole = [statistics.median(took_s for _, took_s in requests[name]) for name in apps]
    first = sum(note.took_s for note in requests["large"][0][0])
    times = " | ".join(f"{took_s * 1000:.1f}" for took_s in (*database, *whole, first))
    print(
        f"| {title} | {len(requests['large'][-1][0])} | {' | '.join(f'{n:,}' for n in blocks)} | {times} |", flush=True
    )


def count_all_blocks(app: Flask, notes: list[Note]) -> int:
    """Return the number of blocks that these statements read."""
    with app.app_context():
        return sum(count_blocks(db.engine, note) for note in notes)


def list_paths(number: int) -> dict[str, str]:
    """Return the paths to request by their description, for a database with that many deployments."""
    middle = number // 2
    run, searches = 10_000_000 + middle, "/deployments?q="
    api, large, usual = "/api/deployments", "bench-000", "bench-006"
    shown = {
        "overview, 300 projects": "/",
        "project with a fifth of all deployments": f"/projects/{large}",
        "another project": f"/projects/{usual}",
    }
    found = {
        "history": "/deployments", "search: a common word": f"{searches}main", "search: a run": f"{searches}{run}",
        "search: no match": f"{searches}nothing-like-it", "search: a message": f"{searches}修复 cache of order 7",
        "failed of a project": f"/deployments?project={usual}&state=failed",
        "a branch": "/deployments?branch=feature/17", "a state without matches": "/deployments?state=cancelled",
        "running deployments": "/deployments?state=running",
    }  # fmt: skip
    one = {"30 before the newest": number - 30, "one in the middle": middle, "an old one": number // 10}
    answers = {
        "API: projects": "/api/projects", "API: a project": f"/api/projects/{large}", "API: deployments": api,
        "API: 200 deployments": f"{api}?limit=200", "API: one": f"{api}/{middle}",
        "API: a run": f"/api/cicd/runs/{run}", "API: events": f"{api}/{number - 5}/events?since=0",
        "API: deliveries": "/api/deliveries", "API: deliveries, no match": "/api/deliveries?q=nothing-like-it",
    }  # fmt: skip
    return {**shown, **found, **{f"deployment: {name}": f"/deployments/{key}" for name, key in one.items()}, **answers}


def request_page(app: Flask, path: str) -> tuple[list[Note], float]:
    """Request a page; return the statements that were run, and the seconds that it took."""
    with app.app_context():
        engine = db.engine
    with note_statements(engine) as notes:
        begun = time.perf_counter()
        answer = app.test_client().get(path, headers={"Authorization": f"Bearer {SECRET}"})
        took_s = time.perf_counter() - begun
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}")
    return notes, took_s


def print_ingest(server: Server, directory: Path, deployments: int) -> None:
    """Post to a dashboard on each database in turn; the small one is copied anew each time."""
    results: dict[str, list[IngestResult]] = {"small": [], "large": []}
    for round_ in range(ROUNDS):
        copy = f"small_{round_}"
        execute(server.url, f"CREATE DATABASE {copy} TEMPLATE small")
        for name, database in (("small", copy), ("large", "large")):
            with run_all(server.url_of(database), directory) as dashboard:
                load(dashboard, f"warm-{round_}", WARM_UP_S)
                results[name].append(measure_ingest(server, dashboard, f"ingest-{round_}"))
            print_progress(f"{name}: {results[name][-1].load.per_s:.0f} deliveries/s")
        execute(server.url, f"DROP DATABASE {copy}")
    print(f"\n### Ingest\n\n{CLIENTS} connections, distinct keys, medians of {ROUNDS} rounds of {SECONDS} s.\n")
    print("| deployments | deliveries/s | spread | p99, ms | CPU time, µs |\n|--:|--:|--:|--:|--:|")
    for name, number in (("small", SMALL), ("large", deployments)):
        cpu_s = statistics.median(run.cpu_s for run in results[name])
        print(f"| {number:,} | {make_cells([run.load for run in results[name]])} | {cpu_s * 1e6:.0f} |")
    pairs = list(zip(results["small"], results["large"], strict=True))
    rates = [large.load.per_s / small.load.per_s for small, large in pairs]
    times = [small.cpu_s / large.cpu_s for small, large in pairs]
    spread = f"{min(rates):.2f} to {max(rates):.2f}"
    print(f"\nRate relative to {SMALL:,} deployments: {statistics.median(rates):.2f} ({spread});")
    print(f"by CPU time of dashboard and database: {statistics.median(times):.2f}", end="")
    print(f" ({min(times):.2f} to {max(times):.2f}), which other programs affect less.")
    bars.print_bar("history/ingest", statistics.median(rates))


class IngestResult(NamedTuple):
    """The result of a round: the load, and the CPU time of dashboard and database per delivery."""

    load: Load
    cpu_s: float


def measure_ingest(server: Server, dashboard: DashboardServer, tag: str) -> IngestResult:
    """Post for the length of a round, and return the result."""
    assert dashboard.process is not None
    pids = (server.postmaster.pid, dashboard.process.pid)
    before = sum(map(read_cpu_s, pids))
    posted = load(dashboard, tag, SECONDS)
    return IngestResult(posted, (sum(map(read_cpu_s, pids)) - before) / posted.requests)


def print_retention(server: Server, directory: Path, deployments: int) -> None:
    """Post, in turn with and without another process that deletes the older half of all deployments."""
    loads: dict[str, list[Load]] = {"quiet": [], "deleting": []}
    rates = []
    with run_all(server.url_of("large"), directory) as dashboard:
        load(dashboard, "warm", WARM_UP_S)
        for round_ in range(ROUNDS):
            loads["quiet"].append(load(dashboard, f"quiet-{round_}", SECONDS))
            rate, deleting = delete_beside(
                server.url_of("large"),
                directory,
                deployments,
                functools.partial(load, dashboard, f"deleting-{round_}", SECONDS),
            )
            loads["deleting"].append(deleting)
            rates.append(rate)
            print_progress(
                f"deleting {rate:.0f} deployments/s: {deleting.per_s:.0f} deliveries/s, p99 {deleting.p99_ms:.0f} ms"
            )
    print("\n### Retention\n")
    print(f"The same load, quiet and while another process deletes the older half; {len(rates)} rounds.\n")
    print("| | deliveries/s | spread | p99, ms |\n|---|--:|--:|--:|")
    for name, rounds in loads.items():
        print(f"| {name} | {make_cells(rounds)} |")
    print(f"\nDeleted in the meantime: {statistics.median(rates):.0f} deployments/s, each with a job and 10 steps.")


def delete_beside(database_url: str, directory: Path, deployments: int, act: Callable[[], Load]) -> tuple[float, Load]:
    """Call `act` while another process deletes; return the deleted deployments per second, and the result of `act`."""
    counting = f"SELECT count(*) FROM deployments WHERE id <= {deployments}"
    deleting = multiprocessing.get_context("spawn").Process(target=delete_half, args=(database_url, directory))
    before, begun = execute(database_url, counting), time.monotonic()
    deleting.start()
    try:
        result = act()
    finally:
        deleting.terminate()
        deleting.join()
    took_s = time.monotonic() - begun
    return (before[0][0] - execute(database_url, counting)[0][0]) / took_s, result


def delete_half(database_url: str, directory: Path) -> None:
    """Delete the older half of the history, as the hourly task does."""
    app = make_app(database_url, directory)
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], deployments_days=DAYS // 2)
    with app.app_context():
        delete_old_deployments(db.engine, current_settings(), datetime.now(UTC))


def load(dashboard: DashboardServer, tag: str, seconds: int) -> Load:
    """Post summaries of new deployments."""
    return post(dashboard.port, f"{tag}-{time.time():.0f}", CLIENTS, seconds, hot=False)


def make_cells(loads: Sequence[Load]) -> str:
    """Return the cells of a row: median rate, its spread, median p99."""
    rates = [load.per_s for load in loads]
    median = statistics.median(rates)
    return (
        f"{median:,.0f} | {(max(rates) - min(rates)) / median:.0%} | {statistics.median(t.p99_ms for t in loads):.0f}"
    )


def make_database(server: Server, directory: Path, name: str) -> None:
    """Make a database with the dashboard's tables, all of them empty."""
    execute(server.url, f"CREATE DATABASE {name}")
    environ = DashboardServer(server.url_of(name), directory).environ
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    subprocess.run(command, cwd=REPOSITORY, env=environ, check=True)


def make_app(database_url: str, directory: Path) -> Flask:
    """Return the application in this process."""
    environ = {"DATABASE_URL": database_url, "DASHBOARD_DATA_DIR": str(directory), "DASHBOARD_WEBHOOK_SECRET": SECRET}
    return create_app(load_settings(environ))


def close(app: Flask) -> None:
    """Release the application's connections."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def execute(database_url: str, statement: str) -> list[tuple[int, ...]]:
    """Run a statement outside of a transaction; return its rows."""
    connection = psycopg2.connect(database_url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def print_progress(line: str) -> None:
    """Print progress on stderr."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

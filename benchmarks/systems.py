"""The systems that the ingest benchmark compares: the dashboard and its references, one under load at a time."""

import contextlib
import http.client
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from benchmarks import same_rows
from benchmarks.load import DISTINCT_KEYS, HOT_KEYS, PREPARING_S, post, run_once, run_pgbench
from benchmarks.payloads import LAST_STAGE, make_payload
from benchmarks.processes import read_cpu_s
from benchmarks.servers import Program, run_reference, run_web
from dashboard.cli.postgres.cluster import ADMINISTRATOR
from dashboard.cli.postgres.server import Server
from tests.support.servers import SECRET, wait_until
from tests.support.temporary_dashboard import run_postgres

DASHBOARD, DASHBOARD_2 = "dashboard, 1 worker", "dashboard, 2 workers"
BARE, BARE_2 = "bare route, 1 worker", "bare route, 2 workers"
PGBENCH, ANNOUNCED = "pgbench, the same rows", "pgbench, rows and NOTIFY"
NAIVE = "naive endpoint, 1 worker"
DIRECT = "dashboard without batches"

CALM_S, CALM_CPU_S = 0.2, 0.02
"""All processes are idle once together they use less CPU time than CALM_CPU_S within CALM_S."""
CALM_WITHIN_S = 120
SIZE_TOLERANCE = 0.02


class Sample(NamedTuple):
    """The result of one measurement."""

    per_s: float
    p50_ms: float
    p99_ms: float
    web_cpu_ms: float | None
    """The CPU time of the web workers per request; None if there are none."""
    database_cpu_ms: float
    """The CPU time of PostgreSQL's processes per request."""


class Systems:
    """The running programs, and pgbench's scripts by system and by whether keys are hot."""

    def __init__(self, database: Server, programs: dict[str, Program]) -> None:
        self.database, self.programs = database, programs
        self.scripts: dict[tuple[str, bool], str] = {}

    def write_scripts(self) -> None:
        """Make pgbench's scripts from real deliveries, and check that pgbench writes rows of the same size."""
        with contextlib.closing(psycopg2.connect(self.database.url)) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(same_rows.INSERT_PROJECTS)
            for hot in (False, True):
                real, expected = self.find_typical(cursor, hot=hot)
                runs = HOT_KEYS if hot else DISTINCT_KEYS
                for name in (PGBENCH, ANNOUNCED):
                    script = same_rows.write_script(cursor, real, runs=runs, announces=name == ANNOUNCED)
                    self.scripts[name, hot] = script
                run_once(self.database, self.scripts[PGBENCH, hot])
                check_sizes(expected, same_rows.measure_rows(cursor, same_rows.read_transaction(cursor)))

    def find_typical(self, cursor: Cursor, *, hot: bool) -> tuple[str, dict[str, tuple[int, int]]]:
        """Return the transaction of a typical delivery and its rows: one that does not write its project's row."""
        stages = list(range(LAST_STAGE // 2)) if hot else [LAST_STAGE]
        for run in range(20):
            for stage in stages:
                post_once(self.programs[DASHBOARD].port, stage, f"sample-{'ab'[hot]}-{run:08}")
            real = same_rows.read_transaction(cursor)
            expected = same_rows.measure_rows(cursor, real)
            if "projects" not in expected:
                return real, expected
        raise RuntimeError("every delivery writes the row of its project")

    def measure(self, system: str, tag: str, clients: int, seconds: int, warm_s: int, *, hot: bool) -> Sample:
        """Measure one system under load, after all processes are idle and PostgreSQL has written its checkpoint."""
        program = self.programs.get(system)
        if program:
            post(program.port, f"{tag}w", clients, warm_s, hot=hot)
        self.settle()
        before = self.read_cpu(program)
        if program:
            load, counted_s = post(program.port, tag, clients, seconds, hot=hot), seconds
        else:
            load = run_pgbench(self.database, self.scripts[system, hot], clients, seconds)
            counted_s = seconds + PREPARING_S
        web, database = (now - then for now, then in zip(self.read_cpu(program), before, strict=True))
        requests = load.per_s * counted_s
        web_ms = web / requests * 1000 if program else None
        return Sample(load.per_s, load.p50_ms, load.p99_ms, web_ms, database / requests * 1000)

    def read_cpu(self, program: Program | None) -> tuple[float, float]:
        """Return the CPU time in seconds of a program's processes and of PostgreSQL's, so far."""
        return (read_cpu_s(program.pid) if program else 0.0, read_cpu_s(self.database.postmaster.pid))

    def settle(self) -> None:
        """Let PostgreSQL write a checkpoint, and wait until all processes are idle."""
        with contextlib.closing(psycopg2.connect(self.database.postmaster.url_of(ADMINISTRATOR, "postgres"))) as admin:
            admin.autocommit = True
            admin.cursor().execute("CHECKPOINT")
        pids = [self.database.postmaster.pid, *(program.pid for program in self.programs.values())]

        def is_calm() -> bool:
            before = sum(map(read_cpu_s, pids))
            time.sleep(CALM_S)
            return sum(map(read_cpu_s, pids)) - before <= CALM_CPU_S

        wait_until(is_calm, CALM_WITHIN_S, "rest")


@contextmanager
def run_systems(directory: Path) -> Iterator[Systems]:
    """Run all of them on one database."""
    with ExitStack() as stack:
        database = stack.enter_context(run_postgres(directory))
        settings = {
            "DATABASE_URL": database.url.replace("postgresql://", "postgresql+psycopg2://"),
            "DASHBOARD_WEBHOOK_SECRET": SECRET,
        }
        programs = {
            DASHBOARD: run_web(database.url, directory, 1),
            DASHBOARD_2: run_web(database.url, directory, 2),
            DIRECT: run_web(database.url, directory, 1, "benchmarks.direct:app"),
            BARE: run_reference("benchmarks.bare:app"),
            BARE_2: run_reference("benchmarks.bare:app", workers=2),
            NAIVE: run_reference("benchmarks.naive:app", settings=settings),
        }
        systems = Systems(database, {name: stack.enter_context(program) for name, program in programs.items()})
        systems.write_scripts()
        yield systems


def post_once(port: int, stage: int, run_id: str) -> None:
    """Post one delivery as `deliveries.lua` does."""
    payload = make_payload(stage, "bench-001", run_id, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
    headers["Idempotency-Key"] = f"{run_id}{stage:02}"
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("POST", "/api/webhook/deployment", json.dumps(payload), headers)
    if (status := connection.getresponse().status) != http.client.OK:
        raise RuntimeError(f"a delivery was answered {status}")
    connection.close()


def check_sizes(real: dict[str, tuple[int, int]], written: dict[str, tuple[int, int]]) -> None:
    """Raise RuntimeError unless pgbench wrote as many rows of the same size into each table."""
    for table, (rows, size) in real.items():
        count, total = written.get(table, (0, 0))
        if count != rows or abs(total - size) > SIZE_TOLERANCE * size:
            raise RuntimeError(f"{table}: a delivery writes {rows} rows of {size} bytes, pgbench {count} of {total}")

"""Ingested deliveries per second, each answered after its commit.

`python -m benchmarks.ingest` prints a section of the report, and its progress on stderr. README.md explains the
references, and why the comparison is fair.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.bars import print_bar
from benchmarks.machine import measure_fsync_ms, measure_loop_ms
from benchmarks.systems import (
    ANNOUNCED,
    BARE,
    BARE_2,
    DASHBOARD,
    DASHBOARD_2,
    DIRECT,
    NAIVE,
    PGBENCH,
    Sample,
    run_systems,
)

BAR_CLIENTS = 64
HEADINGS = (
    "c", "what", "requests/s", "spread", "p50 ms", "p99 ms", "CPU ms web", "CPU ms PostgreSQL",
    "vs bare", "vs pgbench", "vs naive",
)  # fmt: skip


class Cell(NamedTuple):
    """One measurement: a system, with a number of connections and a kind of keys."""

    clients: int
    system: str
    hot: bool = False


Results = dict[Cell, list[Sample]]


def main() -> None:
    """Measure, and print the section."""
    options = read_options()
    results: Results = {cell: [] for cell in list_cells(options.clients)}
    loops: list[float] = []
    fsyncs: list[float] = []
    with tempfile.TemporaryDirectory() as directory, run_systems(Path(directory)) as systems:
        for number in range(options.rounds):
            loops.append(measure_loop_ms())
            fsyncs.append(measure_fsync_ms(Path(directory)))
            for place, (cell, samples) in enumerate(results.items()):
                print(f"round {number + 1}/{options.rounds}, {place + 1}/{len(results)}: {cell}", file=sys.stderr)
                tag = f"{number:02}-{place:02}"
                length = (options.seconds, options.warm)
                samples.append(systems.measure(cell.system, tag, cell.clients, *length, hot=cell.hot))
    print(f"## Ingest\n\n{options.rounds} rounds of {options.seconds} s each; medians; spread is (max - min) / median.")
    print(f"A fixed CPU loop took {show_spread(loops)}, an fsync {show_spread(fsyncs)}.")
    print_table(results, hot=False)
    print_table(results, hot=True)
    print_bars(results)


def read_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement")
    parser.add_argument("--warm", type=int, default=1, help="seconds before each that do not count")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16, 64, 256])
    parser.add_argument("--quick", action="store_true", help="a trial: 1 round of 2 s each, c = 1, 16, 64")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.clients = 1, 2, [1, 16, 64]
    return options


def list_cells(client_counts: Sequence[int]) -> Iterator[Cell]:
    """Return the measurements of a round in order: those that are compared are close together in time."""
    for clients in client_counts:
        lone = [DIRECT] if clients == 1 else []
        distinct = (BARE, DASHBOARD, *lone, PGBENCH, ANNOUNCED, NAIVE, DASHBOARD_2, BARE_2)
        yield from (Cell(clients, system) for system in distinct)
        yield from (Cell(clients, system, hot=True) for system in (DASHBOARD, PGBENCH, NAIVE, DASHBOARD_2))


def print_table(results: Results, *, hot: bool) -> None:
    """Print the table for distinct or for hot keys."""
    print("\n### " + ("Hot keys: 16 deployments, reported step by step" if hot else "Distinct keys: new deployments"))
    print(f"\n| {' | '.join(HEADINGS)} |\n|--:|---|{'--:|' * (len(HEADINGS) - 2)}")
    for cell, samples in results.items():
        if cell.hot == hot:
            print(f"| {' | '.join(make_row(results, cell, samples))} |")


def make_row(results: Results, cell: Cell, samples: Sequence[Sample]) -> Iterator[str]:
    """Return the cells of a row."""
    rates = [sample.per_s for sample in samples]
    yield from (str(cell.clients), cell.system, f"{statistics.median(rates):,.0f}", f"{find_spread(rates):.0%}")
    yield from (f"{find_median(samples, field):,.1f}" for field in ("p50_ms", "p99_ms"))
    yield "" if samples[0].web_cpu_ms is None else f"{find_median(samples, 'web_cpu_ms'):.2f}"
    yield f"{find_median(samples, 'database_cpu_ms'):.2f}"
    bare = BARE_2 if cell.system == DASHBOARD_2 else BARE
    references = (Cell(cell.clients, bare), cell._replace(system=PGBENCH), cell._replace(system=NAIVE))
    is_ours = cell.system in {DASHBOARD, DASHBOARD_2, DIRECT}
    yield from (f"{compare(results, cell, reference):.2f}" if is_ours else "" for reference in references)


def print_bars(results: Results) -> None:
    """Print the values of the bars."""
    ours = Cell(BAR_CLIENTS, DASHBOARD)
    if ours in results:
        for name, reference in (("bare", BARE), ("pgbench", PGBENCH), ("naive", NAIVE)):
            print_bar(f"ingest/{name}", compare(results, ours, ours._replace(system=reference)))
        print_bar("ingest/p99", find_median(results[ours], "p99_ms"))
        print_bar("ingest/workers", compare(results, ours._replace(system=DASHBOARD_2), ours))
    lone = ours._replace(clients=1)
    if lone in results:
        print_bar("ingest/lone", find_ratio(results[lone], results[lone._replace(system=DIRECT)], "p50_ms"))


def compare(results: Results, cell: Cell, reference: Cell) -> float:
    """Return the rate of a cell divided by that of the reference, see find_ratio."""
    return find_ratio(results[cell], results[reference], "per_s")


def find_ratio(samples: Sequence[Sample], others: Sequence[Sample], field: str) -> float:
    """Return the median of each round's ratio: within a round the machine's speed changes less."""
    pairs = zip(samples, others, strict=True)
    return float(statistics.median(getattr(sample, field) / getattr(other, field) for sample, other in pairs))


def find_median(samples: Sequence[Sample], field: str) -> float:
    """Return the median of a field of the samples."""
    return float(statistics.median(getattr(sample, field) for sample in samples))


def find_spread(values: Sequence[float]) -> float:
    """Return the spread of values, (max - min) / median."""
    return (max(values) - min(values)) / statistics.median(values)


def show_spread(values: Sequence[float]) -> str:
    """Return median and spread of milliseconds as a text."""
    return f"{statistics.median(values):.2f} ms (spread {find_spread(values):.0%})"


if __name__ == "__main__":
    main()

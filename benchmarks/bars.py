"""The bars: what the benchmarks must show, and how a section of the report tells what it measured.

A section prints a comment for each of its bars; `report.py` finds them in the Markdown.
"""

import operator
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

COMMENT = re.compile(r"^<!-- bar: (\S+) = (\S+) -->$", re.MULTILINE)


class Bar(NamedTuple):
    """What is measured, and the value that must be reached."""

    text: str
    bound: float
    aim: float | None = None
    at_most: bool = False
    unit: str = "×"

    def is_met(self, value: float) -> bool:
        """Tell whether a value is on the right side."""
        compare: Callable[[float, float], bool] = operator.le if self.at_most else operator.ge
        return compare(value, self.bound)


BARS = {
    "ingest/bare": Bar("ingest, 1 worker, c = 64, distinct keys: of the bare Flask route", 0.5, 0.7),
    "ingest/pgbench": Bar("… of pgbench writing the same rows, a transaction for each delivery", 0.6, 1),
    "ingest/naive": Bar("… of the naive endpoint", 20, 40),
    "ingest/p99": Bar("… p99", 50, at_most=True, unit="ms"),
    "ingest/workers": Bar("2 workers, of one", 1.4, 1.8),
    "ingest/lone": Bar("a lone request (c = 1, p50) no slower than without batches, within 5 %", 1.05, at_most=True),
    "fanout/stock": Bar("fan-out at 1,000 viewers, of stock emit", 5),
    "fanout/p99": Bar("p99 from POST to receipt, 1,000 viewers, 200 reports/s", 150, at_most=True, unit="ms"),
    "fanout/memory": Bar("memory of an idle viewer", 80, at_most=True, unit="kB"),
    "fanout/viewers": Bar("viewers at once on one live process, all served", 10_000, unit=""),
    "history/ingest": Bar("ingest with 1,000,000 deployments, of that with 1,000", 0.9),
}


def tell(name: str, value: float) -> None:
    """Print what was measured for a bar."""
    assert name in BARS, name
    print(f"<!-- bar: {name} = {value:.4g} -->")


def read(section: str) -> Iterator[tuple[str, float]]:
    """Return the names and values that a section tells."""
    return ((name, float(value)) for name, value in COMMENT.findall(section))


def make_table(measured: dict[str, float]) -> list[str]:
    """Return the lines of a table of all bars; what was not measured is shown as that."""
    lines = ["| what | bar | aim | measured | |", "|---|--:|--:|--:|---|"]
    for name, bar in BARS.items():
        sign, value = "≤" if bar.at_most else "≥", measured.get(name)
        aim = "" if bar.aim is None else f"{bar.aim:g} {bar.unit}"
        shown = "not measured" if value is None else f"{value:.4g} {bar.unit}"
        verdict = "" if value is None else "met" if bar.is_met(value) else "**missed**"
        lines.append(f"| {bar.text} | {sign} {bar.bound:,g} {bar.unit} | {aim} | {shown} | {verdict} |")
    return lines

"""The bars: the values that the benchmarks must reach, and the comments in which sections state measured values.

A section prints a comment for each of its bars; `report.py` reads the comments from the Markdown.
"""

import operator
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

COMMENT = re.compile(r"^<!-- bar: (\S+) = (\S+) -->$", re.MULTILINE)


class Bar(NamedTuple):
    """A measured quantity, and the value that it must reach."""

    text: str
    bound: float
    aim: float | None = None
    at_most: bool = False
    unit: str = "×"

    def is_met(self, value: float) -> bool:
        """Return whether a value reaches the bar."""
        compare: Callable[[float, float], bool] = operator.le if self.at_most else operator.ge
        return compare(value, self.bound)


BARS = {
    "ingest/bare": Bar("ingest, 1 worker, c = 64, distinct keys, relative to the bare Flask route", 0.5, 0.7),
    "ingest/pgbench": Bar("… relative to pgbench writing the same rows, one transaction per delivery", 0.6, 1),
    "ingest/naive": Bar("… relative to the naive endpoint", 20, 40),
    "ingest/p99": Bar("… p99", 50, at_most=True, unit="ms"),
    "ingest/workers": Bar("2 workers, relative to one", 1.4, 1.8),
    "ingest/lone": Bar("a lone request (c = 1), p50 relative to the dashboard without batches", 1.05, at_most=True),
    "fanout/stock": Bar("fan-out at 1,000 viewers, relative to stock emit", 5),
    "fanout/p99": Bar("p99 from POST to receipt, 1,000 viewers, 200 reports/s", 150, at_most=True, unit="ms"),
    "fanout/memory": Bar("memory of an idle viewer", 80, at_most=True, unit="kB"),
    "fanout/viewers": Bar("concurrent viewers of one live process, all served", 10_000, unit=""),
    "history/ingest": Bar("ingest with 1,000,000 deployments, relative to 1,000", 0.9),
}


def print_bar(name: str, value: float) -> None:
    """Print the measured value of a bar."""
    assert name in BARS, name
    print(f"<!-- bar: {name} = {value:.4g} -->")


def read_values(section: str) -> Iterator[tuple[str, float]]:
    """Return the names and values of the bars in a section."""
    return ((name, float(value)) for name, value in COMMENT.findall(section))


def make_table(measured: dict[str, float]) -> list[str]:
    """Return the lines of a Markdown table of all bars; a bar without a value is shown as not measured."""
    lines = ["| what | bar | aim | measured | |", "|---|--:|--:|--:|---|"]
    for name, bar in BARS.items():
        sign, value = "≤" if bar.at_most else "≥", measured.get(name)
        aim = "" if bar.aim is None else f"{bar.aim:g} {bar.unit}"
        shown = "not measured" if value is None else f"{value:.4g} {bar.unit}"
        verdict = "" if value is None else "met" if bar.is_met(value) else "**missed**"
        lines.append(f"| {bar.text} | {sign} {bar.bound:,g} {bar.unit} | {aim} | {shown} | {verdict} |")
    return lines

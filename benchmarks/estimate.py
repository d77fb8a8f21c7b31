"""How far off the estimate of the time left is, against a plain mean of whole deployments.

`python -m benchmarks.estimate` prints a section of the report: of invented histories in several shapes
(`tests/core/histories.py`), asked at the start of each run and of each step, the mean absolute error of both, and how
many runs had ended before the stated median and p90.
"""

import random
import statistics

from dashboard.core.estimate import count_ms
from tests.core.histories import SHAPES, START, Moment, Run, summarise, watch_run

TRIALS, RUNS = 500, 50


def main() -> None:
    """Measure, and print the section."""
    print(f"## Estimate of the time left\n\n{TRIALS} runs per shape, each after {RUNS} others; errors in seconds.\n")
    print("| shape | mean of wholes | estimate | better by | ended before median | before p90 |")
    print("|---|--:|--:|--:|--:|--:|")
    for shape, make_run in SHAPES.items():
        choose = random.Random(shape)
        plain, ours, median, p90 = [], [], [], []
        for _ in range(TRIALS):
            history, run = [make_run(choose) for _ in range(RUNS)], make_run(choose)
            for moment in watch_run(summarise(history), run):
                plain.append(abs(tell_plain_end(history, moment) - moment.total_s))
                ours.append(abs(count_seconds(moment.ends.median_ms) - moment.total_s))
                median.append(moment.total_s <= count_seconds(moment.ends.median_ms))
                p90.append(moment.total_s <= count_seconds(moment.ends.p90_ms))
        mean, own = statistics.fmean(plain), statistics.fmean(ours)
        ended = f"{statistics.fmean(median):.0%} | {statistics.fmean(p90):.0%}"
        print(f"| {shape} | {mean:.1f} | {own:.1f} | {1 - own / mean:.0%} | {ended} |")


def tell_plain_end(history: list[Run], moment: Moment) -> float:
    """Return when a mean of whole runs says that this one ends: not before the moment at which it is asked."""
    return max(statistics.fmean(sum(run.values()) for run in history), moment.since_start_s)


def count_seconds(moment_ms: int) -> float:
    """Return seconds since the start of a run."""
    return (moment_ms - count_ms(START)) / 1000


if __name__ == "__main__":
    main()

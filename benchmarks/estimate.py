"""How far off the estimate of the time left is, against a plain mean of whole deployments.

Invented histories of several shapes (`tests/core/histories.py`); asked at the start of each run and of each step.
Printed: the mean absolute error in seconds of both, and how many runs had ended before the stated median and p90.
"""

import random
import statistics

from dashboard.core.estimate import count_ms
from tests.core.histories import SHAPES, START, Moment, Run, summarise, watch_run

TRIALS, RUNS = 500, 50


def main() -> None:
    """Measure, and print a table."""
    print(f"{TRIALS} runs per shape, each after {RUNS} others; mean absolute error of the end, in seconds")
    print(f"{'':15}{'mean of wholes':>15}{'estimate':>10}{'better by':>10}{'before median':>15}{'before p90':>12}")
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
        print(
            f"{shape:15}{mean:15.1f}{own:10.1f}{1 - own / mean:10.0%}"
            f"{statistics.fmean(median):15.0%}{statistics.fmean(p90):12.0%}"
        )


def tell_plain_end(history: list[Run], moment: Moment) -> float:
    """Return when a mean of whole runs says that this one ends: not before the moment at which it is asked."""
    return max(statistics.fmean(sum(run.values()) for run in history), moment.since_start_s)


def count_seconds(moment_ms: int) -> float:
    """Return seconds since the start of a run."""
    return (moment_ms - count_ms(START)) / 1000


if __name__ == "__main__":
    main()

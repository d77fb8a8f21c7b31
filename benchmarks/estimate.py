"""The error of the estimate of the time left, compared with the mean duration of earlier deployments.

`python -m benchmarks.estimate` prints a section of the report. For generated histories in several shapes
(`tests/support/histories.py`) both are computed at the start of each run and of each step. Shown are the mean absolute
error of each, and the share of runs that ended before the estimated median and p90.
"""

import random
import statistics

from dashboard.core.estimate import count_ms
from tests.support.histories import SHAPES, START, Moment, Run, summarise, watch_run

TRIALS, RUNS = 500, 50


def main() -> None:
    """Measure, and print the section."""
    print("## Estimate of the time left\n")
    print(f"{TRIALS} runs per shape, each after {RUNS} earlier runs; mean errors in seconds.\n")
    print("| shape | mean duration | estimate | better by | ended before median | before p90 |")
    print("|---|--:|--:|--:|--:|--:|")
    for shape, make_run in SHAPES.items():
        choose = random.Random(shape)
        plain, ours, median, p90 = [], [], [], []
        for _ in range(TRIALS):
            history, run = [make_run(choose) for _ in range(RUNS)], make_run(choose)
            for moment in watch_run(summarise(history), run):
                plain.append(abs(compute_plain_end(history, moment) - moment.total_s))
                ours.append(abs(count_seconds(moment.ends.median_ms) - moment.total_s))
                median.append(moment.total_s <= count_seconds(moment.ends.median_ms))
                p90.append(moment.total_s <= count_seconds(moment.ends.p90_ms))
        mean, own = statistics.fmean(plain), statistics.fmean(ours)
        ended = f"{statistics.fmean(median):.0%} | {statistics.fmean(p90):.0%}"
        print(f"| {shape} | {mean:.1f} | {own:.1f} | {1 - own / mean:.0%} | {ended} |")


def compute_plain_end(history: list[Run], moment: Moment) -> float:
    """Return the end in seconds that the mean duration of earlier runs predicts; never before the moment itself."""
    return max(statistics.fmean(sum(run.values()) for run in history), moment.since_start_s)


def count_seconds(moment_ms: int) -> float:
    """Return the seconds from the start of a run to a moment."""
    return (moment_ms - count_ms(START)) / 1000


if __name__ == "__main__":
    main()

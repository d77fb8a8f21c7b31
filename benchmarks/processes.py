"""CPU time and memory of a program's processes, from `/proc`."""

import os
from pathlib import Path

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
UTIME, CSTIME = 11, 14
"""The positions in /proc/<pid>/stat after the name: user and system time, and those of children that have ended."""


def list_children(pid: int) -> list[int]:
    """Return the ids of the living child processes of a process."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def read_cpu_s(pid: int) -> float:
    """Return the CPU time of a process and of all children that it ever had, in seconds."""
    ticks = sum(_read_ticks(pid)[:4]) + sum(sum(_read_ticks(child)[:2]) for child in list_children(pid))
    return ticks / TICKS_A_SECOND


def _read_ticks(pid: int) -> list[int]:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return [0]  # ended a moment ago
    return [int(word) for word in stat.rpartition(")")[2].split()[UTIME : CSTIME + 1]]


def read_memory_mb(pid: int) -> float:
    """Return the memory of a process and its children in MB; memory that they share counts once."""
    return sum(map(_read_share_mb, [pid, *list_children(pid)]))


def _read_share_mb(pid: int) -> float:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # ended a moment ago
    return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1000

"""The machine that the figures were measured on: `python -m benchmarks.machine` prints a section of the report."""

import importlib.metadata
import os
import platform
import re
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from dashboard.cli.postgres.accounts import choose_account
from dashboard.cli.postgres.cluster import find_binaries
from tests.support.servers import REPOSITORY

FSYNCS, BLOCK = 200, 8192
LOOPS = 2_000_000


def main() -> None:
    """Print the section."""
    with tempfile.TemporaryDirectory() as directory:
        fsync_ms = measure_fsync_ms(Path(directory))
        postgres = find_binaries(Path(directory), choose_account(Path(directory))) / "postgres"
        version = subprocess.run([postgres, "-V"], check=True, capture_output=True, text=True).stdout
    facts = {
        "processor": f"{os.cpu_count()} × {read_field('/proc/cpuinfo', 'model name')}",
        "memory": f"{int(read_field('/proc/meminfo', 'MemTotal').split()[0]) / 2**20:.1f} GiB",
        "kernel": platform.release(),
        f"fsync of {BLOCK // 1024} KiB, median of {FSYNCS}": f"{fsync_ms:.2f} ms",
        f"a loop of {LOOPS:,} additions in Python": f"{measure_loop_ms():.0f} ms",
        "Python": platform.python_version(),
        "PostgreSQL": version.split(")")[-1].strip(),
        "packages": ", ".join(list_packages()),
    }
    print("## Machine\n\n| | |\n|---|---|")
    for name, value in facts.items():
        print(f"| {name} | {value} |")


def read_field(path: str, name: str) -> str:
    """Return the value of a field in a file of `/proc`, "unknown" if there is none."""
    found = re.search(rf"^{name}\s*:\s*(.*)$", Path(path).read_text(), re.MULTILINE)
    return found[1] if found else "unknown"


def list_packages() -> list[str]:
    """Return the packages that the dashboard requires, with their installed versions."""
    asked = re.findall(r"^[a-z0-9-]+", (REPOSITORY / "requirements/base.in").read_text(), re.MULTILINE)
    return [f"{name} {importlib.metadata.version(name)}" for name in asked]


def measure_fsync_ms(directory: Path) -> float:
    """Return the median time in milliseconds to write a block and sync it to the disk."""
    times = []
    with (directory / "fsync").open("wb", buffering=0) as file:
        for _ in range(FSYNCS):
            file.seek(0)
            file.write(os.urandom(BLOCK))
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1000


def measure_loop_ms() -> float:
    """Return the time in milliseconds of a fixed loop of computation: it varies only with the load of the machine."""
    begun, total = time.perf_counter(), 0
    for number in range(LOOPS):
        total += number
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main()

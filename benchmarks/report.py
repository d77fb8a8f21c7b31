"""`make bench`: runs every benchmark and writes their sections into RESULTS.md, with the bars at the top.

A section is a separate program that prints Markdown, with comments for `bars.read_values`. If one fails, it is shown as
failed; the others run, and then the whole fails.
"""

import argparse
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import bars
from tests.support.servers import REPOSITORY

SECTIONS = ("machine", "ingest", "fanout", "history", "pages", "estimate")
TRIALS = {"ingest": ["--quick"], "fanout": ["--quick"], "history": ["--deployments", "20000"]}
RESULTS = Path(__file__).with_name("RESULTS.md")
INTRODUCTION = """\
Written by `make bench`; [README.md](README.md) describes what is measured, and how. Load and servers share one machine:
compare the ratios within a run rather than the absolute figures.
"""


def main() -> None:
    """Run the sections, and write the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("--only", choices=SECTIONS, nargs="+", default=SECTIONS, help="run no other sections")
    parser.add_argument("--quick", action="store_true", help="short trials, whose figures mean nothing")
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    subprocess.run(["scripts/install-bench-tools.sh"], cwd=REPOSITORY, check=True)
    begun = time.monotonic()
    sections = {name: run_section(name, quick=options.quick) for name in options.only}
    options.output.write_text(write_report([text or f"## {name}\n\nFailed." for name, text in sections.items()]))
    print(f"{options.output}, after {(time.monotonic() - begun) / 60:.0f} minutes", file=sys.stderr)
    if failed := [name for name, text in sections.items() if text is None]:
        sys.exit(f"failed: {', '.join(failed)}")


def run_section(name: str, *, quick: bool) -> str | None:
    """Return the output of a section, None if it failed."""
    print(f"--- {name}", file=sys.stderr)
    command = [sys.executable, "-m", f"benchmarks.{name}", *(TRIALS.get(name, []) if quick else [])]
    run = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=False)
    return None if run.returncode else run.stdout


def write_report(sections: list[str]) -> str:
    """Return the whole report."""
    measured = {name: value for section in sections for name, value in bars.read_values(section)}
    about = f"{datetime.now(UTC):%Y-%m-%d}, commit {read_commit()}."
    top = ["# Results\n", INTRODUCTION, about, "\n## The bars\n", *bars.make_table(measured)]
    return "\n".join([*top, *(f"\n{section.strip()}" for section in sections), ""])


def read_commit() -> str:
    """Return the commit that is checked out, marked if there are uncommitted changes."""
    describe = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(describe, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()

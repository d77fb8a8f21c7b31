"""Fills a database with a large past: `python -m benchmarks.generate DATABASE_URL --deployments 1000000`."""

import argparse
import sys
import time

from tests.support.large_past import fill


def main() -> None:
    """Fill the database that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database_url")
    parser.add_argument("--deployments", type=int, default=1_000_000)
    arguments = parser.parse_args()
    begun = time.monotonic()
    fill(arguments.database_url, arguments.deployments)
    print(f"{arguments.deployments} deployments in {time.monotonic() - begun:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()

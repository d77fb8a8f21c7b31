"""Posts real bodies of every sender to a dashboard and writes the verdicts into docs/senders.md: `make senders`.

tests/support/bodies/real.py selects and posts the bodies, verdict_table.py there makes the table.
"""

import sys

from tests.support.bodies.corpora import CORPORA
from tests.support.bodies.real import list_deliveries, post_all
from tests.support.bodies.verdict_table import DOCUMENT, make_table, replace_table
from tests.support.temporary_dashboard import run_dashboard


def main() -> None:
    """Write the table into the document."""
    if not CORPORA.is_dir():
        sys.exit(f"{CORPORA} does not exist: set CORPORA to the folder with the bodies")
    with run_dashboard() as server:
        answers = post_all(server, list_deliveries())
    DOCUMENT.write_text(replace_table(DOCUMENT.read_text(encoding="utf-8"), make_table(answers)), encoding="utf-8")


if __name__ == "__main__":
    main()

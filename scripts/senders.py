"""Posts real bodies of every sender to a dashboard and writes the verdicts into docs/senders.md: `make senders`.

tests/support/bodies/real.py selects and posts the bodies; tests/webhooks/test_real_bodies.py checks the table.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.support.bodies.corpora import CORPORA
from tests.support.bodies.real import Answer, list_deliveries, post_all
from tests.support.temporary_dashboard import run_dashboard

DOCUMENT = Path(__file__).parent.parent / "docs" / "senders.md"
BEGIN = "<!-- Begin: written by `make senders`. -->"
END = "<!-- End: written by `make senders`. -->"
COLUMNS = ("sender", "event", "bodies", "applied", "ignored", "failed", "why ignored")
GITHUB_EVENTS = (
    "workflow_run", "workflow_job", "deployment", "deployment_status", "check_run", "check_suite", "status", "ping",
)  # fmt: skip
"""GitHub's events that have a row of their own; all others share one."""
Row = tuple[str, ...]


def main() -> None:
    """Write the table into the document."""
    if not CORPORA.is_dir():
        sys.exit(f"{CORPORA} does not exist: set CORPORA to the folder with the bodies")
    with run_dashboard() as server:
        answers = post_all(server, list_deliveries())
    DOCUMENT.write_text(replace_table(DOCUMENT.read_text(encoding="utf-8"), make_table(answers)), encoding="utf-8")


def replace_table(document: str, table: str) -> str:
    """Return the document with this table between the two comments; raise ValueError if one of them is missing."""
    before, _, rest = document.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"the document must contain the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def make_table(answers: Sequence[Answer]) -> str:
    """Return the Markdown table, a row per event: in the order of the answers, GitHub's in that of GITHUB_EVENTS."""
    groups: dict[tuple[str, str], list[Answer]] = {("GitHub", event): [] for event in GITHUB_EVENTS}
    others: list[Answer] = []
    for answer in answers:
        key = (answer.delivery.sender, answer.delivery.event)
        is_other = key[0] == "GitHub" and key not in groups
        (others if is_other else groups.setdefault(key, [])).append(answer)
    rows = [make_row(*key, group, list_reasons(group)) for key, group in groups.items()]
    rows.insert(len(GITHUB_EVENTS), sum_up(others))
    return "\n".join(map(write_line, [COLUMNS, ("---",) * len(COLUMNS), *rows]))


def write_line(row: Row) -> str:
    """Return a line of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def sum_up(others: Sequence[Answer]) -> Row:
    """Return the row that GitHub's other events share."""
    number = len({answer.delivery.event for answer in others})
    return make_row("GitHub", f"{number} other events", others, "code, issue, settings, user and other events")


def make_row(sender: str, event: str, answers: Sequence[Answer], why: str) -> Row:
    """Return the row with the verdicts of these deliveries; one neither applied nor ignored counts as failed."""
    verdicts = Counter(answer.verdict for answer in answers)
    applied, ignored = verdicts["applied"], verdicts["ignored"]
    counts = (len(answers), applied, ignored, len(answers) - applied - ignored)
    return (sender, event, *map(str, counts), why if ignored else "")


def list_reasons(answers: Iterable[Answer]) -> str:
    """Return the reasons why deliveries were ignored, each one once."""
    reasons = dict.fromkeys(str(answer.said["reason"]) for answer in answers if answer.verdict == "ignored")
    return "; ".join(reasons)


if __name__ == "__main__":
    main()

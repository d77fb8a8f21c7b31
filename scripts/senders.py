"""Posts real bodies of every sender to a dashboard; writes what became of them into docs/senders.md: `make senders`.

Which bodies, and how they are posted, tests/webhooks/real_bodies.py says; the test beside it holds the table to this.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.servers import run_dashboard
from tests.webhooks.dialects.corpora import CORPORA
from tests.webhooks.real_bodies import Answer, list_deliveries, post_all

DOCUMENT = Path(__file__).parent.parent / "docs" / "senders.md"
BEGIN = "<!-- What `make senders` writes begins here. -->"
END = "<!-- What `make senders` writes ends here. -->"
COLUMNS = ("sender", "event", "bodies", "applied", "ignored", "failed", "why ignored")
GITHUB_EVENTS = (
    "workflow_run", "workflow_job", "deployment", "deployment_status", "check_run", "check_suite", "status", "ping",
)  # fmt: skip
"""What gets a row of its own; the others of GitHub's share one."""
Row = tuple[str, ...]


def main() -> None:
    """Write the table anew."""
    if not CORPORA.is_dir():
        sys.exit(f"no corpora in {CORPORA}: let CORPORA name the folder that has them")
    with run_dashboard() as server:
        answers = post_all(server, list_deliveries())
    DOCUMENT.write_text(replace_table(DOCUMENT.read_text(encoding="utf-8"), make_table(answers)), encoding="utf-8")


def replace_table(document: str, table: str) -> str:
    """Return the document with this table between the two comments."""
    before, _, rest = document.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"the document lacks a line {BEGIN} or {END}")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def make_table(answers: Sequence[Answer]) -> str:
    """Return the table in Markdown: a row for each event, in the order of the answers, GitHub's in that of the list."""
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
    """Return a line of a table in Markdown."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def sum_up(others: Sequence[Answer]) -> Row:
    """Return the row of those of GitHub's events that have none of their own."""
    number = len({answer.delivery.event for answer in others})
    return make_row("GitHub", f"{number} other events", others, "code, issue, settings, user and other events")


def make_row(sender: str, event: str, answers: Sequence[Answer], why: str) -> Row:
    """Return what became of these deliveries; whatever is neither applied nor ignored counts as failed."""
    verdicts = Counter(answer.verdict for answer in answers)
    applied, ignored = verdicts["applied"], verdicts["ignored"]
    counts = (len(answers), applied, ignored, len(answers) - applied - ignored)
    return (sender, event, *map(str, counts), why if ignored else "")


def list_reasons(answers: Iterable[Answer]) -> str:
    """Return why deliveries were ignored, each reason once."""
    reasons = dict.fromkeys(str(answer.said["reason"]) for answer in answers if answer.verdict == "ignored")
    return "; ".join(reasons)


if __name__ == "__main__":
    main()

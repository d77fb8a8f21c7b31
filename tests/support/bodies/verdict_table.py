"""The table in docs/senders.md: what became of the real bodies of every sender.

For the script that writes it and for the test that it is up to date.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.support.bodies.real import Answer
from tests.support.servers import REPOSITORY

DOCUMENT = REPOSITORY / "docs" / "senders.md"
BEGIN = "<!-- Begin: written by `make senders`. -->"
END = "<!-- End: written by `make senders`. -->"
COLUMNS = ("sender", "event", "bodies", "applied", "ignored", "failed", "why ignored")
GITHUB_EVENTS = (
    "workflow_run", "workflow_job", "deployment", "deployment_status", "check_run", "check_suite", "status", "ping",
)  # fmt: skip
"""GitHub's events that have a row of their own; all others share one."""
Row = tuple[str, ...]


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
    reasons = dict.fromkeys(str(answer.receipt["reason"]) for answer in answers if answer.verdict == "ignored")
    return "; ".join(reasons)
